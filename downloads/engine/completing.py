"""Moving a complete torrent from the session into the library: flush, close, rename, report."""

from concurrent.futures import Future

from downloads.engine.interface import Phase
from downloads.engine.state import EngineState
from downloads.engine.torrent import Torrent
from downloads.library.record import Record


def finish(engine: EngineState, torrent: Torrent) -> None:
    """Request a flush of the last blocks before anything else; all pieces are verified."""
    torrent.phase = Phase.FINISHING
    torrent.stand_still()
    torrent.flushes_due += 1
    engine.session.ask_to_flush(torrent.key)
    engine.must_admit = True


def publish(engine: EngineState, torrent: Torrent) -> None:
    """Start moving the data, which is complete and closed, into the library.

    Runs in a thread of `engine.publishers`.
    """
    about = torrent.metadata
    assert about is not None
    engine.publications[torrent.key] = engine.publishers.submit(
        engine.library.publish, torrent.key, about.original, torrent.chosen, torrent.where
    )


def collect_publications(engine: EngineState) -> None:
    """Process the publications that have ended, each as a success or a failure."""
    for key, publication in list(engine.publications.items()):
        if publication.done():
            del engine.publications[key]
            torrent = engine.torrents[key]
            engine.attempt(torrent, _published, engine, torrent, publication)


def _published(engine: EngineState, torrent: Torrent, publication: Future[Record]) -> None:
    try:
        torrent.record = publication.result()
    except OSError as error:
        text = f"The finished files could not be moved into the library: {error.strerror}."
        engine.fail(torrent, f"{text} Mend that, then retry; nothing is fetched again.")
    else:
        succeed(engine, torrent)
    if torrent.wanted is None:
        engine.drop(torrent)


def succeed(engine: EngineState, torrent: Torrent) -> None:
    """Mark a torrent as succeeded; its files are in the library."""
    assert torrent.record is not None
    torrent.stand_still()
    torrent.done = torrent.record.size
    torrent.phase = Phase.SUCCEEDED
    torrent.reason = ""
