"""The engine's answers for pages: details of a torrent, its rates, the line about the site."""

from pathlib import Path
from typing import Any

from django.conf import settings

from downloads.ipc import rate_history
from downloads.ipc.torrent_details import LINE, LINE_LASTS, DetailsMailbox
from downloads.models.download import Download
from downloads.web.charts import Graph, graph, runs
from jobsite.jobs.status import Status


def box() -> DetailsMailbox:
    """Return the mailbox by which pages and the engine exchange messages."""
    return DetailsMailbox(_state() / "watched")


def details_of(job: Download) -> dict[str, Any] | None:
    """Return peers, trackers, pieces and files of a running torrent, and keep asking for them."""
    if job.status != Status.RUNNING and not job.is_seeding:
        return None
    mailbox = box()
    mailbox.ask(job.info_hash)
    return mailbox.details(job.info_hash)


def site_line() -> dict[str, Any] | None:
    """Return the rates of everything together and the free space; None while no engine runs."""
    return box().details(LINE, LINE_LASTS)


def pieces_drawn(details: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the piece map of the details, in runs of equal cells."""
    pieces = (details or {}).get("pieces")
    if not pieces:
        return None
    return {**pieces, "cells": len(pieces["map"]), "runs": runs(pieces["map"])}


def graphs(key: str) -> list[Graph]:
    """Return the rates of the last hour and the last day; empty if there never were any."""
    course = rate_history.read(_state() / "rates", key)
    drawn = []
    if course.hour:
        drawn.append(graph("The last hour", "an hour ago", course.hour, rate_history.HOUR))
    if course.day:
        drawn.append(graph("The last day", "a day ago", course.day, rate_history.DAY))
    return drawn


def _state() -> Path:
    return Path(settings.DATA_DIR) / "swarm"
