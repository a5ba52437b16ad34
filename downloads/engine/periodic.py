"""Periodic work of the reconciler: metadata queue, admission, rate limits, free space, saving."""

import logging
import shutil

from downloads.engine.adding import add, start
from downloads.engine.admission import Busy, Candidate, Room, admit
from downloads.engine.interface import Phase
from downloads.engine.metadata_queue import PARKED_AFTER, TURN, Asker, next_in_rotation, rest_after
from downloads.engine.state import EngineState
from downloads.engine.torrent import Torrent
from downloads.rate_limits import Speed, share_out, tightest
from jobsite.jobs.storage.files import write_atomically

log = logging.getLogger(__name__)

SAVE_EVERY = 30.0
# What arrived since the last save is recovered from the disk; these values bound that work.
SAVE_SOON = 1.0
SAVE_BYTES = 32 * 2**20
RECHECK_AFTER = 15.0
LOOKS_AT_ONCE = 3
SEED_LOOK_EVERY, SEEDS_AT_ONCE = 10.0, 20

PARKED = (
    f"Parked: nobody had the list of files in {PARKED_AFTER} tries over a day. Resume asks again."
)
GONE = (
    "“{path}” is not in the library any more, or has another size. Put it back and seed again, or "
    "check the data: what is missing is fetched."
)


def rotate_metadata(engine: EngineState) -> None:
    """Give slots of the metadata queue to the torrents that are next."""
    askers = [
        Asker(one.key, one.order, one.tries, one.asking_since, one.not_before)
        for one in engine.torrents.values()
        if one.phase is Phase.METADATA
        and not engine.session.is_leaving(one.key)
        and engine.journal.may_begin(one.key)
    ]
    begin, end = next_in_rotation(askers, engine.now)
    for key in end:
        torrent = engine.torrents[key]
        engine.attempt(torrent, _end_turn, engine, torrent)
    for key in begin:
        torrent = engine.torrents[key]
        if engine.journal.may_begin(key):  # another suspect may have started just now
            engine.attempt(torrent, _ask, engine, torrent)


def _end_turn(engine: EngineState, torrent: Torrent) -> None:
    assert torrent.asking_since is not None
    lasted = engine.now - torrent.asking_since
    torrent.asking_since = None
    rest = 0.0
    if lasted >= TURN:  # else a new torrent took its slot early
        torrent.in_vain += 1
        rest = rest_after(torrent.in_vain)
    torrent.not_before = engine.now + rest
    engine.take_out(torrent)
    if torrent.in_vain >= PARKED_AFTER:
        torrent.phase, torrent.reason = Phase.PARKED, PARKED


def _ask(engine: EngineState, torrent: Torrent) -> None:
    torrent.tries += 1
    torrent.asking_since = engine.now
    if add(engine, torrent, engine.params(torrent)):
        engine.session.ask_for_peers(torrent.key)


def watch_disk(engine: EngineState) -> None:
    """Put all downloads back into the queue if free space falls below the floor.

    This happens when something else uses up the disk.
    """
    if _free(engine) >= engine.options.floor:
        return
    for torrent in engine.torrents.values():
        if torrent.phase is Phase.DOWNLOADING:
            engine.put_back(torrent, "The disk has become too full to go on.")


def watch_seeds(engine: EngineState) -> None:
    """End the seeds whose files are gone from the library: open files would be uploaded on."""
    due = [
        one
        for one in engine.torrents.values()
        if one.phase is Phase.SEEDING and engine.now - one.looked_at >= SEED_LOOK_EVERY
    ]
    for torrent in sorted(due, key=lambda one: one.looked_at)[:SEEDS_AT_ONCE]:
        torrent.looked_at = engine.now
        assert torrent.record is not None
        if gone := engine.library.missing(torrent.record):
            engine.fail(torrent, GONE.format(path=gone))


