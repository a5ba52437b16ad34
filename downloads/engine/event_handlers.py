"""Event handlers: what the reconciler does when the session reports something."""

import logging
from collections.abc import Callable
from typing import Any

from downloads.engine.adding import prefer
from downloads.engine.completing import finish, publish
from downloads.engine.interface import LogLine, Phase
from downloads.engine.peer_sources import TrackerAnswer, host_of
from downloads.engine.state import DISK_RETRY, EngineState
from downloads.engine.torrent import Torrent
from downloads.session import events
from downloads.session.metadata import BadMetadata, describe

log = logging.getLogger(__name__)

DISK_FULL = "The disk is full. The download goes on by itself when there is space."


def handle(engine: EngineState, event: events.Event | events.SessionMessage) -> None:
    """Handle one event; an event of a torrent that is no longer held is ignored."""
    if isinstance(event, events.SessionMessage):
        _log_message(engine, event)
        return
    torrent = engine.torrents.get(event.key)
    handler = _HANDLERS.get(type(event))
    if torrent is not None and handler is not None:
        engine.attempt(torrent, handler, engine, torrent, event)


def _log_message(engine: EngineState, message: events.SessionMessage) -> None:
    log.log(logging.WARNING if message.level == "warning" else logging.INFO, "%s", message.text)
    if isinstance(message, events.DhtReady):
        for torrent in engine.torrents.values():
            if torrent.asking_since is not None:
                engine.session.ask_for_peers(torrent.key)


def _moved(engine: EngineState, torrent: Torrent, event: events.Moved) -> None:
    torrent.fetched, torrent.sent = event.fetched, event.sent
    if torrent.phase is Phase.METADATA:
        torrent.peers = event.peers
    if torrent.phase in {Phase.DOWNLOADING, Phase.SEEDING}:
        torrent.uploaded = torrent.uploaded_before + event.sent
        torrent.rate_up, torrent.peers = event.rate_up, event.peers
    if torrent.phase is not Phase.DOWNLOADING:
        return
    if event.done > torrent.done or event.rate_down > torrent.rate_down:
        torrent.moved_at = engine.now
        torrent.sources.peers = None
    torrent.done, torrent.needs_saving = event.done, event.needs_saving
    torrent.rate_down = event.rate_down
    if event.is_complete:
        finish(engine, torrent)
    elif event.has_stopped_writing:
        _failed(engine, torrent, events.Failed(torrent.key, DISK_FULL, disk_full=True))


def _metadata(engine: EngineState, torrent: Torrent, event: events.MetadataArrived) -> None:
    """Check the list of files at once; data is already being downloaded.

    The flag default_dont_download would prevent that, but it makes the torrent "finished" for a
    moment: then both sides see two seeds and disconnect, and reconnect only a minute later.
    """
    if torrent.phase is not Phase.METADATA:
        return
    info = engine.session.info(torrent.key)
    if info is None:
        return
    torrent.asking_since = None
    try:
        torrent.metadata = describe(info)
    except BadMetadata as error:
        engine.fail(torrent, str(error))
        engine.library.discard_incomplete(torrent.key)
        return
    torrent.choose()
    engine.log_lines.append(
        LogLine(torrent.key, f"The list of files is here: {len(torrent.metadata.files)}.")
    )
    if torrent.wanted is not None and torrent.wanted.hold:
        engine.hold(torrent)
        return
    if torrent.is_picky:
        prefer(engine, torrent)
    torrent.phase = Phase.QUEUED
    torrent.not_before = 0.0
    engine.save(torrent)
    engine.must_admit = True


def _finished(engine: EngineState, torrent: Torrent, event: events.Finished) -> None:
    # The progress report has all the facts, including whether the torrent really is complete.
    engine.session.ask_for_progress()


