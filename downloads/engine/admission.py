"""Admission: which torrents may download now, limited by a number of slots and by free space."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jobsite.jobs.formats import byte_size


@dataclass(frozen=True)
class Candidate:
    """A torrent that could start. `remaining` is in bytes; a lower `rank` goes first."""

    key: str
    remaining: int
    rank: tuple[float, ...]
    owner: str = ""
    is_forced: bool = False
    """Whether it needs no slot; it still needs space, as the others do."""


@dataclass(frozen=True)
class Busy:
    """A torrent that downloads, with its remaining bytes.

    An `is_extra` one, which is slow or forced, takes no slot.
    """

    remaining: int
    is_extra: bool = False
    owner: str = ""


@dataclass(frozen=True)
class Room:
    """Slots (`places`), free bytes, and the bytes that must stay free (`floor`).

    `owners` holds the bytes that are left to those owners who have a limit.
    """

    places: int
    free: int
    floor: int
    owners: Mapping[str, int] = field(default_factory=dict)


def admit(
    candidates: Iterable[Candidate], busy: Iterable[Busy], room: Room
) -> tuple[list[str], Mapping[str, str]]:
    """Return the keys that start now, and for each of the others the reason why it waits."""
    busy = list(busy)
    places = room.places - sum(not torrent.is_extra for torrent in busy)
    space = room.free - room.floor - sum(torrent.remaining for torrent in busy)
    own = dict(room.owners)
    for torrent in busy:
        if torrent.owner in own:
            own[torrent.owner] -= torrent.remaining
    start: list[str] = []
    reasons: dict[str, str] = {}
    for place, candidate in enumerate(sorted(candidates, key=lambda one: one.rank), start=1):
        left = own.get(candidate.owner, candidate.remaining)
        if candidate.remaining > left:
            reasons[candidate.key] = (
                f"Waiting for {byte_size(candidate.remaining - max(left, 0))} of your own space: "
                "delete what you do not need, or ask an administrator for more."
            )
        elif candidate.remaining > space:
            reasons[candidate.key] = (
                f"Waiting for {byte_size(candidate.remaining - max(space, 0))} more of free space: "
                f"{byte_size(room.floor)} are always kept free."
            )
        elif places <= 0 and not candidate.is_forced:
            reasons[candidate.key] = (
                f"{ordinal(place - len(start))} in the queue: {room.places} download at once."
            )
        else:
            start.append(candidate.key)
            places -= not candidate.is_forced
            space -= candidate.remaining
            if candidate.owner in own:
                own[candidate.owner] = left - candidate.remaining
    return start, reasons


def ordinal(number: int) -> str:
    """Return the English ordinal of a number: 1st, 2nd, 3rd, 4th, 11th, 21st …"""
    last = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{last or 'th'}"
