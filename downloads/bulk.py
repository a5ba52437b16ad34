"""One action over many downloads: a selection, or all that match a filter."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from downloads.models.category import Category
from downloads.models.download import Download
from downloads.validators import MAX_TAGS
from jobsite.jobs.models.job import Job

AT_ONCE = 50  # for as long as a transaction lasts, the engine cannot write on SQLite
ALL = 10_000
LONGEST_NAME = 60


@dataclass(frozen=True)
class Values:
    """The values that some of the actions need."""

    category: Category | None = None
    tags: Sequence[str] = ()
    with_data: bool = False


Act = Callable[[Sequence[Download], Values], Collection[Any]]
ActOnOne = Callable[[Download, Values], bool]


@dataclass(frozen=True)
class Action:
    """An action on some downloads, which returns the keys of those that allowed it."""

    act: Act
    done: str
    backwards: bool = False
    """Whether the last in the queue is first dealt with, so that the order stays."""
    at_once: int = AT_ONCE


@dataclass
class Outcome:
    """The numbers of downloads that were meant and that allowed the action."""

    done: str
    meant: int = 0
    changed: int = 0
    left: list[Download] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """A sentence with the numbers."""
        what = "download" if self.meant == 1 else "downloads"
        text = f"{self.changed:,} of {self.meant:,} {what} {self.done}."
        if not self.left:
            return text
        left = [(job.name[:LONGEST_NAME], job.shown_state) for job in self.left[:3]]
        names = ", ".join(f"“{name}” ({state})" for name, state in left)
        more = f" and {len(self.left) - 3:,} more" if len(self.left) > 3 else ""
        return f"{text} Left as they are, for their state does not allow it: {names}{more}."


def _each(act: ActOnOne) -> Act:
    return lambda jobs, values: {job.pk for job in jobs if act(job, values)}


def _always(act: Callable[[Download, Values], None]) -> Act:
    def acted(job: Download, values: Values) -> bool:
        act(job, values)
        return True

    return _each(acted)


def _retry(jobs: Sequence[Download], values: Values) -> Collection[Any]:
    return Download.objects.filter(pk__in=[job.pk for job in jobs]).retry(jobs[0].owner)


def _add_tags(job: Download, values: Values) -> bool:
    tags = list(dict.fromkeys([*job.tags, *values.tags]))
    if len(tags) > MAX_TAGS:
        return False
    job.change({"tags": tags})
    return True


def _remove_tags(job: Download, values: Values) -> None:
    job.change({"tags": [tag for tag in job.tags if tag not in values.tags]})


def _move(to: str) -> Act:
    return _each(lambda job, values: job.move(to))


ACTIONS: dict[str, Action] = {
    "pause": Action(_each(lambda job, values: job.pause()), "paused"),
    "resume": Action(_each(lambda job, values: job.resume()), "resumed"),
    "force": Action(_each(lambda job, values: job.force()), "started past the queue"),
    "cancel": Action(_each(lambda job, values: Job.cancel(job)), "cancelled"),
    "retry": Action(_retry, "queued again", at_once=ALL),
    "recheck": Action(_each(lambda job, values: job.check_again()), "are checked anew"),
    "reannounce": Action(_each(lambda job, values: job.announce()), "ask for peers now"),
    "seed": Action(_each(lambda job, values: job.start_seeding()), "are uploaded"),
    "first": Action(_move("first"), "moved to the head of the queue", backwards=True),
    "up": Action(_move("up"), "moved up in the queue"),
    "down": Action(_move("down"), "moved down in the queue", backwards=True),
    "last": Action(_move("last"), "moved to the end of the queue"),
    "category": Action(
        _always(lambda job, values: job.change({"category": values.category})), "sorted anew"
    ),
    "tag": Action(_each(_add_tags), "tagged"),
    "untag": Action(_always(_remove_tags), "untagged"),
    "delete": Action(
        _always(lambda job, values: job.request_delete(with_data=values.with_data)), "deleted"
    ),
}


def carry_out(name: str, jobs: Iterable[Any], values: Values) -> Outcome:
    """Act on each download that allows it. Raises OverAllowance."""
    action = ACTIONS[name]
    ordered = sorted(jobs, key=lambda job: job.queue_order, reverse=action.backwards)
    outcome = Outcome(action.done, meant=len(ordered))
    for start in range(0, len(ordered), action.at_once):
        part = ordered[start : start + action.at_once]
        # One transaction for many: each of its own would wait for the disk.
        with transaction.atomic():
            changed = action.act(part, values)
        outcome.changed += len(changed)
        outcome.left += [job for job in part if job.pk not in changed]
    return outcome