def _flushed(engine: EngineState, torrent: Torrent, event: events.Flushed) -> None:
    # libtorrent also flushes by itself when it closes the files of a complete torrent.
    torrent.flushes_due = max(0, torrent.flushes_due - 1)
    torrent.pieces_on_disk = torrent.pieces_at_flush
    # A flush for a stream may still be in progress when the last piece arrives.
    if torrent.phase is Phase.FINISHING and not torrent.flushes_due:
        assert torrent.metadata is not None
        if torrent.metadata.v2:  # only now is everything known that its .torrent needs
            engine.take_out(torrent)
        else:
            engine.session.remove(torrent.key)


def _saved(engine: EngineState, torrent: Torrent, event: events.ResumeData) -> None:
    torrent.save_asked = False
    if event.data is not None:
        engine.store.save(torrent.key, event.data)
    if event.file:
        engine.store.keep_file(torrent.key, event.file)
    if torrent.is_going:
        engine.session.remove(torrent.key)


def _removed(engine: EngineState, torrent: Torrent, event: events.Removed) -> None:
    torrent.save_asked = torrent.is_going = False
    torrent.stop_playing()
    engine.must_admit = True
    if torrent.phase is Phase.FINISHING:
        publish(engine, torrent)
    elif torrent.phase is Phase.LEAVING:
        engine.drop(torrent)


def _failed(engine: EngineState, torrent: Torrent, event: events.Failed) -> None:
    if torrent.phase is Phase.SEEDING:
        engine.fail(torrent, f"{event.reason}.")
    if torrent.phase is not Phase.DOWNLOADING:
        return
    if event.disk_full:
        engine.log_lines.append(LogLine(torrent.key, DISK_FULL, "warning"))
        # On a full disk a flush never ends, so do not wait for it: piece recovery finds the data.
        engine.session.remove(torrent.key)
        engine.put_back(torrent, DISK_FULL, seconds=DISK_RETRY)
    else:
        engine.fail(torrent, f"The download stopped: {event.reason}. Mend that, then retry.")


def _conflict(engine: EngineState, torrent: Torrent, event: events.Conflict) -> None:
    """Fail the later of two torrents that are the v1 and the v2 hash of one hybrid torrent.

    One whose list of files is known is kept before one without; then the older one is kept.
    """
    other = engine.torrents.get(event.other)
    if other is None or Phase.FAILED in {torrent.phase, other.phase}:
        return
    first, second = sorted((torrent, other), key=lambda one: (one.metadata is None, one.order))
    engine.fail(
        second,
        "This is the same torrent as another one here: the v1 and the v2 hash of one hybrid. "
        "That one goes on; delete this one.",
    )
    # libtorrent has stopped both; removed and added again, it finds its peers at once.
    if first.phase is Phase.DOWNLOADING:
        engine.put_back(first, "")
    elif first.phase is Phase.METADATA and first.asking_since is not None:
        first.asking_since = None
        engine.take_out(first)


def _tracker(engine: EngineState, torrent: Torrent, event: events.TrackerSaid) -> None:
    answer = TrackerAnswer(event.peers, event.refusal, event.failure)
    known = torrent.sources.answers.get(event.url)
    torrent.sources.answers[event.url] = answer
    if answer.refusal and (known is None or known.refusal != answer.refusal):
        text = f"The tracker {host_of(event.url)} says: {answer.refusal[:200]}"
        engine.log_lines.append(LogLine(torrent.key, text, "warning"))


def _dht(engine: EngineState, torrent: Torrent, event: events.DhtSaid) -> None:
    torrent.sources.dht_peers = max(torrent.sources.dht_peers, event.peers)


def _bad_description(engine: EngineState, torrent: Torrent, event: events.BadDescription) -> None:
    text = "A peer sent a list of files that does not match the info hash; it was dropped."
    engine.log_lines.append(LogLine(torrent.key, text, "warning"))


_HANDLERS: dict[type[events.Event], Callable[[EngineState, Torrent, Any], None]] = {
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
