"""libtorrent's description of a torrent -> what the engine needs of it, or a refusal."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import libtorrent as lt
import torrentp

from .library import StoredFile
from .links import Link
from .names import display_name
from .torrents import MAX_FILES, MAX_SIZE


class BadMetadata(ValueError):
    """The torrent cannot be downloaded; its text says why, as a sentence."""


@dataclass(frozen=True)
class Metadata:
    """What a torrent holds. `original` is the name under which libtorrent writes it."""

    v1: str
    v2: str
    name: str
    original: str
    size: int
    files: tuple[StoredFile, ...]


def describe(info: lt.torrent_info) -> Metadata:
    """The description, checked. Raises BadMetadata."""
    layout = info.layout()
    if layout.num_files() > 2 * MAX_FILES:  # up to half of them may be padding
        raise BadMetadata(f"This torrent lists more than {MAX_FILES:,} files; that is refused.")
    files = []
    for index in range(layout.num_files()):
        flags = layout.file_flags(index)
        if flags & lt.file_flags_t.flag_symlink:
            raise BadMetadata("This torrent holds symbolic links, which are refused as unsafe.")
        if not flags & lt.file_flags_t.flag_pad_file:
            # One file alone lies under its own name; several lie in a folder of the torrent's.
            inside = PurePosixPath(*PurePosixPath(layout.file_path(index)).parts[1:])
            path = "" if inside == PurePosixPath() else str(inside)
            files.append(StoredFile(index, path, layout.file_size(index)))
    size = sum(file.size for file in files)
    if not 0 < size <= MAX_SIZE:
        raise BadMetadata("This torrent holds no data, or an impossible amount of it.")
    hashes = info.info_hashes()
    return Metadata(
        v1=str(hashes.v1) if hashes.has_v1() else "",
        v2=str(hashes.v2) if hashes.has_v2() else "",
        name=display_name(info.name()),
        original=PurePosixPath(layout.file_path(files[0].index)).parts[0],
        size=size,
        files=tuple(files),
    )


def params_of_file(path: Path) -> lt.add_torrent_params:
    """A .torrent file that was uploaded and cleaned, as libtorrent reads it. Raises BadMetadata."""
    params = lt.add_torrent_params()
    try:
        params.ti = torrentp.TorrentInfo(str(path), lt).create_torrent_info()
    except (RuntimeError, OSError) as error:
        raise BadMetadata(f"This .torrent file cannot be used: {error}.") from None
    return params


def params_of_link(link: Link) -> lt.add_torrent_params:
    """A link as libtorrent takes it."""
    return lt.parse_magnet_uri(link.magnet)


def params_of_resume(data: bytes) -> lt.add_torrent_params | None:
    """What was saved of a torrent whose metadata is known; None where it cannot be used."""
    try:
        params = lt.read_resume_data(data)
    except RuntimeError:
        return None
    return params if params.ti is not None else None


def bytes_had(params: lt.add_torrent_params) -> int:
    """Bytes of the whole pieces that are claimed to be on disk, but for padding."""
    return sum(params.have_pieces) * params.ti.piece_length() if params.ti else 0


def add_sources(params: lt.add_torrent_params, link: Link) -> None:
    """Add the trackers and peers of a link to what is known of a torrent."""
    known = list(params.trackers)
    params.trackers = known + [url for url in link.trackers if url not in known]
    peers = [peer.rpartition(":") for peer in link.peers]
    params.peers = list(params.peers) + [(host.strip("[]"), int(port)) for host, _, port in peers]
