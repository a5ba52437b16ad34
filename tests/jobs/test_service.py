"""The systemd unit of an installation: what systemd itself says of it."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command

from jobsite.jobs.server.systemd_unit import Installation, quoted, unit
from tests.support.running_site import ROOT
from tests.support.waiting import PATIENCE

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
MOST_EXPOSED = 2.0  # of 10; the unit that the README had showed 9.2


def site(data: str, *elsewhere: str, command: str = sys.executable) -> Installation:
    return Installation(
        version="1.0",
        command=(command, "/srv/with a blank/manage.py"),
        folder=ROOT,
        user="daemon",
        variables={"JOBSITE_DATA_DIR": data, "JOBSITE_BASE_URL": "https://a.example/100%"},
        data=Path(data),
        elsewhere=tuple(Path(path) for path in elsewhere),
    )


def analyze(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(ANALYZE), *words], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@needs_systemd
@pytest.mark.parametrize("data", ["/srv/jobsite data", "/var/lib/jobsite", "/home/ann/jobsite"])
def test_systemd_finds_nothing_wrong_and_little_exposed(tmp_path, data) -> None:
    file = tmp_path / "jobsite.service"
    file.write_text(unit(site(data, "/srv/library")))
    verified = analyze("verify", "--man=no", str(file))
    ours = [line for line in verified.stderr.splitlines() if "jobsite.service" in line]
    assert ours == []
    judged = analyze(
        "security", "--offline=true", f"--threshold={10 * MOST_EXPOSED:.0f}", str(file)
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.parametrize(
    ("data", "home", "state", "writes"),
    [
        ("/srv/jobsite", "yes", "", "ReadWritePaths=/srv/jobsite /srv/library"),
        ("/home/ann/x", "read-only", "", "ReadWritePaths=/home/ann/x /srv/library"),
        ("/var/lib/jobsite", "yes", "StateDirectory=jobsite", "ReadWritePaths=/srv/library"),
        ("/srv", "yes", "", "ReadWritePaths=/srv"),
    ],
)
def test_a_unit_may_write_the_folders_of_the_site_alone(data, home, state, writes) -> None:
    given = replace(site(data, "/srv/library", command="/opt/python"), folder=Path("/opt"))
    lines = unit(given).splitlines()
    assert {writes, "ProtectSystem=strict", f"ProtectHome={home}"} <= set(lines)
    assert (state in lines) if state else "StateDirectory" not in unit(given)


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("plain", "plain"),
        ("a b", '"a b"'),
        ("100%", "100%%"),
        ('say "x"', '"say \\"x\\""'),
        ("back\\slash", '"back\\\\slash"'),
    ],
)
def test_words_mean_to_systemd_what_they_are(word, written) -> None:
    assert quoted(word) == written


def test_the_command_prints_the_settings_of_its_environment_but_no_secret(
    monkeypatch, capsys
) -> None:
    monkeypatch.setenv("JOBSITE_BASE_URL", "https://jobs.example.org")
    monkeypatch.setenv("JOBSITE_METRICS_KEY", "hush-hush")
    monkeypatch.setenv("DATABASE_URL", "postgres://ann:hush-hush@db/site")
    monkeypatch.setenv("UNRELATED", "of no concern")
    call_command("service", user="ann")
    printed = capsys.readouterr()
    assert "hush" not in printed.out
    assert "UNRELATED" not in printed.out
    lines = printed.out.splitlines()
    assert "User=ann" in lines
    assert "Environment=JOBSITE_BASE_URL=https://jobs.example.org" in lines
    assert f"Environment=JOBSITE_DATA_DIR={os.environ['JOBSITE_DATA_DIR']}" in lines
    assert f"ExecStart={sys.executable} {ROOT}/manage.py up" in lines
    assert {"KillMode=mixed", "KillSignal=SIGTERM", "TimeoutStopSec=30"} <= set(lines)
    for name in ("JOBSITE_METRICS_KEY", "DATABASE_URL"):
        assert f"Put {name} into /etc/jobsite.env" in printed.err
