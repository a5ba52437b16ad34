"""The trackers, peers and web seeds of a download, which are kept in its link."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from downloads.metainfo.info_hashes import BadLink
from downloads.metainfo.magnet import MAX_LINE, Link, parse_link, usable_peers
from jobsite.jobs.networks import Network


def trackers_of(link: str, allowed: Sequence[Network] = ()) -> list[str]:
    """Return the trackers of a stored link; none if it cannot be read any more.

    `allowed`: networks in which a tracker may be although they are not public.
    """
    return list(_read(link, tuple(allowed))[0])


def web_seeds_of(link: str, allowed: Sequence[Network] = ()) -> list[str]:
    """Return the web seeds of a stored link; none if it cannot be read any more."""
    return list(_read(link, tuple(allowed))[1])


# Programs poll a list of thousands every two seconds, and a link is seldom another one.
@lru_cache(maxsize=10_000)
def _read(link: str, allowed: tuple[Network, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the trackers and the web seeds."""
    try:
        parsed = parse_link(link, allowed)
    except BadLink:
        return (), ()
    return parsed.trackers, parsed.web_seeds


def with_trackers(link: str, trackers: Sequence[str], allowed: Sequence[Network] = ()) -> str:
    """Return the link with these trackers and no others, as far as a link has room for them."""
    parsed = parse_link(link, tuple(allowed))
    return fitting(replace(parsed, trackers=tuple(trackers)))


def with_peers(link: str, peers: Sequence[str], allowed: Sequence[Network] = ()) -> str:
    """Return the link with these peers as well, as far as they may be contacted."""
    parsed = parse_link(link, tuple(allowed))
    named = dict.fromkeys([*parsed.peers, *usable_peers(peers, allowed)])
    return fitting(replace(parsed, peers=tuple(named)))


def fitting(link: Link) -> str:
    """Return the magnet link with as many of its trackers as can be read again."""
    while len(link.magnet) > MAX_LINE:
        link = replace(link, trackers=link.trackers[:-1])
    return link.magnet
