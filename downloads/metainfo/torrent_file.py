"""The bytes of a .torrent file -> what it holds, or a sentence saying what is wrong with it.

A first check, in the web process and therefore without libtorrent, so that a person gets the
answer at once; the engine has libtorrent check the same bytes again before anything is downloaded.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from downloads.metainfo.bencode import BadBencode, Reader
from downloads.metainfo.magnet import Link, left_out, usable_trackers, usable_web_seeds
from downloads.names import display_name
from jobsite.jobs.networks import Network

MAX_METADATA = 10 * 2**20
MAX_FILES = 100_000
MAX_SIZE = 2**50  # 1 PiB
MAX_PIECE = 2**28


class BadTorrent(ValueError):
    """The upload is no usable .torrent file; the text is the reason, as a sentence."""


@dataclass(frozen=True)
class Torrent:
    """The content of a .torrent file."""

    v1: str
    v2: str
    name: str
    size: int
    files: int
    pieces: int
    piece_length: int
    trackers: tuple[str, ...]
    web_seeds: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    """What of the file was left out, in sentences."""
    clean: bytes = field(repr=False, default=b"")
    """A .torrent of the same content that names nothing to contact: no trackers, seeds, nodes."""

    @property
    def link(self) -> Link:
        """The torrent as a link, with the trackers and web seeds that may be asked."""
        found = Link(self.v1, self.v2, self.name, self.trackers, remarks=self.remarks)
        return replace(found, web_seeds=self.web_seeds)

    @property
    def key(self) -> str:
        """The info hash by which the torrent is known here: v1 if there is one."""
        return self.v1 or self.v2


def read(data: bytes, allowed: Sequence[Network] = ()) -> Torrent:
    """Check the bytes of a .torrent file. Raises BadTorrent with the reason."""
    if not data:
        raise BadTorrent("This file is empty. Fetch it again, then upload it.")
    if len(data) > MAX_METADATA:
        raise BadTorrent(too_large(len(data)))
    reader, outer, info = _open(data)
    raw = _bytes_of(b"info", reader, data)
    sizes = list(_sizes(info))
    if not 0 < sum(sizes) <= MAX_SIZE:
        raise BadTorrent("This .torrent holds no data, or an impossible amount of it.")
    pieces = _pieces(info, sum(sizes))
    has_v1 = b"pieces" in info
    named = list(filter(None, _trackers(outer)))
    usable = usable_trackers(named, tuple(allowed))
    seeds = _web_seeds(outer)
    web_seeds = usable_web_seeds(seeds, tuple(allowed))
    v2 = hashlib.sha256(raw).hexdigest() if info.get(b"meta version") == 2 else ""
    return Torrent(
        v1=hashlib.sha1(raw, usedforsecurity=False).hexdigest() if has_v1 else "",
        v2=v2,
        name=display_name(_text(info.get(b"name.utf-8", info.get(b"name", b"")))),
        size=sum(sizes),
        files=len(sizes),
        pieces=pieces,
        piece_length=info[b"piece length"],
        trackers=tuple(usable),
        web_seeds=tuple(web_seeds),
        remarks=tuple(left_out(named, usable, seeds, web_seeds)),
        clean=b"d4:info%b%be" % (raw, _layers(reader, data)),
    )


def too_large(size: int) -> str:
    """Return the sentence for a file with more bytes than a .torrent may have."""
    return (
        f"This file has {size / 2**20:.1f} MB; a .torrent has at most {MAX_METADATA // 2**20} MB. "
        "Is it the file itself instead of its .torrent?"
    )


def piece_hashes(data: bytes) -> list[str]:
    """Return the v1 hashes of all pieces, in hexadecimal; empty for a v2 torrent.

    Raises BadTorrent.
    """
    joined = _open(data)[2].get(b"pieces", b"")
    return [joined[at : at + 20].hex() for at in range(0, len(joined), 20)]


def _open(data: bytes) -> tuple[Reader, dict[bytes, Any], dict[bytes, Any]]:
    """Return the reader, the outer dict and the `info` dict."""
    if data.lstrip()[:1] == b"<":
        raise BadTorrent(
            "This is a web page, not a .torrent file; perhaps the site wanted a sign-in. "
            "Fetch the .torrent again in your browser."
        )
    reader = Reader(data)
    try:
        outer = reader.read()
    except BadBencode as error:
        raise BadTorrent(f"This is no .torrent file, or a damaged one: {error}.") from None
    info = outer.get(b"info") if isinstance(outer, dict) else None
    if not isinstance(info, dict):
        raise BadTorrent("This is no .torrent file: it describes no files. Is it another kind?")
    return reader, outer, info


def _bytes_of(key: bytes, reader: Reader, data: bytes) -> bytes:
    start, end = reader.spans.get(key, (0, 0))
    return data[start:end]


def _web_seeds(outer: dict[bytes, Any]) -> list[str]:
    given = outer.get(b"url-list", [])
    return list(filter(None, map(_text, given if isinstance(given, list) else [given])))


def _layers(reader: Reader, data: bytes) -> bytes:
    """Return the v2 piece layers, which lie outside of `info` (BEP 52)."""
    layers = _bytes_of(b"piece layers", reader, data)
    return b"12:piece layers" + layers if layers else b""


def _sizes(info: dict[bytes, Any]) -> Iterator[int]:
    """Return the size of each file, padding left out."""
    if b"file tree" in info and b"pieces" not in info:
        files: Iterator[Any] = _tree(info[b"file tree"])
    elif b"files" in info:
        files = iter(info[b"files"] if isinstance(info[b"files"], list) else [None])
    else:
        files = iter([info])
    for number, file in enumerate(files):
        if number >= MAX_FILES:
            raise BadTorrent(f"This .torrent lists more than {MAX_FILES:,} files; that is refused.")
        if not isinstance(file, dict) or not isinstance(file.get(b"length"), int):
            raise BadTorrent("The list of files in this .torrent is damaged. Fetch it again.")
        attributes = file.get(b"attr", b"")
        if not isinstance(attributes, bytes) or b"l" in attributes or b"symlink path" in file:
            raise BadTorrent("This .torrent holds symbolic links, which are refused as unsafe.")
        if not 0 <= file[b"length"] <= MAX_SIZE:
            raise BadTorrent("A file in this .torrent has an impossible size.")
        if b"p" not in attributes:
            yield file[b"length"]


def _tree(node: Any) -> Iterator[Any]:
    """Yield the files of a v2 tree; the reader's depth limit bounds the recursion."""
    if not isinstance(node, dict):
        yield None
        return
    for name, below in node.items():
        if name == b"":
            yield below
        else:
            yield from _tree(below)


def _pieces(info: dict[bytes, Any], size: int) -> int:
    length, hashes = info.get(b"piece length"), info.get(b"pieces")
    if not isinstance(length, int) or not 0 < length <= MAX_PIECE:
        raise BadTorrent("This .torrent has no possible piece length; it is damaged.")
    if info.get(b"meta version", 1) not in {1, 2}:
        raise BadTorrent("This .torrent is of a version that is not known here.")
    if hashes is None and info.get(b"meta version") == 2:
        return -(-size // length)
    if not isinstance(hashes, bytes) or not hashes or len(hashes) % 20:
        raise BadTorrent("The piece hashes in this .torrent are damaged. Fetch it again.")
    if len(hashes) // 20 * length < size:
        raise BadTorrent("This .torrent has fewer pieces than its files need; it is damaged.")
    return len(hashes) // 20


def _trackers(outer: dict[bytes, Any]) -> Iterator[str]:
    tiers = outer.get(b"announce-list")
    for tier in tiers if isinstance(tiers, list) else []:
        for url in tier if isinstance(tier, list) else []:
            yield _text(url)
    yield _text(outer.get(b"announce", b""))


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else ""