def start_next(engine: EngineState) -> None:
    """Start the torrents that may start, and set the reason why each of the others waits."""
    candidates, busy = [], []
    for one in engine.torrents.values():
        if one.phase in {Phase.DOWNLOADING, Phase.CHECKING}:
            is_extra = one.is_slow(engine.now) or _is_forced(one)
            busy.append(Busy(one.remaining, is_extra, _owner(one)))
        elif _may_start(engine, one) and engine.journal.may_begin(one.key):
            assert one.wanted is not None
            rank = (not one.wanted.forced, *one.wanted.rank, one.order)
            owner, forced = one.wanted.owner, one.wanted.forced
            candidates.append(Candidate(one.key, one.remaining, rank, owner, forced))
    if not candidates:
        return
    room = Room(engine.options.active, _free(engine), engine.options.floor, engine.space_left)
    admitted, reasons = admit(candidates, busy, room)
    for key in admitted:
        torrent = engine.torrents[key]
        if engine.journal.may_begin(key):
            engine.attempt(torrent, start, engine, torrent)
    for key, reason in reasons.items():
        torrent = engine.torrents[key]
        torrent.reason = reason
        if engine.session.has(key):
            engine.put_back(torrent, reason)


def _owner(torrent: Torrent) -> str:
    return torrent.wanted.owner if torrent.wanted else ""


def _is_forced(torrent: Torrent) -> bool:
    return torrent.wanted is not None and torrent.wanted.forced


def _may_start(engine: EngineState, torrent: Torrent) -> bool:
    waits = torrent.phase is Phase.QUEUED and not torrent.is_going
    return (
        waits
        and not engine.session.is_leaving(torrent.key)
        and torrent.metadata is not None
        and torrent.not_before <= engine.now
    )


def save_due(engine: EngineState) -> None:
    """Request resume data of those that have changed since the last save.

    A torrent is due after `SAVE_EVERY` seconds, or after `SAVE_SOON` if `SAVE_BYTES` have arrived.
    """
    for torrent in engine.torrents.values():
        if torrent.phase is not Phase.DOWNLOADING or not torrent.needs_saving:
            continue
        age = engine.now - torrent.saved_at
        came = torrent.done - torrent.saved_done
        if age >= SAVE_EVERY or (age >= SAVE_SOON and came >= SAVE_BYTES):
            engine.save(torrent)


def limit_rates(engine: EngineState) -> None:
    """Set the rate limits: of the session, of each owner's torrents together, of each torrent."""
    engine.session.limit_all(engine.speeds.everything)
    running = [
        one
        for one in engine.torrents.values()
        # Data arrives as soon as the list of files is known, so the limits are set before that.
        if one.phase in {Phase.METADATA, Phase.DOWNLOADING, Phase.SEEDING}
        and one.wanted
        and engine.session.has(one.key)
    ]
    down: dict[str, int] = {}
    up: dict[str, int] = {}
    for owner, speed in engine.speeds.owners.items():
        theirs = [one for one in running if _owner(one) == owner]
        if speed.down:
            down |= share_out(speed.down, {one.key: one.rate_down for one in theirs})
        if speed.up:
            up |= share_out(speed.up, {one.key: one.rate_up for one in theirs})
    for one in running:
        assert one.wanted is not None
        own = one.wanted.speed
        both = (tightest(own.down, down.get(one.key, 0)), tightest(own.up, up.get(one.key, 0)))
        engine.session.limit(one.key, Speed(*both))


def explain_silence(engine: EngineState) -> None:
    """Find out why connected peers send nothing, for `LOOKS_AT_ONCE` torrents at a time."""
    quiet = [
        one
        for one in engine.torrents.values()
        if one.peers
        and one.is_quiet(engine.now)
        and engine.now - one.sources.checked_at >= RECHECK_AFTER
        and engine.session.has(one.key)
    ]
    quiet.sort(key=lambda one: one.sources.checked_at)
    for one in quiet[:LOOKS_AT_ONCE]:
        one.sources.checked_at = engine.now
        one.sources.peers = engine.session.peer_view(one.key)


def count_files(engine: EngineState) -> None:
    """Read the bytes done of each file, if the owners want different files."""
    for one in engine.torrents.values():
        if one.phase is Phase.DOWNLOADING and one.is_uneven and engine.session.has(one.key):
            one.files_done = engine.session.files_done(one.key)


def save_session(engine: EngineState) -> None:
    """Save the DHT's nodes for the next start."""
    try:
        write_atomically(engine.state_file, engine.session.state(), durable=True)
    except OSError as error:
        log.warning("The state of the session could not be kept: %s", error)


def _free(engine: EngineState) -> int:
    """Return the free bytes of the download folder; 0 if it cannot be read."""
    try:
        return shutil.disk_usage(engine.options.downloads).free
    except OSError as error:
        log.warning("The download folder cannot be looked at: %s", error)
        return 0
