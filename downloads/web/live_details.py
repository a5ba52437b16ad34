"""The engine's answers for pages: details of a torrent, its rates, the line about the site."""

import time
from collections.abc import Collection
from typing import Any

from downloads.ipc import rate_history
from downloads.models.download import Download
from downloads.models.mailboxes import box, state_folder
from downloads.web.charts import Graph, graph, runs
from jobsite.jobs import slots
from jobsite.jobs.status import Status

ANSWERED_WITHIN, ASKED_EVERY = 1.5, 0.05  # seconds


def details_of(job: Download) -> dict[str, Any] | None:
    """Return peers, trackers, pieces and files of a running torrent, and keep asking for them."""
    if job.status != Status.RUNNING and not job.is_seeding:
        return None
    mailbox = box()
    mailbox.ask(job.info_hash)
    return mailbox.details(job.info_hash)


def file_shares(job: Download, numbers: Collection[int]) -> dict[int, float]:
    """Return how much of each of these files is here, from 0 to 1; empty: it is not known."""
    whole = 1.0 if job.status == Status.SUCCEEDED else job.progress or 0.0
    if len(numbers) == 1 or whole in {0.0, 1.0}:
        return dict.fromkeys(numbers, whole)
    live = waited_details(job)
    return dict(enumerate(live["files"])) if live and live.get("files") else {}


def waited_details(job: Download) -> dict[str, Any] | None:
    """Return the engine's details of a running torrent, once it has answered; None if it does not.

    The slot of this request is left to others meanwhile.
    """
    until = time.monotonic() + ANSWERED_WITHIN
    while (found := details_of(job)) is None and time.monotonic() < until:
        if job.status != Status.RUNNING and not job.is_seeding:
            return None
        with slots.released():
            time.sleep(ASKED_EVERY)
    return found


def pieces_drawn(details: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the piece map of the details, in runs of equal cells."""
    pieces = (details or {}).get("pieces")
    if not pieces:
        return None
    return {**pieces, "cells": len(pieces["map"]), "runs": runs(pieces["map"])}


def graphs(key: str) -> list[Graph]:
    """Return the rates of the last hour and the last day; empty if there never were any."""
    course = rate_history.read(state_folder() / "rates", key)
    drawn = []
    if course.hour:
        drawn.append(graph("The last hour", "an hour ago", course.hour, rate_history.HOUR))
    if course.day:
        drawn.append(graph("The last day", "a day ago", course.day, rate_history.DAY))
    return drawn
