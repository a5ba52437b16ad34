"""Moving the rows of a site to another database, of another kind perhaps; the files stay."""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections
from django.db.utils import DataError, IntegrityError

TARGET = "target"
# `migrate` makes these itself, under other numbers perhaps.
MADE_ANEW = ("contenttypes.contenttype", "auth.permission")


class CannotMove(Exception):
    """Nothing was changed in the site's database; the text is the reason, as a sentence."""


def move(target: dict[str, Any]) -> int:
    """Copy every row to an empty database and return their number. Raises CannotMove.

    `target` is an entry of DATABASES. The site must not run meanwhile.
    """
    connections.databases[TARGET] = connections.settings[TARGET] = {
        **connections.databases["default"],
        **target,
    }
    connections.configure_settings(connections.databases)
    try:
        if connections[TARGET].introspection.table_names():
            raise CannotMove("The new database is not empty. Name an empty one.")
        return _fill()
    except CommandError as error:
        raise CannotMove(f"A row of the site cannot be copied: {error}") from error
    except (DataError, IntegrityError) as error:
        raise CannotMove(f"The new database does not take a row: {error}") from error
    except DatabaseError as error:
        raise CannotMove(f"The new database does not answer: {error}") from error
    finally:
        connections[TARGET].close()


def _fill() -> int:
    """Make the tables, copy the rows and return their number; nothing stays of a failure."""
    try:
        call_command("migrate", database=TARGET, interactive=False, verbosity=0)
        with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
            file = Path(folder) / "rows.jsonl"
            call_command(
                "dumpdata",
                natural_foreign=True,
                natural_primary=True,
                exclude=MADE_ANEW,
                format="jsonl",
                output=str(file),
                verbosity=0,
            )
            call_command("loaddata", str(file), database=TARGET, verbosity=0)
        return compare()
    except BaseException:
        with suppress(DatabaseError):
            _drop_tables()
        raise


def _drop_tables() -> None:
    """Leave the database as it was found: empty."""
    connection = connections[TARGET]
    names = connection.introspection.table_names()
    with connection.schema_editor() as editor:
        for name in names:
            editor.execute(editor.sql_delete_table % {"table": editor.quote_name(name)})


def compare() -> int:
    """Return the number of rows that were copied. Raises CannotMove if any is missing."""
    total = 0
    for model in apps.get_models():
        if model._meta.label_lower in MADE_ANEW or not model._meta.managed or model._meta.proxy:
            continue
        here = model._base_manager.using("default").count()
        there = model._base_manager.using(TARGET).count()
        if here != there:
            raise CannotMove(
                f"{model._meta.verbose_name}: {here} rows here, but {there} in the new database. "
                "It was emptied again; try once more while nothing writes to either."
            )
        total += here
    return total
