"""Who may ask the world for metadata now, so that dead magnet links never hold up live ones.

A magnet link names a torrent without describing it; the description comes from a peer, or never.
There are many places, a newcomer gets one within seconds, and whoever found nothing in its turn
goes to the back of the line and waits longer each time.
"""

from collections.abc import Iterable
from dataclasses import dataclass

PLACES = 200
FIRST_TURN = 4.0  # seconds that a newcomer must leave to those who ask already
TURN = 60.0
BACK_OFF = 600.0
LONGEST_BACK_OFF = 6 * 3600.0
PARKED_AFTER = 8  # whole turns: about a day


@dataclass(frozen=True)
class Asker:
    """A torrent without metadata. `tries` counts turns begun; `since` is when the present began."""

    key: str
    order: float
    tries: int = 0
    since: float | None = None
    not_before: float = 0.0


def next_in_rotation(
    askers: Iterable[Asker], now: float, places: int = PLACES
) -> tuple[list[str], list[str]]:
    """The keys whose turn begins, and those whose turn ends, now."""
    askers = list(askers)
    asking = [asker for asker in askers if asker.since is not None]
    line = [asker for asker in askers if asker.since is None and asker.not_before <= now]
    # Newcomers first and the newest of them foremost: behind a paste of 500 dead links, the one
    # that somebody adds now is asked for now.
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
    """Seconds until the next turn, after so many whole turns that found nobody."""
    return min(LONGEST_BACK_OFF, BACK_OFF * 2 ** min(in_vain - 1, 20)) if in_vain else 0.0
