"""The metadata queue: which magnet links may ask for metadata now; dead ones must not block others.

A magnet link names a torrent without describing it; the description comes from a peer, or never
(BEP 9). There are `PLACES` slots, a new torrent gets one within seconds, and one that found nothing
in its slot goes to the back of the queue and waits longer each time.
"""

from collections.abc import Iterable
from dataclasses import dataclass

PLACES = 200
FIRST_TURN = 4.0  # seconds that a torrent keeps its slot when a new one waits for it
TURN = 60.0
BACK_OFF = 600.0
LONGEST_BACK_OFF = 6 * 3600.0
PARKED_AFTER = 8  # full periods in a slot: about a day


@dataclass(frozen=True)
class Asker:
    """A torrent without metadata, with times in seconds of one steady clock.

    `tries` counts the times it got a slot; `since` is when it got its present one, if any.
    """

    key: str
    order: float
    tries: int = 0
    since: float | None = None
    not_before: float = 0.0


def next_in_rotation(
    askers: Iterable[Asker], now: float, places: int = PLACES
) -> tuple[list[str], list[str]]:
    """Return the keys that get a slot now, and the keys that lose theirs."""
    askers = list(askers)
    asking = [asker for asker in askers if asker.since is not None]
    line = [asker for asker in askers if asker.since is None and asker.not_before <= now]
    # New torrents go first, the newest of them at the front: a link that somebody adds now is
    # queried now, even behind a paste of 500 dead ones.
    line.sort(key=lambda asker: (asker.tries, -asker.order))
    free = max(0, places - len(asking))
    begin, rest = line[:free], line[free:]
    asking.sort(key=lambda asker: (-asker.tries, asker.since))
    end: list[Asker] = []
    for asker in asking:
        if len(end) == len(rest):
            break
        enough = FIRST_TURN if rest[len(end)].tries == 0 else TURN
        if asker.since is not None and now - asker.since >= enough:
            end.append(asker)
    begin += rest[: len(end)]
    return [asker.key for asker in begin], [asker.key for asker in end]


def rest_after(in_vain: int) -> float:
    """Return the seconds to wait for the next slot after `in_vain` full periods without success.

    The wait doubles each time, from `BACK_OFF` up to `LONGEST_BACK_OFF`.
    """
    return min(LONGEST_BACK_OFF, BACK_OFF * 2 ** min(in_vain - 1, 20)) if in_vain else 0.0
