"""Recovery after a crash: finds the pieces that are on disk but not in the resume data.

Resume data is some seconds old when a process is killed. libtorrent would either fetch again
what came since, or hash the whole torrent. The file system knows better where data is: only the
pieces without a hole in them that the resume data does not claim are hashed here. Of the others
the written blocks count as fetched; libtorrent verifies a piece once it has all of them.
"""

import errno
import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType

from downloads.session.metadata import AddParams, TorrentInfo, is_padding

_BLOCK = 1 << 20
_TRANSFER_BLOCK = 1 << 14  # what peers send at once, and what libtorrent keeps notes of


def recover_pieces(
    params: AddParams, folder: Path, placed: Mapping[int, Path] = MappingProxyType({})
) -> int:
    """Add to the resume data each piece that is whole on disk; return the number added.

    `placed`: paths of those files that are not in the folder, by number.

    Without v1 hashes they are entered as fetched but not verified. libtorrent verifies them: at
    once, or as soon as a peer has sent the hashes, which are not in the list of files.
    """
    info = params.ti
    if info is None:
        return 0
    have = list(params.have_pieces) or [False] * info.num_pieces()
    files = _Files(info, folder, placed)
    found = [piece for piece in range(info.num_pieces()) if not have[piece] and files.hold(piece)]
    damaged: set[int] = set()
    if info.info_hashes().has_v1():
        damaged = {one for one in found if files.digest(one) != info.hash_for_piece(one)}
        found = [piece for piece in found if piece not in damaged]
        for piece in found:
            have[piece] = True
        params.unfinished_pieces = {
            piece: blocks for piece, blocks in params.unfinished_pieces.items() if not have[piece]
        }
    # Of those that are begun the blocks count, as far as the resume data does not claim more.
    claimed = params.unfinished_pieces
    missing = [one for one in range(info.num_pieces()) if not have[one] and one not in damaged]
    begun = {piece: files.blocks(piece) for piece in missing}
    params.unfinished_pieces = claimed | {
        piece: _either(blocks, claimed.get(piece, ())) for piece, blocks in begun.items() if blocks
    }
    # Left empty, libtorrent would check the files itself. As long as it has no hash of a piece it
    # takes holes for data; the file as a whole is then wrong, and all that is in it is dropped.
    params.have_pieces = have
    return len(found)


def verified_files(info: TorrentInfo, paths: Mapping[int, Path]) -> set[int]:
    """Return which of these files are as the torrent says, by number, by v1 hashes of all pieces.

    A piece that other files share is verified with them, so that those have to be here as well.
    """
    if not info.info_hashes().has_v1():
        return set()
    files, layout = _Files(info, Path(), paths), info.layout()
    right: dict[int, bool] = {}
    found = set()
    for index in paths:
        size = layout.file_size(index)
        ends = (info.map_file(index, 0, 0).piece, info.map_file(index, max(0, size - 1), 0).piece)
        pieces = range(ends[0], ends[1] + 1) if size else range(0)
        for piece in pieces:
            if piece not in right:
                right[piece] = files.digest(piece) == info.hash_for_piece(piece)
        if all(right[piece] for piece in pieces):
            found.add(index)
    return found


def _either(one: Sequence[bool], other: Sequence[bool]) -> list[bool]:
    return [any(pair) for pair in zip_longest(one, other, fillvalue=False)]


class _Files:
    """The files of one torrent as they lie on disk."""

    def __init__(self, info: TorrentInfo, folder: Path, placed: Mapping[int, Path]) -> None:
        self._info = info
        self._layout = info.layout()
        self._folder = folder
        self._placed = placed
        self._extents: dict[int, list[tuple[int, int]]] = {}

    def hold(self, piece: int) -> bool:
        """Return whether every byte of a piece has been written."""
        return all(self._has(*span) for span in self._spans(piece))

    def blocks(self, piece: int) -> list[bool]:
        """Return which blocks of a piece are written; empty if none is, which most are not."""
        if not any(self._overlaps(*span) for span in self._spans(piece)):
            return []
        size = self._info.piece_size(piece)
        found = []
        for start in range(0, size, _TRANSFER_BLOCK):
            length = min(_TRANSFER_BLOCK, size - start)
            parts = self._info.map_block(piece, start, length)
            found.append(all(self._has(one.file_index, one.offset, one.size) for one in parts))
        return found if any(found) else []

    def digest(self, piece: int) -> bytes:
        """Return the hash of a piece as it is on disk; empty if it cannot be read."""
        digest = hashlib.sha1(usedforsecurity=False)
        for index, offset, size in self._spans(piece):
            if is_padding(self._info, index):
                digest.update(bytes(size))
                continue
            try:
                with self._path(index).open("rb") as file:
                    file.seek(offset)
                    while size > 0 and (block := file.read(min(size, _BLOCK))):
                        digest.update(block)
                        size -= len(block)
            except OSError:
                return b""
        return digest.digest()

    def _spans(self, piece: int) -> Iterator[tuple[int, int, int]]:
        for part in self._info.map_block(piece, 0, self._info.piece_size(piece)):
            yield part.file_index, part.offset, part.size

    def _has(self, index: int, offset: int, size: int) -> bool:
        if is_padding(self._info, index):
            return True
        extents = self._extents_of(index)
        at = bisect_right(extents, (offset, 2**63)) - 1
        return at >= 0 and extents[at][1] >= offset + size

    def _overlaps(self, index: int, offset: int, size: int) -> bool:
        if is_padding(self._info, index):
            return False
        extents = self._extents_of(index)
        at = bisect_right(extents, (offset + size, 0)) - 1
        return at >= 0 and extents[at][1] > offset

    def _extents_of(self, index: int) -> list[tuple[int, int]]:
        if index not in self._extents:
            self._extents[index] = list(_extents(self._path(index)))
        return self._extents[index]

    def _path(self, index: int) -> Path:
        return self._placed.get(index) or self._folder / self._layout.file_path(index)


def _extents(path: Path) -> Iterator[tuple[int, int]]:
    """Return the parts of a file that hold data (SEEK_DATA), as (first byte, end)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        end = 0
        while True:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
            end = os.lseek(descriptor, start, os.SEEK_HOLE)
            yield start, end
    except OSError as error:
        if error.errno != errno.ENXIO:  # ENXIO: no data behind this point
            raise
    finally:
        os.close(descriptor)
