"""The threat model names tests that exist."""

import re

from tests.support.running_site import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_test_that_the_threat_model_names_exists():
    named = NAMED.findall((ROOT / "SECURITY.md").read_text())
    assert len(named) > 40
    for file, name in named:
        assert f"def {name}(" in (ROOT / file).read_text(), f"{file}::{name}"


def test_every_threat_names_a_test():
    rows = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line[:2] == "| "]
    assert len(rows) > 20
    for row in rows[1:]:
        assert NAMED.search(row), row
