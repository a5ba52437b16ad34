"""Moving the rows of a site to another database, of another kind perhaps; the files stay."""

import tempfile
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.utils import DataError

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
    except DataError as error:
        raise CannotMove(f"The new database does not take a row: {error}") from error
    except DatabaseError as error:
        raise CannotMove(f"The new database does not answer: {error}") from error
    finally:
        connections[TARGET].close()


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
                f"{model._meta.verbose_name}: {here} rows here, {there} there. The new database "
                "is incomplete: do not use it."
            )
        total += here
    return total
