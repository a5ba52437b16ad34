"""What the database has of the migrations that this version knows, and what beyond them."""

from dataclasses import dataclass

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


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
    executor = MigrationExecutor(connection)
    loader = executor.loader
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    applied = loader.applied_migrations
    unknown = [
        key
        for key in applied
        if key[0] in loader.migrated_apps and key not in loader.disk_migrations
    ]
    return MigrationState(
        pending=tuple(f"{migration.app_label}.{migration.name}" for migration, _ in plan),
        unknown=tuple(".".join(key) for key in sorted(unknown)),
        is_new=not applied,
    )
