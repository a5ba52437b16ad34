"""A consistent copy of the database while others write, and its restoration.

SQLite: its online backup API, which copies one moment and holds up nobody. PostgreSQL: pg_dump and
pg_restore, which are made for it, keep every type and sequence, and come with the server.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.db import DatabaseError, connection

# Tables of which only the structure is kept: who finds a backup must not find sessions that are
# open, and a copy has hosts of its own.
LEFT_OUT = ("django_session", "jobs_host")


class SnapshotFailed(Exception):
    """The database could not be copied or restored; the text is the reason, as a sentence."""


def take(target: Path) -> None:
    """Write the database as it is at one moment. Raises SnapshotFailed."""
    if connection.vendor == "postgresql":
        left_out = [f"--exclude-table-data={table}" for table in LEFT_OUT]
        form = ("--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        run("pg_dump", *form, *left_out)
        return
    try:
        with (
            closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=20)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            # In WAL mode the copy would want two more files beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
            check(copy)
    except sqlite3.Error as error:
        raise SnapshotFailed(f"The database could not be copied: {error}.") from error


def check(database: sqlite3.Connection) -> None:
    """Check the integrity of a SQLite file. Raises SnapshotFailed."""
    found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise SnapshotFailed(f"The database is damaged ({found}); such a copy is worth nothing.")


def put_back(source: Path) -> None:
    """Restore the snapshot into the site's database, which must be empty. Raises SnapshotFailed."""
    if connection.vendor == "postgresql":
        run("pg_restore", "--single-transaction", "--no-owner", "--no-privileges", str(source))
        return
    try:
        with closing(sqlite3.connect(source)) as database:
            check(database)
    except sqlite3.Error as error:
        raise SnapshotFailed(f"The database in the backup is damaged: {error}.") from error
    target = Path(connection.settings_dict["NAME"])
    connection.close()
    for name in (f"{target}-wal", f"{target}-shm"):
        Path(name).unlink(missing_ok=True)
    source.chmod(0o600)
    # Its folder may be on another file system than the data folder.
    shutil.move(source, target)


def is_empty() -> bool:
    """Return whether the site's database holds no table. Raises SnapshotFailed."""
    try:
        return not connection.introspection.table_names()
    except DatabaseError as error:
        raise SnapshotFailed(f"The database does not answer: {error}") from error
    finally:
        connection.close()


def run(program: str, *words: str) -> None:
    """Run a PostgreSQL program on the site's database, the password in its environment."""
    database = connection.settings_dict
    known = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    secret = {key: str(database[name]) for key, name in known.items() if database.get(name)}
    secret["PGDATABASE"] = str(database["NAME"])
    words = (f"--dbname={database['NAME']}", *words)
    try:
        done = subprocess.run(
            [program, *words], env={**os.environ, **secret}, capture_output=True, text=True
        )
    except FileNotFoundError:
        raise SnapshotFailed(
            f"The program {program} is not installed. It is part of PostgreSQL's client "
            "(on Debian or Ubuntu: apt-get install postgresql-client)."
        ) from None
    if done.returncode:
        raise SnapshotFailed(f"{program} failed: {done.stderr.strip()[-500:]}")
