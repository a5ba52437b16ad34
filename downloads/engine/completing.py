"""Out of the session into the library: flushed, closed, moved to its place, told."""

from concurrent.futures import Future

from downloads.engine.interface import Phase
from downloads.engine.state import Moves
from downloads.engine.torrent import Torrent
from downloads.library.record import Record, Where


def finish(moves: Moves, torrent: Torrent) -> None:
    """All pieces are verified: have the last blocks written before anything else."""
    torrent.phase = Phase.FINISHING
    torrent.stand_still()
    torrent.flushes_due += 1
    moves.session.ask_to_flush(torrent.key)
    moves.must_admit = True


def publish(moves: Moves, torrent: Torrent) -> None:
    """Have the data, which is whole and closed, moved to where people look for it."""
    about = torrent.metadata
    assert about is not None
    wanted = torrent.wanted
    where = Where(wanted.folder, wanted.save_as, wanted.layout) if wanted else Where()
    moves.publications[torrent.key] = moves.publishers.submit(
        moves.library.publish, torrent.key, about.original, torrent.chosen, where
    )


def collect_publications(moves: Moves) -> None:
    """Tell of those whose files are in their place by now."""
    for key, publication in list(moves.publications.items()):
        if publication.done():
            del moves.publications[key]
            torrent = moves.torrents[key]
            moves.attempt(torrent, _published, moves, torrent, publication)


def _published(moves: Moves, torrent: Torrent, publication: Future[Record]) -> None:
    try:
        torrent.record = publication.result()
    except OSError as error:
        text = f"The finished files could not be moved into the library: {error.strerror}."
        moves.fail(torrent, f"{text} Mend that, then retry; nothing is fetched again.")
    else:
        succeed(moves, torrent)
    if torrent.wanted is None:
        moves.drop(torrent)


def succeed(moves: Moves, torrent: Torrent) -> None:
    """The files are in their place."""
    assert torrent.record is not None
    torrent.stand_still()
    torrent.done = torrent.record.size
    torrent.phase = Phase.SUCCEEDED
    torrent.reason = ""
