"""Why a torrent makes no progress and what happens next, as a sentence that a person can act on.

The words change seldom, so that an idle row is not written each second.
"""

import time

from downloads.engine.peer_sources import PeerSources

NOBODY = (
    "No way to find peers: DHT is off or not allowed for it, and there are no usable trackers. "
    "Add it again with a tracker, or upload its .torrent file."
)


def of_metadata(
    sources: PeerSources, peers: int, tries: int, asking_for: float | None, rest: float
) -> str:
    """Return the reason of a torrent without its list of files, which asks for it or is queued."""
    if asking_for is None:
        again = f" {_tries(tries)} so far found nobody." if tries else ""
        when = f" in {roughly(rest)}" if rest > 0 else ""
        return f"Waiting for its turn to ask for the list of files{when}.{again}{sources.trouble}"
    if not sources.sources:
        return NOBODY
    found = f"{max(peers, sources.found)} peers found"
    if peers:
        found = f"{peers} {'peer' if peers == 1 else 'peers'}, none has sent it yet"
    so_far = f"try {tries}, {roughly(asking_for)} so far"
    return f"Asking {sources.sources} for the list of files: {found}, {so_far}.{sources.trouble}"


def of_silence(sources: PeerSources, peers: int, since: str) -> str:
    """Return the reason of a torrent that has received nothing since that time of day."""
    if not peers:
        if not sources.sources:
            return f"Stalled since {since}: no peer found. {NOBODY}"
        return (
            f"Stalled since {since}: no peer found; {sources.sources} asked, and asked again "
            f"by and by.{sources.trouble}"
        )
    view = sources.peers
    who = "1 peer" if peers == 1 else f"{peers} peers"
    if view is None:
        what = "nothing has come from them yet"
    elif not view.connected:
        what = "none can be connected to"
    elif not view.useful:
        what = "none has the missing pieces; it goes on when one that has comes"
    elif not view.sending:
        what = f"{view.useful} with missing pieces, all busy with others; a place is waited for"
    else:
        what = "promised pieces do not come; others are tried"
    return f"Stalled since {since}: {who}, {what}.{sources.trouble}"


def clock_at(moment: float, now: float) -> str:
    """Return a time of a steady clock as people say it: 10:42, with the day if it is long ago."""
    ago = max(0.0, now - moment)
    form = "%H:%M" if ago < 20 * 3600 else "%d %b, %H:%M"
    return time.strftime(form, time.localtime(time.time() - ago))


def roughly(seconds: float) -> str:
    """Return a duration in words that change seldom."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 60:
        return f"{int(seconds // 10) * 10} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    return f"{int(seconds // 3600)} h"


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"
