"""The trackers of a download, kept in its link, and the name that its owner gives it."""

from collections.abc import Sequence
from dataclasses import replace

from downloads.metainfo.magnet import MAX_LINE, BadLink, Link, parse_link
from jobsite.jobs.networks import Network


def trackers_of(link: str, allowed: Sequence[Network] = ()) -> list[str]:
    """Return the trackers of a stored link; none if it cannot be read any more.

    `allowed`: networks in which a tracker may be although they are not public.
    """
    try:
        return list(parse_link(link, tuple(allowed)).trackers)
    except BadLink:
        return []


def with_trackers(link: str, trackers: Sequence[str], allowed: Sequence[Network] = ()) -> str:
    """Return the link with these trackers and no others, as far as a link has room for them."""
    parsed = parse_link(link, tuple(allowed))
    return fitting(replace(parsed, trackers=tuple(trackers)))


def fitting(link: Link) -> str:
    """Return the magnet link with as many of its trackers as can be read again."""
    while len(link.magnet) > MAX_LINE:
        link = replace(link, trackers=link.trackers[:-1])
    return link.magnet
