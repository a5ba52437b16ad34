"""The trackers of a download, kept in its link, and the name that its owner gives it."""

from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings
from django.core.exceptions import ValidationError

from downloads.metainfo.magnet import (
    MAX_LINE,
    MAX_TRACKERS,
    BadLink,
    Link,
    parse_link,
    usable_trackers,
)
from downloads.names import MAX_NAME, display_name


def trackers_of(link: str) -> list[str]:
    """Those that a stored link names; none where it cannot be read any more."""
    try:
        return list(parse_link(link, tuple(settings.DOWNLOAD_ALLOWED_NETWORKS)).trackers)
    except BadLink:
        return []


def with_trackers(link: str, trackers: Sequence[str]) -> str:
    """The link with these trackers and no others, as far as a link has room for them."""
    parsed = parse_link(link, tuple(settings.DOWNLOAD_ALLOWED_NETWORKS))
    return fitting(replace(parsed, trackers=tuple(trackers)))


def fitting(link: Link) -> str:
    """The magnet link with as many of its trackers as can be read again."""
    while len(link.magnet) > MAX_LINE:
        link = replace(link, trackers=link.trackers[:-1])
    return link.magnet


def check_trackers(urls: Sequence[str], before: Sequence[str], is_private: bool) -> list[str]:
    """The addresses, each once. Raises ValidationError where one may not be asked."""
    urls = list(dict.fromkeys(urls))
    usable = usable_trackers(urls, tuple(settings.DOWNLOAD_ALLOWED_NETWORKS))
    if len(urls) > MAX_TRACKERS:
        raise ValidationError(f"These are {len(urls)} trackers; {MAX_TRACKERS} are the most.")
    for url in urls:
        if url not in usable:
            raise ValidationError(
                f"“{url[:100]}” is not asked: a tracker has an address of http, https or udp on a "
                "public host."
            )
    if len(with_trackers(f"urn:btih:{'f' * 40}", urls)) > MAX_LINE - 1000:
        raise ValidationError("These addresses are too long together. Leave some out.")
    if is_private and set(urls) - set(before):
        raise ValidationError(
            "This torrent is private: only the trackers that it came with may be asked."
        )
    return urls


def clean_name(text: str) -> str:
    """A name as a file or folder may have it. Raises ValidationError."""
    name = display_name(text)
    if not name or name != " ".join(text.split()) or len(text) > MAX_NAME:
        raise ValidationError("Give a name without / and without invisible characters.")
    return name
