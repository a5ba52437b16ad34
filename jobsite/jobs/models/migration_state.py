"""What the database has of the migrations that this version knows, and what beyond them."""

from dataclasses import dataclass
from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


@dataclass(frozen=True)
class MigrationState:
    """The difference between the database and this version, as `app.name` of migrations."""

    pending: tuple[str, ...]
    """Those to be applied, in their order."""
    unknown: tuple[str, ...]
    """Those that a newer version has applied."""
    is_new: bool
    """Whether none was applied yet."""


def migration_state() -> MigrationState:
    """Return the state of the database. Raises DatabaseError."""
    known = _known()
    applied = MigrationRecorder(connection).applied_migrations()
    leaves = known.graph.leaf_nodes()
    steps = dict.fromkeys(step for leaf in leaves for step in known.graph.forwards_plan(leaf))
    unknown = (
        key for key in applied if key[0] in known.migrated_apps and key not in known.disk_migrations
    )
    return MigrationState(
        pending=tuple(".".join(step) for step in steps if step not in applied),
        unknown=tuple(".".join(key) for key in sorted(unknown)),
        is_new=not applied,
    )


@cache
def _known() -> MigrationLoader:
    """Return the migrations of this version. They are read once: each page of a dashboard asks."""
    return MigrationLoader(None, ignore_no_migrations=True)
