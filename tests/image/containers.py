"""The image, without a container engine: its steps in a bare Debian, then what comes of them.

`make image-test` runs this as root; not run are the engine itself, the compose files and a VPN.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import psutil
import pytest

from jobsite.version import VERSION
from tests.support.dockerfile import Stage, build
from tests.support.ports import free_port
from tests.support.running_site import ROOT
from tests.support.waiting import PATIENCE, wait_until

pytestmark = [pytest.mark.timeout(3600)]
BASE = ROOT / "build" / "image" / "base"
SUITE = "trixie"
MOST_MB = 1200


@pytest.fixture(scope="session")
def image(tmp_path_factory) -> Stage:
    """The last stage of the Dockerfile."""
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        pytest.skip("needs root and debootstrap")
    if not (BASE / "etc" / "debian_version").exists():
        BASE.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, str(BASE)], check=True)
    shutil.copy("/etc/resolv.conf", BASE / "etc" / "resolv.conf")
    place = tmp_path_factory.mktemp("image")
    yield build(ROOT, BASE, place)
    shutil.rmtree(place, ignore_errors=True)


class Container:
    """A running image on a volume."""

    def __init__(self, image: Stage, volume: Path, user: str, **environment: str) -> None:
        self.image, self.volume, self.user = image, volume, user
        self.environment = {
            "JOBSITE_BIND": f"0.0.0.0:{free_port()}",
            "DOWNLOAD_LISTEN": "127.0.0.1:0",
            "DOWNLOAD_DHT": "0",
            **environment,
        }
        self.log = volume.with_suffix(".log")
        words = [*image.words["ENTRYPOINT"], *image.words["CMD"]]
        self.process = image.popen(
            *words, log=self.log, user=user, volume=volume, **self.environment
        )

    def exec(self, *words: str) -> subprocess.CompletedProcess:
        """As docker exec: beside it, as the user that it was started as."""
        line = self.image.start(*words, user=self.user, volume=self.volume, **self.environment)
        return subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE)

    def is_healthy(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return self.exec(*self.image.words["HEALTHCHECK"]).returncode == 0

    def first(self) -> psutil.Process:
        """Process 1 of the container."""
        (child,) = psutil.Process(self.process.pid).children()
        return child

    def stop(self) -> int:
        """As docker stop: the stop signal for process 1 alone."""
        assert self.image.words["STOPSIGNAL"] == ["SIGTERM"]
        self.first().terminate()
        return self.process.wait(PATIENCE)


@pytest.mark.parametrize(
    ("user", "environment", "owner"),
    [
        ("0:0", {"PUID": "12345", "PGID": "12346", "UMASK": "002"}, (12345, 12346)),
        ("54321:54321", {}, (54321, 54321)),
    ],
    ids=["as root with PUID", "as any user"],
)
def test_a_container_works_for_its_user_and_stops_well(
    image, tmp_path, user, environment, owner
) -> None:
    volume = tmp_path / "volume"
    shutil.copytree(image.root / "data", volume)
    container = Container(image, volume, user, **environment)
    try:
        wait_until(container.is_healthy, every=1)
        assert container.first().uids().effective == owner[0]
        table = volume / "t.csv"
        table.write_text("x,y\n" + "".join(f"{n % 7},{n % 2}\n" for n in range(60)))
        words = ("train", "/data/t.csv", "--target", "y", "--algorithms", "baseline", "linear")
        done = container.exec("jobsite", *words, "--time-limit", "30", "--wait", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout)["status"] == "succeeded"
        assert "http://" in container.exec("jobsite", "signin", "admin").stdout
    finally:
        status = container.stop()
    assert (status, container.log.read_text().strip().splitlines()[-1]) == (0, "Stopped.")
    made = [path for path in volume.rglob("*") if path != volume / "t.csv"]
    assert {(path.lstat().st_uid, path.lstat().st_gid) for path in made} == {owner}
    if "UMASK" in environment:
        assert (volume / "downloads").stat().st_mode & 0o777 == 0o775
    finished = volume / "downloads" / "film.mkv"
    finished.write_bytes(b"frames")
    os.link(finished, volume / "linked.mkv")  # as Sonarr does: one volume, no copy


def test_another_user_is_told_whose_files_they_are(image, tmp_path) -> None:
    volume = tmp_path / "volume"
    shutil.copytree(image.root / "data", volume)
    for user in ("12345", "12346"):
        line = image.start("jobsite", "check", volume=volume, PUID=user)
        done = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert "belongs to 12345 (user id 12345), and this is 12346" in done.stderr


def test_the_image_holds_the_package_and_no_tools_to_build_it(image) -> None:
    assert image.run("jobsite", "--version") == f"jobsite {VERSION}\n"
    assert not (image.root / "src").exists()
    assert not (image.root / "opt/jobsite/bin/pip").exists()
    assert image.run("pg_dump", "--version").startswith("pg_dump (PostgreSQL) 17")
    size = subprocess.run(["du", "-sm", str(image.root)], capture_output=True, text=True)
    assert int(size.stdout.split()[0]) < MOST_MB
