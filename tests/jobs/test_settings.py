"""Configuration errors are sentences, and the web process stays light."""

import socket
import subprocess
import sys

import pytest

from tests.support.running_site import ROOT
from tests.support.waiting import PATIENCE

HEAVY = [
    "pandas",
    "numpy",
    "sklearn",
    "scipy",
    "matplotlib",
    "skops",
    "skrub",
    "libtorrent",
    "torrentp",
]


def python(*words: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "jobsite.settings", **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("JOBSITE_DATADIR", "x", "Did you mean JOBSITE_DATA_DIR?"),
        ("DOWNLOAD_DHTT", "0", "Did you mean DOWNLOAD_DHT?"),
        ("TRAINING_QUUX", "0", "README.md lists those that exist."),
        ("TRAINING_WORKERS", "many", "it takes a whole number from 1 on"),
        ("TRAINING_WORKERS", "0", "it takes a whole number from 1 on"),
        ("JOBSITE_BASE_URL", "jobs.example.org", "takes the address people type"),
        ("JOBSITE_BIND", "8000", "takes an address and a port"),
        ("JOBSITE_BIND", "localhost:99999", "from 1 to 65535"),
        ("JOBSITE_BIND", ":8000", "takes an address and a port"),
        ("JOBSITE_BIND", "127.0.0.1:", "takes an address and a port"),
        ("JOBSITE_BIND", "127.0.0.1:0", "from 1 to 65535"),
        ("JOBSITE_BIND", "127.0.0.1:eighty", "takes an address and a port"),
        ("JOBSITE_BIND", "http://127.0.0.1:8000", "takes an address and a port"),
        ("JOBSITE_BIND", "::1:8000", "such as 127.0.0.1:8000, 0.0.0.0:8000 or [::1]:8000"),
        ("JOBSITE_BIND", "*:8000", "takes an address and a port"),
        ("DOWNLOAD_ALLOWED_NETWORKS", "127.0.0.1/8", "takes networks such as"),
        ("DOWNLOAD_PROXY", "socks4://a:secret@b:1", "socks5://user:password@host:1080"),
        ("DOWNLOAD_PROXY", "socks5://host", "DOWNLOAD_PROXY cannot be read"),
        ("DOWNLOAD_PROXY", "socks5://host:99999", "DOWNLOAD_PROXY cannot be read"),
        ("DOWNLOAD_ENCRYPTION", "yes", "it takes one of allow, require, off"),
        ("DOWNLOAD_BLOCK_LIST", "/nowhere/list", "which is no file"),
        ("DOWNLOAD_UPLOAD_SLOTS", "0", "it takes a whole number from 1 on"),
        ("JOBSITE_DATA_DIR", "/proc/nowhere", "cannot be used as a folder"),
    ],
)
def test_a_wrong_variable_stops_the_start_with_a_sentence(tmp_path, variable, value, sentence):
    done = python("manage.py", "check", **{"JOBSITE_DATA_DIR": str(tmp_path), variable: value})
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr and "secret" not in done.stderr


@pytest.mark.parametrize(
    ("address", "names_of_machine"), [("", True), ("http://jobs.example.org", False)]
)
def test_listening_everywhere_answers_to_the_names_of_the_machine_unless_there_is_an_address(
    tmp_path, address, names_of_machine
):
    code = "from django.conf import settings; print(*settings.ALLOWED_HOSTS)"
    given = {"JOBSITE_BASE_URL": address} if address else {}
    folder = str(tmp_path)
    done = python("-c", code, JOBSITE_DATA_DIR=folder, JOBSITE_BIND="0.0.0.0:8000", **given)
    assert (socket.gethostname() in done.stdout.split()) == names_of_machine, done.stderr


def test_a_command_before_the_first_start_says_what_is_missing(tmp_path):
    done = python("manage.py", "jobs", JOBSITE_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "start it once: manage.py up" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_may_come_from_a_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("from-a-file-" + "x" * 50)
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    done = python("-c", code, JOBSITE_DATA_DIR=str(tmp_path), JOBSITE_SECRET_KEY_FILE=str(secret))
    assert done.stdout.startswith("from-a-file-"), done.stderr
    assert not (tmp_path / "secret_key").exists()


def test_the_first_start_makes_a_secret_that_only_we_can_read(tmp_path):
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    first = python("-c", code, JOBSITE_DATA_DIR=str(tmp_path)).stdout
    second = python("-c", code, JOBSITE_DATA_DIR=str(tmp_path)).stdout
    assert len(first) > 50
    assert first == second
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_everything_an_address_implies_follows_from_the_base_url(tmp_path):
    code = (
        "from django.conf import settings as s; print(s.ALLOWED_HOSTS[0], s.CSRF_TRUSTED_ORIGINS,"
        " s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.FORCE_SCRIPT_NAME)"
    )
    url = "https://lab.example.org/jobs/"
    done = python("-c", code, JOBSITE_DATA_DIR=str(tmp_path), JOBSITE_BASE_URL=url)
    assert done.stdout.split() == [
        "lab.example.org", "['https://lab.example.org']", "True", "True", "/jobs",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "module", ["jobsite.urls", "jobsite.jobs.execution.worker", "jobsite.jobs.recovery.housekeeper"]
)
def test_web_and_cluster_processes_load_no_heavy_library(tmp_path, module):
    code = (
        f"import sys, django; django.setup(); import {module}; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = python("-c", code, JOBSITE_DATA_DIR=str(tmp_path))
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("url", "host", "name"),
    [
        ("postgres://ann@%2Fvar%2Frun%2Fpostgresql/site", "/var/run/postgresql", "site"),
        ("postgres://ann:p%40ss@db.example.org:5433/site", "db.example.org", "site"),
    ],
)
def test_a_database_is_found_over_a_socket_as_well(tmp_path, url, host, name):
    code = (
        "from django.conf import settings; d = settings.DATABASES['default'];"
        "print(d['HOST'], d['NAME'])"
    )
    done = python("-c", code, JOBSITE_DATA_DIR=str(tmp_path), DATABASE_URL=url)
    assert done.stdout.split() == [host, name], done.stderr


def test_a_reader_that_has_enough_of_a_list_is_no_error(tmp_path):
    python("manage.py", "migrate", JOBSITE_DATA_DIR=str(tmp_path))
    code = (
        "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1);"
        "sys.argv[1:] = ['jobs']; from django.core.management import execute_from_command_line;"
        "execute_from_command_line(['manage.py', 'jobs', '--json'])"
    )
    done = python("-c", code, JOBSITE_DATA_DIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
