"""What trackers, DHT and peers have reported about one torrent so far."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from downloads.session.events import PeerView

LONGEST = 120


@dataclass(frozen=True)
class TrackerAnswer:
    """The last answer of one tracker: its peers, its refusal, or why it cannot be reached."""

    peers: int = 0
    refusal: str = ""
    failure: str = ""


@dataclass
class PeerSources:
    """The sources that are asked for peers of a torrent, and their answers.

    Created anew each time the torrent is added to the session.
    """

    has_dht: bool = False
    trackers: int = 0
    named_peers: int = 0
    web_seeds: int = 0
    answers: dict[str, TrackerAnswer] = field(default_factory=dict)
    dht_peers: int = 0
    peers: PeerView | None = None
    checked_at: float = 0.0

    @property
    def found(self) -> int:
        """The largest number of peers that one source has reported."""
        return max(self.dht_peers, *(one.peers for one in self.answers.values()), 0)

    @property
    def sources(self) -> str:
        """The sources in words; empty if there are none."""
        parts = ["DHT"] if self.has_dht else []
        parts += [_counted(self.trackers, "tracker")] if self.trackers else []
        parts += [f"{_counted(self.named_peers, 'peer')} of the link"] if self.named_peers else []
        parts += [_counted(self.web_seeds, "web seed")] if self.web_seeds else []
        return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))

    @property
    def trouble(self) -> str:
        """The trackers' problems, as sentences that each begin with a space; empty if none."""
        return "".join(f" {sentence}" for sentence in self._troubles())

    def _troubles(self) -> Iterator[str]:
        refused = [(url, one) for url, one in self.answers.items() if one.refusal]
        unreached = [(url, one) for url, one in self.answers.items() if one.failure]
        if refused:
            url, answer = refused[0]
            also = f" ({len(refused)} trackers refuse)" if len(refused) > 1 else ""
            yield f"The tracker {host_of(url)} says: {_clipped(answer.refusal)}{also}."
        if unreached and len(unreached) == len(self.answers):
            url, answer = unreached[0]
            who = f"The tracker {host_of(url)}"
            if len(unreached) > 1:
                who = f"None of {len(unreached)} trackers answers; {host_of(url)}"
            yield f"{who} cannot be reached: {_clipped(answer.failure)}."
        elif self.answers and not refused and not self.found:
            yield "The trackers know no peer."


def host_of(url: str) -> str:
    """Return the host in a tracker's URL, for use in a sentence."""
    try:
        return urlsplit(url).hostname or url[:60]
    except ValueError:
        return url[:60]


def _clipped(text: str) -> str:
    return text.strip().rstrip(".")[:LONGEST]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
