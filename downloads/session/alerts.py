"""libtorrent's alerts about one torrent -> events: copies that outlive the next `pop_alerts`."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libtorrent as lt

from downloads.session import events
from jobsite.jobs.text import one_line


def progress(key: str, status: lt.torrent_status) -> events.Moved:
    """Return the progress of a torrent."""
    return events.Moved(
        key,
        size=status.total_wanted,
        done=status.total_wanted_done,
        rate_down=status.download_payload_rate,
        rate_up=status.upload_payload_rate,
        peers=status.num_peers,
        is_complete=status.is_finished,
        has_stopped_writing=bool(status.flags & lt.torrent_flags.upload_mode),
        needs_saving=bool(status.need_save_resume_data),
        fetched=status.total_payload_download,
        sent=status.total_payload_upload,
    )


def _error(key: str, error: lt.error_code, text: str) -> events.Failed:
    full = error.category() == lt.system_category() and error.value() == errno.ENOSPC
    return events.Failed(key, text, disk_full=full)


EVENTS: dict[type, Callable[[str, Any], events.Event]] = {
    lt.metadata_received_alert: lambda key, alert: events.MetadataArrived(key),
    lt.torrent_finished_alert: lambda key, alert: events.Finished(key),
    lt.cache_flushed_alert: lambda key, alert: events.Flushed(key),
    lt.save_resume_data_failed_alert: lambda key, alert: events.ResumeData(key, None),
    lt.torrent_error_alert: lambda key, alert: _error(key, alert.error, alert.error.message()),
    lt.file_error_alert: lambda key, alert: _error(
        key, alert.error, f"{alert.error.message()} ({Path(alert.filename()).name})"
    ),
    lt.metadata_failed_alert: lambda key, alert: events.BadDescription(key),
    lt.tracker_error_alert: lambda key, alert: events.TrackerSaid(
        key,
        alert.tracker_url(),
        refusal=one_line(alert.failure_reason()),
        failure="" if alert.failure_reason() else one_line(alert.error.message()),
    ),
    lt.tracker_warning_alert: lambda key, alert: events.TrackerSaid(
        key, alert.tracker_url(), refusal=one_line(alert.message().rpartition("warning: ")[2])
    ),
    lt.tracker_reply_alert: lambda key, alert: events.TrackerSaid(
        key, alert.tracker_url(), peers=alert.num_peers
    ),
    lt.dht_reply_alert: lambda key, alert: events.DhtSaid(key, alert.num_peers),
}
