"""What the reconciler does when the session reports something."""

import logging
from collections.abc import Callable
from typing import Any

from downloads.engine.adding import prefer
from downloads.engine.completing import finish, publish
from downloads.engine.interface import Phase, Remark
from downloads.engine.peer_sources import Answer, host_of
from downloads.engine.state import DISK_RETRY, Moves
from downloads.engine.torrent import Torrent
from downloads.session import events
from downloads.session.metadata import BadMetadata, describe

log = logging.getLogger(__name__)

DISK_FULL = "The disk is full. The download goes on by itself when there is space."


def heed(moves: Moves, event: events.Event | events.Notice) -> None:
    """Act on one event; what is told of a torrent that is gone is nobody's business any more."""
    if isinstance(event, events.Notice):
        _notice(moves, event)
        return
    torrent = moves.torrents.get(event.key)
    reaction = _REACTIONS.get(type(event))
    if torrent is not None and reaction is not None:
        moves.attempt(torrent, reaction, moves, torrent, event)


def _notice(moves: Moves, notice: events.Notice) -> None:
    log.log(logging.WARNING if notice.level == "warning" else logging.INFO, "%s", notice.text)
    if isinstance(notice, events.DhtReady):
        for torrent in moves.torrents.values():
            if torrent.asking_since is not None:
                moves.session.ask_for_peers(torrent.key)


def _moved(moves: Moves, torrent: Torrent, event: events.Moved) -> None:
    torrent.fetched, torrent.sent = event.fetched, event.sent
    if torrent.phase is Phase.METADATA:
        torrent.peers = event.peers
    if torrent.phase in {Phase.DOWNLOADING, Phase.SEEDING}:
        torrent.uploaded = torrent.uploaded_before + event.sent
        torrent.rate_up, torrent.peers = event.rate_up, event.peers
    if torrent.phase is not Phase.DOWNLOADING:
        return
    if event.done > torrent.done or event.rate_down > torrent.rate_down:
        torrent.moved_at = moves.now
        torrent.heard.peers = None
    torrent.done, torrent.needs_saving = event.done, event.needs_saving
    torrent.rate_down = event.rate_down
    if event.is_complete:
        finish(moves, torrent)
    elif event.has_stopped_writing:
        _failed(moves, torrent, events.Failed(torrent.key, DISK_FULL, disk_full=True))


def _metadata(moves: Moves, torrent: Torrent, event: events.MetadataArrived) -> None:
    """Check the list of files at once; data flows already.

    The flag default_dont_download would hold it back, but makes the torrent "finished" for a
    moment: then both sides see two seeds and hang up, and meet again a minute later.
    """
    if torrent.phase is not Phase.METADATA:
        return
    info = moves.session.info(torrent.key)
    if info is None:
        return
    torrent.asking_since = None
    try:
        torrent.metadata = describe(info)
    except BadMetadata as error:
        moves.fail(torrent, str(error))
        moves.library.discard_incomplete(torrent.key)
        return
    torrent.choose()
    moves.remarks.append(
        Remark(torrent.key, f"The list of files is here: {len(torrent.metadata.files)}.")
    )
    if torrent.wanted is not None and torrent.wanted.hold:
        moves.hold(torrent)
        return
    if torrent.is_picky:
        prefer(moves, torrent)
    torrent.phase = Phase.QUEUED
    torrent.not_before = 0.0
    moves.save(torrent)
    moves.must_admit = True


def _finished(moves: Moves, torrent: Torrent, event: events.Finished) -> None:
    # Its progress tells all that there is to know, and whether it really is whole.
    moves.session.ask_for_progress()


def _flushed(moves: Moves, torrent: Torrent, event: events.Flushed) -> None:
    # libtorrent flushes unasked, too, when it closes the files of a torrent that is complete.
    torrent.flushes_due = max(0, torrent.flushes_due - 1)
    torrent.pieces_on_disk = torrent.pieces_at_flush
    # A flush for somebody who plays it may still be under way when the last piece comes.
    if torrent.phase is Phase.FINISHING and not torrent.flushes_due:
        assert torrent.metadata is not None
        if torrent.metadata.v2:  # only now all is known that belongs into its .torrent
            moves.take_out(torrent)
        else:
            moves.session.remove(torrent.key)


