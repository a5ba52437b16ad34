"""What the code must never do, read from its syntax; and what the deployment check says."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django_q.models import OrmQ

from jobsite.jobs import queue
from jobsite.jobs.queue import broker
from tests.support.running_site import ROOT
from tests.support.waiting import PATIENCE

OURS = [
    path
    for folder in ("jobsite", "training", "downloads")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
# Each of these runs code that its input names.
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "yaml", "jsonpickle"}
CALLS = {"eval", "exec", "__import__", "read_pickle", "to_pickle", "joblib.load", "joblib.dump"}
FLAGS = {"shell=True", "allow_pickle=True"}
ALLOWED = {
    # Scratch files of one job, written and read by its own processes and never served or sent.
    "training/modelling/scratch.py": {"joblib.load", "joblib.dump"},
}


def used(node: ast.AST) -> set[str]:
    """The modules, functions and flags that a piece of syntax names."""
    match node:
        case ast.Import(names=names):
            return {alias.name.split(".")[0] for alias in names}
        case ast.ImportFrom(module=str(module), names=names):
            return {module.split(".")[0]} | {f"{module}.{alias.name}" for alias in names}
        case ast.Call(func=ast.Name(id=name), keywords=keywords):
            found = {name}
        case ast.Call(func=ast.Attribute(attr=name, value=owner), keywords=keywords):
            found = {f"{ast.unparse(owner)}.{name}"}
            found |= {name} if name.endswith("_pickle") else set()
        case _:
            return set()
    return found | {f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in keywords}


def dangers(code: str) -> set[str]:
    """Everything in a file that could unpickle, evaluate or reach a shell."""
    everything = set().union(*(used(node) for node in ast.walk(ast.parse(code))))
    return everything & (MODULES | CALLS | FLAGS)


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_unpickled_evaluated_or_given_to_a_shell(path: Path):
    allowed = ALLOWED.get(path.relative_to(ROOT).as_posix(), set())
    assert dangers(path.read_text()) - allowed == set()


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "from joblib import load",
        "eval(x)",
        "pandas.read_pickle(f)",
        "np.load(f, allow_pickle=True)",
        "subprocess.run(x, shell=True)",
    ],
)
def test_the_search_finds_what_it_is_for(code):
    assert len(dangers(code)) == 1


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_but_the_templates_decides_what_is_safe_html(path: Path):
    """`mark_safe` stands with constants only; text of people goes through `format_html`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if used(node) & {"mark_safe", "SafeString"} and isinstance(node, ast.Call):
            assert all(isinstance(arg, ast.Constant) for arg in node.args), node.lineno


@pytest.mark.django_db
def test_what_somebody_wrote_into_the_queue_is_not_unpickled():
    OrmQ.objects.create(
        key="drill", payload="gASVHAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu"
    )
    queue.wake("drill")
    assert set(OrmQ.objects.order_by("pk").values_list("payload", flat=True)[1:]) == {""}
    taking = broker.WakeUpBroker("drill")
    taking.list_key = "drill"
    payloads = [taking.take()[0][1] for _ in range(2)]
    for payload in payloads:
        task = broker.SignedPackage.loads(payload)
        assert (task["func"], task["args"]) == ("jobsite.jobs.execution.worker.work", ())


def test_the_tables_of_django_q_are_not_in_the_admin_panel():
    registered = {model._meta.app_label for model in admin.site._registry}
    assert "django_q" not in registered


def manage(tmp_path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "JOBSITE_DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_what_is_set_up_behind_https_passes_the_deployment_check(tmp_path):
    address = {"JOBSITE_BASE_URL": "https://jobs.example.org"}
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **address)
    assert done.returncode == 0, done.stderr


def test_behind_https_browsers_are_sent_there_and_told_to_stay(tmp_path):
    code = (
        "from django.test import Client; c = Client(headers={'host': 'jobs.example.org'});"
        "plain = c.get('/accounts/login/', REMOTE_ADDR='8.8.8.8');"
        "print(plain.status_code, plain.headers['Location']);"
        "sure = c.get('/accounts/login/', headers={'X-Forwarded-Proto': 'https'});"
        "print(sure.status_code, sure.headers['Strict-Transport-Security']);"
        "print(c.get('/health/live', REMOTE_ADDR='8.8.8.8').status_code);"
        "print(c.get('/accounts/login/').status_code);"
    )
    environment = {"JOBSITE_BASE_URL": "https://jobs.example.org"}
    manage(tmp_path, "collectstatic", "--noinput", **environment)
    done = manage(tmp_path, "shell", "--no-imports", "-c", code, **environment)
    assert done.stdout.splitlines()[-4:] == [
        "301 https://jobs.example.org/accounts/login/",
        "200 max-age=2592000",
        "200",
        "200",
    ], done.stdout + done.stderr


def test_nothing_secret_can_be_read_by_others(tmp_path):
    manage(tmp_path, "migrate", "--verbosity", "0")
    manage(tmp_path, "backup", str(tmp_path / "b.zip"))
    for name in ("secret_key", "b.zip"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0, name
    for name in ("run", "tmp", "outcomes", "sessions"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0, name


def test_the_first_administrator_has_no_password(db):
    from jobsite.jobs.management.commands.up import first_sign_in

    get_user_model().objects.all().delete()
    assert "/accounts/link/" in first_sign_in()
    assert not get_user_model().objects.get().has_usable_password()
    assert first_sign_in() is None
