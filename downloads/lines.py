"""The place of a download in the line of its owner."""

from typing import Any

from django.db.models import Max, Min

from jobsite.jobs.status import Status

MOVES = {"up", "down", "first", "last"}
IN_LINE = {Status.QUEUED, Status.RUNNING}


class InLine:
    """Mixed into the model of downloads."""

    @property
    def is_in_line(self: Any) -> bool:
        """Whether it downloads, or waits to."""
        return self.status in IN_LINE

    def move(self: Any, to: str) -> bool:
        """Change its place among its owner's; False where it is not in the queue any more."""
        if not self.is_in_line:
            return False
        line = type(self).objects.line_of(self)
        if to in {"first", "last"}:
            ends = line.aggregate(first=Min("queue_order"), last=Max("queue_order"))
            place = ends["first"] - 1 if to == "first" else ends["last"] + 1
        else:
            around = line.neighbours(self, before=to == "up")
            if not around:
                return True  # it is at that end already
            # Between the next two on that side, or past the only one.
            beyond = around[0] + (-2 if to == "up" else 2)
            place = (around[0] + (around[1] if len(around) > 1 else beyond)) / 2
        self.limit(queue_order=place)
        return True
