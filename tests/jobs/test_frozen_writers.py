"""A process that is frozen while it writes to SQLite."""

import contextlib
import sqlite3
import sys

import psutil
import pytest

from jobsite.jobs.recovery.frozen_writers import thaw
from tests.support.frozen_writer import WRITER
from tests.support.waiting import PATIENCE, wait_until


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "some.sqlite3"
    with sqlite3.connect(path) as one:
        one.execute("PRAGMA journal_mode=WAL")
        one.execute("CREATE TABLE t (n)")
    return path


@pytest.fixture
def frozen(database):
    """Starts a process that freezes after its first word to the database."""
    started = []

    def start(word: str) -> psutil.Popen:
        process = psutil.Popen([sys.executable, "-c", WRITER, str(database), word])
        started.append(process)
        wait_until(lambda: process.status() == psutil.STATUS_STOPPED)
        return process

    yield start
    for process in started:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
        process.wait(PATIENCE)


def test_who_holds_up_all_others_goes_on(database, frozen):
    process = frozen("BEGIN IMMEDIATE")
    mine = sqlite3.connect(database, timeout=0, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        mine.execute("INSERT INTO t VALUES (2)")
    thaw(database)
    assert process.wait(PATIENCE) == 0
    mine.execute("INSERT INTO t VALUES (2)")
    assert mine.execute("SELECT n FROM t").fetchall() == [(2,)]
    mine.close()


def test_who_is_frozen_and_holds_up_nobody_stays_as_it_is(database, frozen, tmp_path):
    process = frozen("BEGIN")
    thaw(database)
    thaw(tmp_path / "another.sqlite3")
    with pytest.raises(psutil.TimeoutExpired):
        process.wait(0.5)
    assert process.status() == psutil.STATUS_STOPPED
