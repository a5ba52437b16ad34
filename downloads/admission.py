"""Which torrents may download now: so many at once, and only what fits on the disk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jobsite.jobs.templatetags.formats import byte_size

# A torrent that gets nothing for so long leaves its place to another, and goes on beside it.
SLOW_AFTER = 60.0


@dataclass(frozen=True)
class Candidate:
    """A torrent that could start. Lower `rank` goes first."""

    key: str
    remaining: int
    rank: tuple[float, ...]


@dataclass(frozen=True)
class Busy:
    """A torrent that downloads."""

    remaining: int
    is_slow: bool = False


@dataclass(frozen=True)
class Room:
    """Places and bytes."""

    places: int
    free: int
    floor: int


def admit(
    candidates: Iterable[Candidate], busy: Iterable[Busy], room: Room
) -> tuple[list[str], Mapping[str, str]]:
    """The keys that start now, and for each of the others why it waits."""
    busy = list(busy)
    places = room.places - sum(not torrent.is_slow for torrent in busy)
    space = room.free - room.floor - sum(torrent.remaining for torrent in busy)
    start: list[str] = []
    reasons: dict[str, str] = {}
    for place, candidate in enumerate(sorted(candidates, key=lambda one: one.rank), start=1):
        if candidate.remaining > space:
            reasons[candidate.key] = (
                f"Waiting for {byte_size(candidate.remaining - max(space, 0))} more of free space: "
                f"{byte_size(room.floor)} are always kept free."
            )
        elif places <= 0:
            reasons[candidate.key] = (
                f"Waiting in the queue, number {place - len(start)}: "
                f"{room.places} download at once."
            )
        else:
            start.append(candidate.key)
            places -= 1
            space -= candidate.remaining
    return start, reasons
