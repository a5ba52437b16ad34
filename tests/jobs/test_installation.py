"""The package that people install: what its wheel holds, and the site that it runs."""

import json
import os
import signal
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
import zipfile
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from django.conf import settings

from jobsite import installation, version
from jobsite.jobs.processes import die_with_parent
from tests.factories import api_of
from tests.support.ports import free_port
from tests.support.running_site import ROOT
from tests.support.waiting import PATIENCE, wait_until

UV = Path(sys.executable).with_name("uv")
TOP = {"jobsite", "training", "downloads", f"jobsite-{version.VERSION}.dist-info"}


def run(*words: object, **options: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=PATIENCE, **options
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel of this checkout, as `make wheel` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(UV, "build", "--quiet", "--wheel", "--out-dir", folder, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of commands of an environment that holds the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("environment")
    made = run(UV, "venv", "--quiet", "--python", sys.executable, folder / "venv")
    assert made.returncode == 0, made.stderr
    python = folder / "venv" / "bin" / "python"
    words = ("pip", "install", "--quiet", "--python", python, "-c", ROOT / "requirements.txt")
    done = run(UV, *words, wheel)
    assert done.returncode == 0, done.stderr
    return python.parent


@pytest.mark.xdist_group("wheel")
def test_the_wheel_holds_the_site_and_nothing_else(wheel) -> None:
    assert wheel.name == f"jobsite-{version.VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0] for name in names} == TOP
    for folder, place in (("templates", "jobsite/templates"), ("build/static", "jobsite/static")):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        assert len(files) > 50
        for path in files:
            assert f"{place}/{path.relative_to(ROOT / folder).as_posix()}" in names
    for package in ("jobsite", "training", "downloads"):
        for path in (ROOT / package).rglob("*.py"):
            assert path.relative_to(ROOT).as_posix() in names
    assert not [name for name in names if "/tests/" in name or "/var/" in name or ".pyc" in name]
    assert not [name for name in names if name.endswith((".sqlite3", "secret_key"))]


@pytest.mark.tree
@pytest.mark.xdist_group("wheel")
def test_a_site_runs_from_the_wheel_alone(installed, tmp_path) -> None:
    """From an empty environment and folder to a result, as the README begins."""
    port, home = free_port(), tmp_path / "home"
    home.mkdir()
    environment = {
        "PATH": f"{installed}:{os.environ['PATH']}",
        "HOME": str(home),
        "JOBSITE_BIND": f"127.0.0.1:{port}",
        "DOWNLOAD_DHT": "0",
        "DOWNLOAD_LISTEN": "127.0.0.1:0",
    }

    def command(*words: object) -> str:
        done = run(installed / "jobsite", *words, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert command("--version") == f"jobsite {version.VERSION}\n"
    assert not list(home.iterdir()), "asking for the version makes no data folder"
    log = (tmp_path / "up.log").open("w")
    up = subprocess.Popen(
        [str(installed / "jobsite"), "up"],
        cwd=tmp_path,
        env=environment,
        stdout=log,
        stderr=log,
        preexec_fn=die_with_parent,
    )

    def link() -> str:
        said = (tmp_path / "up.log").read_text()
        assert up.poll() is None, said
        return next((word for word in said.split() if "/accounts/link/" in word), "")

    try:
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        page = wait_until(lambda: read(browser, link()))
        assert "csrfmiddlewaretoken" in page
        key = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        dashboard = read(browser, link(), f"csrfmiddlewaretoken={key}".encode())
        assert f"jobsite {version.VERSION}" in dashboard
        sheet = dashboard.split('rel="stylesheet" href="')[1].split('"')[0]
        assert ".site-header" in read(browser, f"http://127.0.0.1:{port}{sheet}")
        table = tmp_path / "t.csv"
        table.write_text("x,y\n" + "".join(f"{n % 7},{n % 2}\n" for n in range(60)))
        words = ("train", table.name, "--target", "y", "--algorithms", "baseline", "linear")
        result = json.loads(command(*words, "--time-limit", "30", "--wait", "--json"))["result"]
        assert {row["algorithm"] for row in result["leaderboard"]} >= {"baseline", "linear"}
    finally:
        up.send_signal(signal.SIGTERM)
        assert up.wait(PATIENCE) == 0
    data = home / ".local" / "share" / "jobsite"
    assert (data / "jobsite.sqlite3").exists()
    assert not [path for path in tmp_path.iterdir() if path.name not in {"home", "up.log", "t.csv"}]


def read(browser: urllib.request.OpenerDirector, url: str, body: bytes | None = None) -> str:
    """The text of a page; empty while nobody answers."""
    try:
        with browser.open(url, body, timeout=PATIENCE) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{url}: {error.code}") from error
    except (OSError, ValueError):
        return ""


def test_each_direct_requirement_of_the_wheel_admits_the_locked_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
    for wanted in project["dependencies"]:
        assert ">=" in wanted, wanted
    lock = (ROOT / "requirements.txt").read_text()
    for name in (wanted.split(">")[0].split("[")[0] for wanted in project["dependencies"]):
        assert f"\n{name}" in f"\n{lock}", name


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"HOME": "/home/ann"}, "/home/ann/.local/share/jobsite"),
        ({"HOME": "/home/ann", "XDG_DATA_HOME": "/data/ann"}, "/data/ann/jobsite"),
        ({"HOME": "/home/ann", "XDG_DATA_HOME": "relative"}, "/home/ann/.local/share/jobsite"),
    ],
)
def test_the_data_of_an_installed_site_lie_in_the_users_folder_for_data(
    monkeypatch, variables, place
) -> None:
    monkeypatch.setattr(installation, "IS_CHECKOUT", False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert installation.default_data_dir() == Path(place)


def test_a_relative_folder_means_the_same_for_every_process(tmp_path) -> None:
    code = (
        "import os; os.environ['JOBSITE_DATA_DIR'] = 'here'; from django.conf import settings;"
        "print(settings.DATA_DIR, os.environ['JOBSITE_DATA_DIR'])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "jobsite.settings"}
    done = run(
        sys.executable, "-c", code, cwd=tmp_path, env={**environment, "PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.split() == [str(tmp_path / "here")] * 2, done.stderr


@pytest.mark.django_db
def test_the_version_is_for_those_who_are_signed_in(client, ann) -> None:
    assert client.get("/api/v1/version/").status_code == 401
    assert f"jobsite {settings.VERSION}" not in client.get("/accounts/login/").content.decode()
    answer = api_of(ann).get("/api/v1/version/")
    assert answer.json() == {"version": version.VERSION}
    client.force_login(ann)
    assert f"jobsite {settings.VERSION}" in client.get("/").content.decode()


def test_the_commands_of_the_site_are_listed_without_those_of_its_libraries() -> None:
    said = run(sys.executable, "manage.py", cwd=ROOT).stdout
    named = {line.split()[0] for line in said.splitlines() if line.startswith("  ")}
    assert {"up", "train", "download", "demo", "signin", "service", "upgrade"} <= named
    assert named & {"housekeeping", "qcluster", "axes_reset", "runserver"} == set()
