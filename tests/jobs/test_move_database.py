"""The rows of a site move to another database: to PostgreSQL where a server is at hand.

What fails on the way leaves that database empty, so that it can be named again.
"""

import os
from contextlib import closing
from sqlite3 import connect

import psycopg
import pytest

from tests.support.ports import free_port
from tests.support.running_site import Site
from tests.support.waiting import wait_until

pytestmark = pytest.mark.tree


@pytest.fixture
def target(tmp_path):
    """The address of an empty database."""
    server = os.environ.get("TEST_DATABASE_URL")
    if not server:
        return f"sqlite:///{tmp_path / 'other.sqlite3'}"
    name = f"moved_{free_port()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server.rpartition('/')[0]}/{name}"


class OnSQLite(Site):
    """A tree on SQLite, even where the tests have a server."""

    has_moved = ""

    def database_url(self) -> str:
        return self.has_moved or f"sqlite:///{self.folder / 'data' / 'jobsite.sqlite3'}"


def test_a_site_goes_on_with_its_rows_in_another_database(tmp_path, target):
    site = OnSQLite(tmp_path / "site", has_database=True)
    site.folder.mkdir()
    site.start()
    try:
        token = site.token("admin")
        refused = site.manage("movedatabase", target)
        assert refused.returncode == 1
        assert "Stop it first" in refused.stderr
        table = b"x,y\n" + b"1,2\n3,4\n" * 20
        dataset = site.upload("/api/v1/datasets/", token, "file", {"t.csv": table})
        words = {"dataset": dataset["id"], "target": "y", "algorithms": ["linear"]}
        training = site.call("POST", "/api/v1/training/", token, words)[1]
        site.call("POST", "/api/v1/downloads/", token, {"links": "dd82" * 10})
        channel = {"method": "webhook", "url": "https://example.org/hook"}
        site.call("POST", "/api/v1/notifications/", token, channel)
        assert site.stop() == 0
        with closing(connect(site.folder / "data" / "jobsite.sqlite3")) as rows, rows:
            rows.execute("UPDATE training_dataset SET owner_id = owner_id + 1000")
        broken = site.manage("movedatabase", target)
        assert (broken.returncode, "cannot be copied" in broken.stderr) == (1, True), broken.stderr
        with closing(connect(site.folder / "data" / "jobsite.sqlite3")) as rows, rows:
            rows.execute("UPDATE training_dataset SET owner_id = owner_id - 1000")
        moved = site.manage("movedatabase", target)
        assert moved.returncode == 0, moved.stderr
        assert "rows are copied" in moved.stdout
        assert "not empty" in site.manage("movedatabase", target).stderr
        site.has_moved = target
        site.start()
        ended = ("succeeded", "failed")
        page = f"/api/v1/training/{training['id']}/"
        wait_until(lambda: site.get(page, token)[1]["status"] in ended)
        assert site.get(page, token)[1]["status"] == "succeeded"
        for path in ("datasets", "downloads", "notifications"):
            assert site.get(f"/api/v1/{path}/", token)[1]["count"] == 1, path
    finally:
        site.stop()
