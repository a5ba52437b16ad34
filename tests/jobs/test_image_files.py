"""The Dockerfile and the compose files name what exists; `make image-test` runs what they say."""

from pathlib import Path

import pytest
import yaml
from django.conf import settings

from jobsite.jobs.server.tree import STOP_WITHIN
from tests.support.dockerfile import in_context, instructions
from tests.support.running_site import ROOT

COMPOSE = ("compose.yaml", "image/compose.postgresql.yaml", "image/compose.vpn.yaml")
OF_THE_ENTRY_POINT = {"PUID", "PGID", "UMASK"}


def service(file: str) -> dict:
    """What a compose file says of the site, with what it takes from another file."""
    said = yaml.safe_load((ROOT / file).read_text())["services"]["jobsite"]
    if "extends" in said:
        base = service(str(Path(file).parent / said["extends"]["file"]))
        said = base | said | {"environment": base["environment"] | said["environment"]}
    return said


@pytest.mark.parametrize("file", COMPOSE)
def test_a_compose_file_uses_settings_that_exist_and_one_volume(file) -> None:
    said = service(file)
    assert set(said["environment"]) <= settings.VARIABLES | OF_THE_ENTRY_POINT
    assert [volume for volume in said["volumes"] if volume.endswith(":/data")] != []
    assert int(said["stop_grace_period"].removesuffix("s")) > STOP_WITHIN + 5
    assert said["cap_drop"] == ["ALL"]
    assert said["security_opt"] == ["no-new-privileges:true"]


def test_behind_a_vpn_the_site_has_no_network_of_its_own() -> None:
    said = service("image/compose.vpn.yaml")
    assert said["network_mode"] == "service:vpn"
    assert "ports" not in said
    assert said["environment"]["DOWNLOAD_INTERFACE"] == "tun0"
    port = Path(said["environment"]["DOWNLOAD_PORT_FILE"])
    assert f"port:{port.parent}:ro" in said["volumes"]


def test_the_image_is_made_of_what_is_there_and_of_nothing_private() -> None:
    seen = {path.as_posix() for path in in_context(ROOT)}
    assert {"pyproject.toml", "manage.py", "README.md", "LICENSE", "CHANGELOG.md"} <= seen
    tops = {path.split("/")[0] for path in seen}
    assert tops & {"tests", "var", "build", ".git", ".venv", ".env", "benchmarks"} == set()
    for word, rest in instructions((ROOT / "Dockerfile").read_text()):
        if word == "COPY" and "--from" not in rest:
            *sources, _ = rest.split()
            assert set(sources) <= seen | {"."}
        if word == "ENV":
            names = {pair.split("=")[0] for pair in rest.split()}
            own = {name for name in names if name.startswith(("JOBSITE_", "DOWNLOAD_"))}
            assert own <= settings.VARIABLES
