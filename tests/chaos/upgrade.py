"""Database and files that an older version made start on this one.

The older version is that of the commit which CHAOS_FROM names, or the last one whose database was
another: the parent of the commit that added the newest migration.
"""

import json
import os
import subprocess
import sys

import pytest

from tests.support.running_site import ROOT, Site
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.tree, pytest.mark.timeout(600)]


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"needs the history of this repository: {done.stderr.strip()}")
    return done.stdout.strip()


def older_commit() -> str:
    newest = git("log", "-1", "--format=%H", "--diff-filter=A", "--", "*/migrations/0*.py")
    return os.environ.get("CHAOS_FROM") or git("rev-parse", f"{newest}^")


@pytest.fixture
def older(tmp_path):
    """The files of the older version."""
    commit, folder = older_commit(), tmp_path / "older"
    git("worktree", "add", "--detach", str(folder), commit)
    (folder / "build").symlink_to(ROOT / "build")
    yield folder
    git("worktree", "remove", "--force", str(folder))


def test_what_an_older_version_made_goes_on(older, tmp_path):
    site = Site(tmp_path)

    def manage(*words: str) -> str:
        """A command of the older version."""
        environment = {**site.settings(), "DJANGO_SETTINGS_MODULE": "jobsite.settings"}
        environment.pop("JOBSITE_WEBHOOK_NETWORKS", None)  # younger than that version
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=older,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{n % 7},{n % 2}\n" for n in range(60)))
    manage("migrate")
    manage("shell", "-c", SUPERUSER)
    train = ["train", str(table), "--target", "y", "--time-limit", "30", "--json"]
    queued = json.loads(manage(*train))["id"]
    manage("download", "a" * 40)
    token = manage("token", "root").split()[-1]
    site.start()
    try:
        result = f"/api/v1/training/{queued}/result/"
        status, found = wait_until(lambda: ended(site.get(result, token)))
        assert status == 200, found
        status, found = site.get("/api/v1/downloads/", token)
        assert (status, found["count"]) == (200, 1)
        assert site.get("/api/v1/datasets/", token)[1]["results"][0]["name"] == "t.csv"
    finally:
        site.stop()


def ended(answer: tuple[int, dict]) -> tuple[int, dict] | None:
    """The answer, unless the job is still at work."""
    return None if answer[0] == 202 else answer


SUPERUSER = (
    "from django.contrib.auth import get_user_model as model; "
    "model().objects.create_superuser('root', password='root-secret-1')"
)
