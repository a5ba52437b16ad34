"""Adding torrents to the session: what is on disk is checked before the download continues."""

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

from downloads.engine.completing import succeed
from downloads.engine.interface import LogLine, Phase
from downloads.engine.peer_sources import PeerSources
from downloads.engine.piece_recovery import recover_pieces, verified_files
from downloads.engine.state import EngineState
from downloads.engine.torrent import Torrent
from downloads.library.record import Record
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


def add(engine: EngineState, torrent: Torrent, params: AddParams) -> bool:
    """Add a torrent to the session; return False, with the torrent failed, if it is refused."""
    engine.journal.begin(torrent.key, engine.now)
    torrent.uploaded_before = torrent.uploaded
    try:
        torrent.sources = askable(params, engine.has_dht)
        engine.session.add(torrent.key, params, engine.library.incomplete(torrent.key))
    except (RuntimeError, ValueError) as error:
        engine.fail(torrent, f"The torrent could not be added: {error}")
        return False
    return True


def start(engine: EngineState, torrent: Torrent) -> None:
    """Start or resume the download of a torrent whose list of files is known."""
    torrent.reason = ""
    torrent.moved_at = engine.now
    in_library = _found_in_library(engine, torrent)
    if engine.session.has(torrent.key):  # its list of files has just arrived
        if in_library is None:
            torrent.phase = Phase.DOWNLOADING
        else:
            engine.put_back(torrent, "")
        return
    params = engine.params(torrent)
    if in_library is not None:
        _adopt(engine, torrent, params, in_library)
        return
    folder = engine.library.incomplete(torrent.key)
    paths = engine.library.paths(torrent.record) if torrent.record else {}
    wants_check = torrent.wanted is not None and torrent.wanted.recheck
    if wants_check:
        forget_pieces(params)
        torrent.rechecked = True
    _prepare(torrent, params, paths)
    if not folder.exists() and not paths:
        _enter(engine, torrent, params)
        return
    torrent.phase = Phase.CHECKING
    engine.journal.begin(torrent.key, engine.now)

    def check() -> AddParams:
        recovered = recover_pieces(params, folder, paths)
        if recovered and not wants_check:
            log.info("%s: %s pieces found on disk.", torrent.key, recovered)
        return params

    engine.checks[torrent.key] = engine.checkers.submit(check)


def _found_in_library(engine: EngineState, torrent: Torrent) -> Record | None:
    """Return what lies where the files are to be put, once for each torrent without a place."""
    about = torrent.metadata
    if torrent.is_searched or torrent.record is not None or about is None or not torrent.chosen:
        return None
    return engine.library.found(torrent.key, about.original, torrent.chosen, torrent.where)


def _adopt(engine: EngineState, torrent: Torrent, params: AddParams, found: Record) -> None:
    """Start a check of files in the library; those that are right are not fetched.

    None of them is taken where one is another file of the same name: it would be written over.
    """
    torrent.is_searched = torrent.is_adopting = True
    torrent.phase = Phase.CHECKING
    engine.journal.begin(torrent.key, engine.now)

    def check() -> AddParams:
        assert params.ti is not None
        right = verified_files(params.ti, engine.library.paths(found))
        if right == {file.index for file in found.files}:
            engine.library.adopt(found)
        return params

    engine.checks[torrent.key] = engine.checkers.submit(check)


def seed(engine: EngineState, torrent: Torrent, params: AddParams) -> None:
    """Upload a torrent from the library."""
    assert torrent.record is not None and params.ti is not None
    paths = engine.library.paths(torrent.record)
    _prepare(torrent, params, paths)
    params.file_priorities = [
        NORMAL if index in paths else SKIP for index in range(len(params.file_priorities))
    ]
    params.have_pieces = pieces_within(params.ti, paths)
    if add(engine, torrent, params):
        torrent.phase = Phase.SEEDING
        engine.must_admit = True  # so that its limits apply from the first byte
        torrent.done = torrent.size or 0


def _prepare(torrent: Torrent, params: AddParams, paths: Mapping[int, Path]) -> None:
    """Set the wanted files, the order of pieces, and the paths of files already in the library."""
    assert torrent.wanted is not None and params.ti is not None
    params.file_priorities = priorities_of(params.ti, torrent.priorities)
    params.piece_priorities = []
    params.renamed_files = {index: str(path) for index, path in paths.items()}
    set_sequential(params, torrent.wanted.order.sequential)


def collect_checks(engine: EngineState) -> None:
    """Add to the session the torrents whose check of the data on disk has ended."""
    for key, check in list(engine.checks.items()):
        if not check.done():
            continue
        del engine.checks[key]
        engine.attempt(engine.torrents[key], _collect, engine, engine.torrents[key], check)


def _collect(engine: EngineState, torrent: Torrent, check: Future[AddParams]) -> None:
    try:
        params = check.result()
    except OSError as error:
        torrent.is_adopting = False
        engine.fail(torrent, f"The data on disk cannot be read: {error.strerror}.")
        return
    if torrent.is_adopting:
        _adopted(engine, torrent)
    else:
        _enter(engine, torrent, params)


def _adopted(engine: EngineState, torrent: Torrent) -> None:
    """Go on with what the check of files in the library has found."""
    torrent.is_adopting = False
    torrent.record = engine.library.record(torrent.key)
    engine.journal.end(torrent.key)
    if torrent.record is not None:
        number = len(torrent.record.files)
        text = f"{number} of its files {'was' if number == 1 else 'were'} in the library already."
        engine.log_lines.append(LogLine(torrent.key, text))
    if torrent.record is not None and torrent.is_whole:
        engine.library.discard_incomplete(torrent.key)
        succeed(engine, torrent)
    else:
        engine.put_back(torrent, "")


def _enter(engine: EngineState, torrent: Torrent, params: AddParams) -> None:
    if add(engine, torrent, params):
        torrent.phase = Phase.DOWNLOADING
        torrent.moved_at = torrent.saved_at = engine.now
        torrent.done = torrent.saved_done = min(bytes_had(params), torrent.size or 0)
        if torrent.is_picky:
            prefer(engine, torrent)


def prefer(engine: EngineState, torrent: Torrent) -> None:
    """Pass the wanted files and the order of pieces to the session."""
    info = engine.session.info(torrent.key)
    if info is not None and torrent.wanted is not None:
        priorities = priorities_of(info, torrent.priorities)
        engine.session.prefer(torrent.key, priorities, torrent.wanted.order)


def askable(params: AddParams, has_dht: bool) -> PeerSources:
    """Return the peer sources of a torrent that is added; a private one must not use the DHT."""
    is_private = params.ti is not None and params.ti.priv()
    named = len(params.trackers), len(params.peers), len(params.url_seeds)
    return PeerSources(has_dht and not is_private, *named)
