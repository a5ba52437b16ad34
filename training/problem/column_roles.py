"""The roles of a table's columns in a training: features, or something else. Light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.problem.problem_type import TargetError, find_target
from training.tables.schema import DATE, KINDS, NUMBER, Column, with_kinds
from training.text import listed, shown

FEATURE, IGNORE, TARGET, GROUP, TIME = "feature", "ignore", "target", "group", "time"
ROLES = (
    (FEATURE, "Feature"),
    (TARGET, "Target"),
    (IGNORE, "Ignored"),
    (GROUP, "Group"),
    (TIME, "Time"),
)


@dataclass(frozen=True, slots=True)
class Roles:
    """Columns that are not plain features: ignored ones, the groups and the time of the rows.

    `use` are those that look like ids and are features because somebody said so.
    """

    ignore: tuple[str, ...] = ()
    group: str = ""
    time: str = ""
    use: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Roles:
        """Return the roles that the options of a table or of a job hold."""
        return cls(
            tuple(options.get("ignore") or ()),
            options.get("group") or "",
            options.get("time") or "",
            tuple(options.get("use") or ()),
        )

    def check(self, columns: Sequence[Column], target: str) -> None:
        """Check the roles against columns and target. Raises TargetError if one does not fit."""
        for name in filter(None, (self.group, self.time)):
            column = find_target(columns, name)
            if name == target:
                raise TargetError(
                    f"“{shown(name)}” is the target, so it cannot be the group or the time as "
                    "well. Choose another column for one of the two."
                )
            if name == self.time and column.kind not in (DATE, NUMBER):
                raise TargetError(
                    f"“{shown(name)}” was chosen as the time of the rows, but it holds "
                    f"{column.kind}. Choose a column of dates or of numbers that grow with time."
                )
        if self.group and self.group == self.time:
            raise TargetError(
                f"“{shown(self.group)}” cannot be the group and the time. Choose one of the two."
            )
        if target in self.ignore:
            raise TargetError(
                f"The target “{shown(target)}” is marked as ignored. Choose another target, or "
                "another role for the column."
            )


NO_ROLES = Roles()


KEYS = {TARGET: "target", GROUP: "group", TIME: "time"}


def roles_of(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the role of each column that has another one than feature."""
    roles = dict.fromkeys(options.get("ignore") or (), IGNORE)
    return roles | {options[key]: role for role, key in KEYS.items() if options.get(key)}


def changed(
    options: Mapping[str, Any],
    found: Sequence[Column],
    changes: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Return the options with changes: by name of the column, `kind` and `role`.

    A role that only one column can have leaves the one that had it. Raises TargetError if there
    is no such column, kind or role, or where they do not fit.
    """
    kinds, roles = dict(options.get("kinds") or {}), roles_of(options)
    used = set(options.get("use") or ())
    for name, change in changes.items():
        column = find_target(found, name)
        _refuse_unknown(name, change)
        if kind := change.get("kind"):
            kinds[name] = kind
            if kind == (column.found or column.kind) and not (column.hints or column.chosen):
                del kinds[name]
        if role := change.get("role"):
            _give(roles, name, role)
            used = used | {name} if role == FEATURE and column.hints else used - {name}
    first = {role: name for name, role in roles.items()}
    merged: dict[str, Any] = {
        "kinds": kinds,
        "ignore": [name for name, role in roles.items() if role == IGNORE],
        **({"use": sorted(used)} if used else {}),
        **{key: first.get(role) for role, key in KEYS.items()},
    }
    Roles.of(merged).check(with_kinds(found, kinds, merged.get("use", ())), merged["target"] or "")
    return merged


def _give(roles: dict[str, str], name: str, role: str) -> None:
    if role in KEYS:
        for holder in [other for other, held in roles.items() if held == role]:
            del roles[holder]
    roles.pop(name, None)
    if role != FEATURE:
        roles[name] = role


def _refuse_unknown(name: str, change: Mapping[str, str]) -> None:
    known = {"kind": KINDS, "role": tuple(role for role, _ in ROLES)}
    for what, value in change.items():
        if what not in known:
            raise TargetError(
                f"“{shown(what)}” of “{shown(name)}” cannot be set; kind and role can."
            )
        if value not in known[what]:
            raise TargetError(
                f"“{shown(str(value))}” is no {what} of a column. Choose one of "
                f"{listed(known[what], 9)} for “{shown(name)}”."
            )
