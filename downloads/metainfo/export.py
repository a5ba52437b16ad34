"""A torrent that is here -> its .torrent file.

What is kept of a torrent is the file that was uploaded, or what the engine saves to go on after a
crash. Both are bencode and hold the description as it was hashed, so neither libtorrent nor the
engine is needed. The hashes of a v2 torrent that came as a link are known once it is complete;
before, they are left out, and clients ask their peers for them.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from downloads.metainfo.bencode import BadBencode, Reader


def torrent_bytes(kept: Iterable[Path], trackers: Iterable[str]) -> bytes | None:
    """Return the first of these files that has a description, as a .torrent with these trackers."""
    for path in kept:
        try:
            parts = _parts(path.read_bytes())
        except (OSError, BadBencode):
            continue
        if b"info" in parts:
            return _dict(parts | _announce([_string(url.encode()) for url in trackers]))
    return None


def _parts(data: bytes) -> dict[bytes, bytes]:
    """Return the values that belong into a .torrent, as they stand in these bytes."""
    reader = Reader(data)
    reader.read()
    spans = reader.spans
    return {key: data[slice(*spans[key])] for key in (b"info", b"piece layers") if key in spans}


def _announce(urls: Sequence[bytes]) -> dict[bytes, bytes]:
    tiers = b"".join(b"l%be" % url for url in urls)
    return {b"announce": urls[0], b"announce-list": b"l%be" % tiers} if urls else {}


def _dict(parts: Mapping[bytes, bytes]) -> bytes:
    return b"d%be" % b"".join(_string(key) + parts[key] for key in sorted(parts))


def _string(text: bytes) -> bytes:
    return b"%d:%b" % (len(text), text)
