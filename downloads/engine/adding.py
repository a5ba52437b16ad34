"""Into the session: what is on disk is looked at first, then the torrent goes on from there."""

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

from downloads.engine.interface import Phase
from downloads.engine.peer_sources import Heard
from downloads.engine.piece_recovery import recover_pieces
from downloads.engine.state import Moves
from downloads.engine.torrent import Torrent
from downloads.library.selection import NORMAL, SKIP
from downloads.session.metadata import (
    AddParams,
    bytes_had,
    forget_pieces,
    pieces_within,
    priorities_of,
    set_sequential,
)

log = logging.getLogger(__name__)


def add(moves: Moves, torrent: Torrent, params: AddParams) -> bool:
    """Put a torrent into the session; False, and failed, where that is impossible."""
    moves.journal.begin(torrent.key, moves.now)
    torrent.uploaded_before = torrent.uploaded
    try:
        torrent.heard = askable(params, moves.has_dht)
        moves.session.add(torrent.key, params, moves.library.incomplete(torrent.key))
    except (RuntimeError, ValueError) as error:
        moves.fail(torrent, f"The torrent could not be added: {error}")
        return False
    return True


def start(moves: Moves, torrent: Torrent) -> None:
    """Begin, or go on with, the download of a torrent whose files are known."""
    torrent.reason = ""
    torrent.moved_at = moves.now
    if moves.session.has(torrent.key):  # its list of files came just now
        torrent.phase = Phase.DOWNLOADING
        return
    params = moves.params(torrent)
    folder = moves.library.incomplete(torrent.key)
    paths = moves.library.paths(torrent.record) if torrent.record else {}
    wants_check = torrent.wanted is not None and torrent.wanted.recheck
    if wants_check:
        forget_pieces(params)
        torrent.rechecked = True
    _prepare(torrent, params, paths)
    if not folder.exists() and not paths:
        _enter(moves, torrent, params)
        return
    torrent.phase = Phase.CHECKING
    moves.journal.begin(torrent.key, moves.now)

    def check() -> AddParams:
        recovered = recover_pieces(params, folder, paths)
        if recovered and not wants_check:
            log.info("%s: %s pieces found on disk.", torrent.key, recovered)
        return params

    moves.checks[torrent.key] = moves.checkers.submit(check)


def seed(moves: Moves, torrent: Torrent, params: AddParams) -> None:
    """Upload what lies in the library."""
    assert torrent.record is not None and params.ti is not None
    paths = moves.library.paths(torrent.record)
    _prepare(torrent, params, paths)
    params.file_priorities = [
        NORMAL if index in paths else SKIP for index in range(len(params.file_priorities))
    ]
    params.have_pieces = pieces_within(params.ti, paths)
    if add(moves, torrent, params):
        torrent.phase = Phase.SEEDING
        moves.must_admit = True  # its limits hold from its first byte on
        torrent.done = torrent.size or 0


def _prepare(torrent: Torrent, params: AddParams, paths: Mapping[int, Path]) -> None:
    """Say which files are wanted and in which order, and where those are that are here already."""
    assert torrent.wanted is not None and params.ti is not None
    params.file_priorities = priorities_of(params.ti, torrent.priorities)
    params.piece_priorities = []
    params.renamed_files = {index: str(path) for index, path in paths.items()}
    set_sequential(params, torrent.wanted.order.sequential)


def collect_checks(moves: Moves) -> None:
    """Put those into the session whose data on disk is known by now."""
    for key, check in list(moves.checks.items()):
        if not check.done():
            continue
        del moves.checks[key]
        moves.attempt(moves.torrents[key], _collect, moves, moves.torrents[key], check)


def _collect(moves: Moves, torrent: Torrent, check: Future[AddParams]) -> None:
    try:
        params = check.result()
    except OSError as error:
        moves.fail(torrent, f"The data on disk cannot be read: {error.strerror}.")
        return
    _enter(moves, torrent, params)


def _enter(moves: Moves, torrent: Torrent, params: AddParams) -> None:
    if add(moves, torrent, params):
        torrent.phase = Phase.DOWNLOADING
        torrent.moved_at = torrent.saved_at = moves.now
        torrent.done = torrent.saved_done = min(bytes_had(params), torrent.size or 0)
        if torrent.is_picky:
            prefer(moves, torrent)


def prefer(moves: Moves, torrent: Torrent) -> None:
    """Tell the session which files are wanted and which pieces come first."""
    info = moves.session.info(torrent.key)
    if info is not None and torrent.wanted is not None:
        priorities = priorities_of(info, torrent.priorities)
        moves.session.prefer(torrent.key, priorities, torrent.wanted.order)


def askable(params: AddParams, has_dht: bool) -> Heard:
    """Who can be asked for peers of a torrent that is added; a private one keeps out of the DHT."""
    is_private = params.ti is not None and params.ti.priv()
    return Heard(has_dht and not is_private, len(params.trackers), len(params.peers))
