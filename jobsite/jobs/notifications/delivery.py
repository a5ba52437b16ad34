"""Delivery of the outbox, beside housekeeping and away from jobs and pages.

At least once: a delivery is taken by moving its due time beyond the longest try, so that it comes
back if its courier is killed. It is sent with its own id, by which a receiver recognises a repeat.
"""

import contextlib
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.utils import timezone

from jobsite.jobs import shutdown
from jobsite.jobs.models.kinds import job_model
from jobsite.jobs.models.notification import (
    DELIVERED,
    EMAIL,
    GIVEN_UP,
    PROGRAM,
    WAITING,
    WEBHOOK,
    Delivery,
)
from jobsite.jobs.notifications import programs
from jobsite.jobs.notifications.mail import send_email
from jobsite.jobs.notifications.message import NotDelivered
from jobsite.jobs.notifications.programs import run_program
from jobsite.jobs.notifications.webhooks import send_webhook
from jobsite.jobs.status import Status
from jobsite.jobs.storage import hold

log = logging.getLogger(__name__)

EVERY = 1.0
SENDERS = 4
LONGEST_TRY = timedelta(minutes=2)  # beside what a program may take
# Seconds until the next try, after each that failed; then it is given up.
BACK_OFF = [10, 60, 300, 1800, 7200, 21_600]


class Courier:
    """Delivers what is due by some methods, a few at a time: one for each person."""

    def __init__(self, *methods: str) -> None:
        self.methods = methods
        self.senders = ThreadPoolExecutor(SENDERS, "courier")
        self.lock = threading.Lock()
        self.served: set[Any] = set()

    def start(self) -> None:
        """Start a thread that works until the site stops."""
        threading.Thread(target=self.run, name="courier", daemon=True).start()

    def run(self) -> None:
        while not shutdown.is_cut(EVERY):
            try:
                if not hold.is_held():
                    self.round()
            except DatabaseError as error:
                log.warning("Notifications wait for the database: %s", error)
                connection.close()
            except Exception:
                log.exception("A round of the courier failed.")

    def round(self) -> None:
        """Start the due deliveries while threads are free. A slow server holds up nobody else."""
        while not shutdown.is_cut():
            with self.lock:
                served = set(self.served)
            delivery = self.next_for_others(served) if len(served) < SENDERS else None
            if delivery is None:
                return
            owner = delivery.channel.owner_id
            with self.lock:
                self.served.add(owner)
            self.senders.submit(self.serve, delivery, owner)

    def next_for_others(self, served: set[Any]) -> Delivery | None:
        """Return the first due delivery of a person who is not being served now."""
        due = Delivery.objects.filter(state=WAITING, due_at__lte=timezone.now())
        if not due.exists():  # asked every second, and mostly so
            return None
        mine = due.filter(channel__method__in=self.methods)
        rows = mine.exclude(channel__owner__in=served).order_by("due_at")
        return rows.select_related("channel__owner", "channel__program").first()

    def serve(self, delivery: Delivery, owner: Any) -> None:
        """Deliver one, in a thread of the pool."""
        try:
            deliver(delivery)
        except Exception:
            log.exception("Notification %s could not be dealt with.", delivery.pk)
        finally:
            connection.close()
            with self.lock:
                self.served.discard(owner)


def deliver(delivery: Delivery) -> None:
    """Take one delivery, try it and record the result."""
    if not take(delivery):
        return
    began = time.monotonic()
    put_files_in_place(delivery)
    try:
        answer, state = HOW[delivery.channel.method](delivery), DELIVERED
    except NotDelivered as error:
        answer, state = str(error), GIVEN_UP if error.for_good else WAITING
    except programs.Stopped:
        Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now())
        return
    note(delivery, state, answer)
    seconds = time.monotonic() - began
    log.info("Notification %s, try %d: %s (%.1f s)", delivery.pk, delivery.tries, state, seconds)


def put_files_in_place(delivery: Delivery) -> None:
    """Publish the job's files if its worker has not yet: a receiver may fetch them at once."""
    if delivery.job_id is None:  # a test
        return
    with contextlib.suppress(LookupError):  # a kind that is not installed any more
        rows = job_model(delivery.body["kind"]).objects.filter(pk=delivery.job_id)
        for job in rows.filter(status=Status.SUCCEEDED).defer("result"):
            job.publish()


def take(delivery: Delivery) -> bool:
    """Take a delivery for one try; return False if another courier was quicker."""
    longest = LONGEST_TRY
    if delivery.channel.program is not None:
        longest += timedelta(seconds=delivery.channel.program.timeout)
    now = timezone.now()
    delivery.tries += 1
    mine = Delivery.objects.filter(pk=delivery.pk, state=WAITING, tries=delivery.tries - 1)
    return bool(mine.update(tries=delivery.tries, tried_at=now, due_at=now + longest))


def note(delivery: Delivery, state: str, answer: str) -> None:
    """Record the result of a try; after a failure it is due again, each time later."""
    rest = timedelta()
    if state == WAITING:
        if delivery.tries > len(BACK_OFF):
            state = GIVEN_UP
        else:
            rest = timedelta(seconds=BACK_OFF[delivery.tries - 1])
    mine = Delivery.objects.filter(pk=delivery.pk, tries=delivery.tries)
    mine.update(state=state, answer=answer, due_at=timezone.now() + rest)


HOW = {WEBHOOK: send_webhook, EMAIL: send_email, PROGRAM: run_program}
