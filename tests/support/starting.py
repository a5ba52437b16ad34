"""Starts of a site that may be refused."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.support.ports import free_port
from tests.support.running_site import ROOT
from tests.support.waiting import PATIENCE


def up(folder: Path, before: str = "", **environment: str) -> subprocess.Popen:
    """Start a site, with everything that it prints in one stream.

    `before`: a line of shell, which only this start sees the mounts of; it needs root.
    """
    words = [sys.executable, "manage.py", "up"]
    if before:
        words = ["unshare", "--mount", "sh", "-ec", f'{before}\nexec "$@"', "sh", *words]
    return subprocess.Popen(
        words,
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.support.settings",
            "JOBSITE_DATA_DIR": str(folder),
            "JOBSITE_BIND": f"127.0.0.1:{free_port()}",
            "DATABASE_URL": f"sqlite:///{folder / 'jobsite.sqlite3'}",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def refusal(folder: Path, before: str = "", **environment: str) -> str:
    """What a start prints that ends by itself."""
    process = up(folder, before, **environment)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, said
    assert "Traceback" not in said
    assert "jobsite runs at" not in said
    return said


def tables(database: Path) -> list[str]:
    """The names of the tables and indexes of a SQLite file."""
    with sqlite3.connect(database) as rows:
        return [name for (name,) in rows.execute("SELECT name FROM sqlite_master")]
