"""Playing while it downloads: pieces from the position of the player on are fetched first.

A piece may be read once it is verified *and* on disk, which is later: what was verified by the time
of a flush is on disk when that flush is over.
"""

from downloads.engine.interface import Phase
from downloads.engine.state import EngineState
from downloads.engine.torrent import Torrent
from downloads.ipc.stream_requests import Available, ByteRange

AHEAD = 24 * 2**20  # bytes that are hurried along from where somebody plays
LEAST_AHEAD = 4  # pieces
MOST_AT_ONCE = 8 * 2**20  # bytes of one answer
FIRST, EACH = 200, 250  # milliseconds: deadline of the first piece, and more for each further one


def serve(engine: EngineState, request: ByteRange) -> Available | None:
    """Hurry the pieces of a request; return what of it can be read now, None while nothing can."""
    torrent = engine.torrents.get(request.key)
    if torrent is None or torrent.phase is not Phase.DOWNLOADING or torrent.metadata is None:
        return None
    session = engine.session
    if not session.has(request.key) or session.is_leaving(request.key):
        return None
    extent = session.extent(request.key, request.index)
    if extent is None or not 0 <= request.offset < extent.size:
        return None
    length = extent.piece_length
    begin = extent.start + request.offset
    first, last = begin // length, (extent.start + extent.size - 1) // length
    ahead = max(LEAST_AHEAD, AHEAD // length)
    have = session.pieces_had(request.key)
    window = range(first, min(last, first + ahead) + 1)
    _hurry(engine, torrent, [piece for piece in window if not _is(have, piece)], window)
    _flush(engine, torrent, have, window)
    ready = first
    while ready <= last and _is(torrent.pieces_on_disk, ready):
        ready += 1
        if (ready - first) * length > MOST_AT_ONCE + length:
            break
    until = min(ready * length - extent.start, extent.size, request.offset + MOST_AT_ONCE)
    if until <= request.offset:
        return None
    path = engine.library.incomplete(request.key) / extent.path
    return Available(str(path.relative_to(engine.options.downloads)), until)


def _hurry(engine: EngineState, torrent: Torrent, missing: list[int], window: range) -> None:
    """Set deadlines in the order of playing; lift those of a position that was left."""
    if window.start == torrent.plays_from:
        return
    if window.start not in range(torrent.plays_from, torrent.plays_until + 1):
        engine.session.stop_hurrying(torrent.key)
    torrent.plays_from, torrent.plays_until = window.start, window.stop
    for number, piece in enumerate(missing):
        engine.session.hurry(torrent.key, piece, FIRST + EACH * number)


def _flush(engine: EngineState, torrent: Torrent, have: list[bool], window: range) -> None:
    new = any(_is(have, piece) and not _is(torrent.pieces_on_disk, piece) for piece in window)
    if new and not torrent.flushes_due:
        torrent.pieces_at_flush = have
        torrent.flushes_due += 1
        engine.session.ask_to_flush(torrent.key)


def _is(pieces: list[bool], piece: int) -> bool:
    return piece < len(pieces) and pieces[piece]
