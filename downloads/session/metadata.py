"""libtorrent's description of a torrent -> what the engine needs of it, or a refusal."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import libtorrent as lt
import torrentp

from downloads.library.record import StoredFile
from downloads.library.selection import NORMAL, in_order
from downloads.metainfo.magnet import Link
from downloads.metainfo.torrent_file import MAX_FILES, MAX_SIZE
from downloads.names import display_name

AddParams: TypeAlias = lt.add_torrent_params
"""All that libtorrent is told when a torrent is added: sources, files, resume data."""
TorrentInfo: TypeAlias = lt.torrent_info
"""The metadata of a torrent as libtorrent holds it."""


class BadMetadata(ValueError):
    """The torrent cannot be downloaded; the text is the reason, as a sentence."""


@dataclass(frozen=True)
class Metadata:
    """The content of a torrent, its files in natural order.

    `original` is the name under which libtorrent writes it.
    """

    v1: str
    v2: str
    name: str
    original: str
    size: int
    files: tuple[StoredFile, ...]
    is_private: bool = False


def describe(info: TorrentInfo) -> Metadata:
    """Return the description, checked. Raises BadMetadata."""
    layout = info.layout()
    if layout.num_files() > 2 * MAX_FILES:  # up to half of them may be padding
        raise BadMetadata(f"This torrent lists more than {MAX_FILES:,} files; that is refused.")
    files, renamed = [], _renamed(info)
    for index in range(layout.num_files()):
        flags = layout.file_flags(index)
        if flags & lt.file_flags_t.flag_symlink:
            raise BadMetadata("This torrent holds symbolic links, which are refused as unsafe.")
        if not flags & lt.file_flags_t.flag_pad_file:
            # One file alone lies under its own name; several lie in a folder of the torrent's.
            there = renamed.get(index, layout.file_path(index))
            path = there.partition("/")[2]
            files.append(StoredFile(index, path, layout.file_size(index)))
    size = sum(file.size for file in files)
    if not 0 < size <= MAX_SIZE:
        raise BadMetadata("This torrent holds no data, or an impossible amount of it.")
    hashes = info.info_hashes()
    return Metadata(
        v1=str(hashes.v1) if hashes.has_v1() else "",
        v2=str(hashes.v2) if hashes.has_v2() else "",
        name=display_name(info.name()),
        original=layout.file_path(files[0].index).partition("/")[0],
        size=size,
        # Sorted once and not for each part that is stored: of 100,000 it takes half a second.
        files=in_order(files),
        is_private=info.priv(),
    )


def _renamed(info: TorrentInfo) -> dict[int, str]:
    """Return the paths that libtorrent gives to files whose own are taken, ignoring case."""
    layout = info.layout()
    padding = lt.file_flags_t.flag_pad_file
    paths = [
        layout.file_path(index).casefold()
        for index in range(layout.num_files())
        if not layout.file_flags(index) & padding
    ]
    folders: set[str] = set()
    for path in paths:
        while (path := path.rpartition("/")[0]) and path not in folders:
            folders.add(path)
    if len(set(paths)) == len(paths) and folders.isdisjoint(paths):
        return {}
    return dict(lt.load_torrent_buffer(b"d4:info" + info.info_section() + b"e").renamed_files)


def priorities_of(info: TorrentInfo, priorities: Mapping[int, int]) -> list[int]:
    """Return the priority of every file as libtorrent counts them, padding included."""
    return [priorities.get(index, NORMAL) for index in range(info.layout().num_files())]


def end_pieces(info: TorrentInfo, priorities: Sequence[int]) -> set[int]:
    """Return the first and the last piece of each file that is wanted."""
    layout, ends = info.layout(), set()
    for index, priority in enumerate(priorities):
        size = layout.file_size(index)
        if priority and size and not layout.file_flags(index) & lt.file_flags_t.flag_pad_file:
            ends |= {info.map_file(index, 0, 1).piece, info.map_file(index, size - 1, 1).piece}
    return ends


def pieces_within(info: TorrentInfo, indexes: Container[int]) -> list[bool]:
    """Return for each piece whether all of it lies in these files."""
    layout = info.layout()
    padding = lt.file_flags_t.flag_pad_file
    return [
        all(
            part.file_index in indexes or bool(layout.file_flags(part.file_index) & padding)
            for part in info.map_block(piece, 0, info.piece_size(piece))
        )
        for piece in range(info.num_pieces())
    ]


def is_padding(info: TorrentInfo, index: int) -> bool:
    """Return whether a file only aligns the next one (BEP 47): it is never written to disk."""
    return bool(info.layout().file_flags(index) & lt.file_flags_t.flag_pad_file)


def set_sequential(params: AddParams, sequential: bool) -> None:
    """Set whether pieces are fetched in their order, or the rarest first."""
    if sequential:
        params.flags |= lt.torrent_flags.sequential_download
    else:
        params.flags &= ~lt.torrent_flags.sequential_download


def forget_pieces(params: AddParams) -> None:
    """Count nothing as fetched: the files on disk decide."""
    params.have_pieces, params.verified_pieces, params.unfinished_pieces = [], [], {}


def params_of_file(path: Path) -> AddParams:
    """Return an uploaded and cleaned .torrent as libtorrent reads it. Raises BadMetadata."""
    params = lt.add_torrent_params()
    try:
        # Asked by its method it would read the file once more: 0.4 s where there are 100,000 files.
        params.ti = torrentp.TorrentInfo(str(path), lt)._info
    except (RuntimeError, OSError) as error:
        raise BadMetadata(f"This .torrent file cannot be used: {error}.") from None
    return params


def params_of_link(link: Link) -> AddParams:
    """Return a link as libtorrent takes it."""
    return lt.parse_magnet_uri(link.magnet)


def params_of_resume(data: bytes) -> AddParams | None:
    """Return what was saved of a torrent with known metadata; None if it cannot be used."""
    try:
        params = lt.read_resume_data(data)
    except RuntimeError:
        return None
    return params if params.ti is not None else None


def file_of(params: AddParams) -> bytes:
    """Return the .torrent of a complete v2 torrent; empty for others.

    The hashes of its pieces are not in the list of files that a peer sends: they are known once
    all pieces are.
    """
    if params.ti is None or not params.ti.info_hashes().has_v2() or not all(params.have_pieces):
        return b""
    try:
        return lt.bencode(cast(Any, lt.write_torrent_file(params)))
    except RuntimeError:  # some of the hashes are missing
        return b""


def bytes_had(params: AddParams) -> int:
    """Return the bytes of the whole pieces that are claimed to be on disk, without padding."""
    return sum(params.have_pieces) * params.ti.piece_length() if params.ti else 0


def add_sources(params: AddParams, link: Link) -> None:
    """Add the peers of a link to what is known of a torrent; ask its servers and no others."""
    params.trackers = list(link.trackers)
    params.tracker_tiers = []
    params.url_seeds = list(link.web_seeds)
    peers = [peer.rpartition(":") for peer in link.peers]
    params.peers = list(params.peers) + [(host.strip("[]"), int(port)) for host, _, port in peers]
