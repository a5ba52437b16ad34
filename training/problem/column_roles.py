"""What the columns of a table are for in a training: features, or something else. Light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.problem.problem_type import TargetError, find_target
from training.tables.schema import DATE, NUMBER, Column, shown

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
    """Columns that are no plain features: ignored ones, the groups and the time of the rows."""

    ignore: tuple[str, ...] = ()
    group: str = ""
    time: str = ""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Roles:
        """Return the roles that the options of a table or of a job hold."""
        return cls(
            tuple(options.get("ignore") or ()),
            options.get("group") or "",
            options.get("time") or "",
        )

    def check(self, columns: Sequence[Column], target: str) -> None:
        """Raise a TargetError where a role does not fit its column or the target."""
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
