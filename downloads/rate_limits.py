"""Rates in bytes per second: the tightest of several limits, and one limit shared out fairly."""

from collections.abc import Mapping
from dataclasses import dataclass, field

HOURS_OF_A_WEEK = 7 * 24
LEAST = 1024


@dataclass(frozen=True)
class Speed:
    """Limits per direction; 0 is none."""

    down: int = 0
    up: int = 0


UNLIMITED = Speed()


@dataclass(frozen=True)
class Speeds:
    """The limits that hold now: of everything together, and of each owner's torrents."""

    everything: Speed = UNLIMITED
    owners: Mapping[str, Speed] = field(default_factory=dict)


def tightest(*limits: int) -> int:
    """Return the smallest limit that is set."""
    return min((limit for limit in limits if limit), default=0)


def share_out(limit: int, rates: Mapping[str, int]) -> dict[str, int]:
    """Return one limit shared over several torrents: who uses little leaves the rest to the others.

    Called again and again: whoever fills its share gets half as much more the next time.
    """
    shares: dict[str, int] = {}
    left = limit
    for number, key in enumerate(sorted(rates, key=lambda one: rates[one])):
        equal = left // (len(rates) - number)
        shares[key] = max(min(equal, max(rates[key] * 3 // 2, equal // 4)), LEAST)
        left = max(0, left - shares[key])
    return shares