def _saved(moves: Moves, torrent: Torrent, event: events.ResumeData) -> None:
    torrent.save_asked = False
    if event.data is not None:
        moves.store.save(torrent.key, event.data)
    if event.file:
        moves.store.keep_file(torrent.key, event.file)
    if torrent.is_going:
        moves.session.remove(torrent.key)


def _removed(moves: Moves, torrent: Torrent, event: events.Removed) -> None:
    torrent.save_asked = torrent.is_going = False
    torrent.stop_playing()
    moves.must_admit = True
    if torrent.phase is Phase.FINISHING:
        publish(moves, torrent)
    elif torrent.phase is Phase.LEAVING:
        moves.drop(torrent)


def _failed(moves: Moves, torrent: Torrent, event: events.Failed) -> None:
    if torrent.phase is Phase.SEEDING:
        moves.fail(torrent, f"{event.reason}.")
    if torrent.phase is not Phase.DOWNLOADING:
        return
    if event.disk_full:
        moves.remarks.append(Remark(torrent.key, DISK_FULL, "warning"))
        # On a full disk a flush never ends, so it is not waited for: what lies there is found.
        moves.session.remove(torrent.key)
        moves.put_back(torrent, DISK_FULL, seconds=DISK_RETRY)
    else:
        moves.fail(torrent, f"The download stopped: {event.reason}. Mend that, then retry.")


def _conflict(moves: Moves, torrent: Torrent, event: events.Conflict) -> None:
    """Both hashes of a hybrid torrent were added: the later one gives way to the earlier."""
    other = moves.torrents.get(event.other)
    if other is None or Phase.FAILED in {torrent.phase, other.phase}:
        return
    first, second = sorted((torrent, other), key=lambda one: (one.metadata is None, one.order))
    moves.fail(
        second,
        "This is the same torrent as another one here: the v1 and the v2 hash of one hybrid. "
        "That one goes on; delete this one.",
    )
    # Both have stopped; out of the session and in again, it finds its peers at once.
    if first.phase is Phase.DOWNLOADING:
        moves.put_back(first, "")
    elif first.phase is Phase.METADATA and first.asking_since is not None:
        first.asking_since = None
        moves.take_out(first)


def _tracker(moves: Moves, torrent: Torrent, event: events.TrackerSaid) -> None:
    answer = Answer(event.peers, event.refusal, event.failure)
    known = torrent.heard.answers.get(event.url)
    torrent.heard.answers[event.url] = answer
    if answer.refusal and (known is None or known.refusal != answer.refusal):
        text = f"The tracker {host_of(event.url)} says: {answer.refusal[:200]}"
        moves.remarks.append(Remark(torrent.key, text, "warning"))


def _dht(moves: Moves, torrent: Torrent, event: events.DhtSaid) -> None:
    torrent.heard.dht_peers = max(torrent.heard.dht_peers, event.peers)


def _bad_description(moves: Moves, torrent: Torrent, event: events.BadDescription) -> None:
    text = "A peer sent a list of files that does not match the info hash; it was dropped."
    moves.remarks.append(Remark(torrent.key, text, "warning"))


_REACTIONS: dict[type[events.Event], Callable[[Moves, Torrent, Any], None]] = {
    events.Moved: _moved,
    events.MetadataArrived: _metadata,
    events.Finished: _finished,
    events.Flushed: _flushed,
    events.ResumeData: _saved,
    events.Removed: _removed,
    events.Failed: _failed,
    events.Conflict: _conflict,
    events.TrackerSaid: _tracker,
    events.DhtSaid: _dht,
    events.BadDescription: _bad_description,
}
