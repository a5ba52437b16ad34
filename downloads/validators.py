"""Validators of tags, trackers, names, patterns and folders that a person enters."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError

from downloads.library.folders import BadFolder, check_folder, clean_folder
from downloads.library.selection import clean_patterns
from downloads.metainfo.magnet import MAX_LINE, MAX_TRACKERS, usable_trackers
from downloads.metainfo.trackers import with_trackers
from downloads.names import MAX_NAME, display_name

MAX_TAGS = 20
MAX_TAG_LENGTH = 40


def clean_tags(texts: str | Iterable[str]) -> list[str]:
    """Return each tag once, in the order given; a text holds several, separated by commas.

    Raises ValueError with the reason.
    """
    words = texts.split(",") if isinstance(texts, str) else list(texts)
    tags = list(dict.fromkeys(filter(None, (" ".join(word.split()) for word in words))))
    for tag in tags:
        if len(tag) > MAX_TAG_LENGTH:
            raise ValueError(
                f"“{tag[:MAX_TAG_LENGTH]}…” is too long; {MAX_TAG_LENGTH} letters are the most."
            )
        if not tag.isprintable() or any(mark in tag for mark in ',"\\'):
            raise ValueError("A tag is made of letters, digits, blanks and simple marks.")
    if len(tags) > MAX_TAGS:
        raise ValueError(f"These are {len(tags)} tags; {MAX_TAGS} is the most that a download has.")
    return tags


def check_trackers(urls: Sequence[str], before: Sequence[str], is_private: bool) -> list[str]:
    """Return the URLs, each once. Raises ValidationError if one may not be asked."""
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
    """Return a name as a file or folder may have it. Raises ValidationError."""
    name = display_name(text)
    if not name or name != " ".join(text.split()) or len(text) > MAX_NAME:
        raise ValidationError("Give a name without / and without invisible characters.")
    return name


def validate_patterns(text: str) -> None:
    """Check the syntax of patterns. Raises ValidationError with the reason."""
    try:
        clean_patterns(text)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def usable_folder(text: str) -> str:
    """Return the folder in canonical form. Raises ValidationError with the reason."""
    try:
        folder = clean_folder(text)
        check_folder(Path(settings.DOWNLOAD_DIR), folder)
    except (BadFolder, OSError) as error:
        raise ValidationError(str(error)) from None
    return folder
