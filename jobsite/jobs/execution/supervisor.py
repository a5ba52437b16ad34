"""Supervision of one attempt of one job: lease, log, cancel, limits, outcome."""

import logging
import signal
import time
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from jobsite.jobs import log_context, processes, shutdown
from jobsite.jobs.execution import recording
from jobsite.jobs.execution.child_process import Child
from jobsite.jobs.execution.error_texts import death_sentence
from jobsite.jobs.execution.outcome import Outcome
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.job_queryset import AFRESH
from jobsite.jobs.status import Status

log = logging.getLogger(__name__)

# Seconds. The lease of 30 s outlives five renewals that fail.
RENEW_EVERY = 5.0
WRITE_EVERY = 1.0
CHECK_EVERY = 0.5
WEIGH_EVERY = 1.0
SIGN_EVERY = 2.0
CANCEL_GRACE = 1.0
NEARLY_DONE = 0.99
MOST_PROCESSES = 256
CPU_SLACK = 60  # imports

AGAIN = "The process that ran this job was ended by {signal}; the job starts again, once."
IMAGE_DIED = (
    "The process that starts jobs like this one died, and this one with it; it starts again."
)
STOPPING = "The site is stopping; the job goes on when it is back."


class Supervision:
    """One attempt, from its claim to its outcome."""

    def __init__(self, job: Job, child: Child) -> None:
        self.job = job
        self.child = child
        self.held = type(job).objects.fenced(job.pk, job.attempt)
        self.began = time.monotonic()
        self.fields: dict[str, Any] = {}
        self.lines: list[JobEvent] = []
        self.outcome: Outcome | None = None
        self.renewed = self.wrote = self.checked_at = self.measured_at = self.began
        self.database_away = False
        self.heard = False
        self.progress = 0.0
        self.oom_kills = processes.oom_kills()

    def run(self) -> None:
        """Supervise to the end and record the outcome."""
        log_context.set_job(self.job.pk)
        try:
            allowed, cpu = self.job.hard_time_limit, None
            if allowed is not None:
                # For the day on which nobody is there any more to look at the clock.
                cpu = int(allowed * settings.CORES) + CPU_SLACK
            self.child.assign(self.job, cpu)
            ending = self.watch()
            if ending is not None:
                recording.record(ending)
        finally:
            self.child.end()
            self.child.close()
            log_context.set_job("")

    def watch(self) -> Outcome | None:
        """Follow the child and return the outcome; None if this attempt has lost its authority."""
        while True:
            self.child.wait_for_news(0.25)
            alive = self.child.is_alive  # asked before reading: a dead child says nothing more
            self.read()
            if shutdown.is_cut():
                return self.stop()
            if not alive:
                return self.ended()
            verdict = self.limits()
            if verdict:
                self.child.end(CANCEL_GRACE)
                return self.of(Status.FAILED, verdict)
            if not self.is_ours():
                return None
            if self.job.cancel_requested:
                self.child.end(CANCEL_GRACE)
                self.read()
                return self.outcome or self.of(Status.CANCELLED)

    def read(self) -> None:
        """Process the messages of the child."""
        for message in self.child.messages():
            self.heard = True
            if "outcome" in message:
                self.outcome = self.of(
                    Status(message["outcome"]), message.get("error", ""), message.get("result")
                )
            elif "event" in message:
                self.lines.append(self.line(message["event"], message["level"]))
            elif "fields" in message:
                allowed = self.job.REPORTED & message["fields"].keys()
                self.fields |= {name: message["fields"][name] for name in allowed}
            else:
                # It never runs backwards, and is whole at the end alone.
                self.progress = max(self.progress, min(message["progress"], NEARLY_DONE))
                self.fields |= {"progress": self.progress, "message": message["message"]}

    def line(self, text: str, level: str) -> JobEvent:
        """Return a log line of this attempt, not saved yet."""
        return JobEvent(
            kind=self.job.kind,
            job_id=self.job.pk,
            attempt=self.job.attempt,
            level=level,
            text=text,
        )

    def is_ours(self) -> bool:
        """Call `consult_row`; go on without a database that does not answer."""
        try:
            held = self.consult_row()
        except DatabaseError as error:
            if not self.database_away:
                log.warning("Job %s goes on without its database: %s", self.job.pk, error)
            self.database_away = True
            connection.close()
            return True
        self.database_away = False
        return held

    def consult_row(self) -> bool:
        """Write what is new, renew the lease, check for a cancel; False: authority is lost."""
        now = time.monotonic()
        if not self.heard and now - self.wrote >= SIGN_EVERY:
            # Importing what a job needs takes seconds, and as many more on a busy machine.
            self.fields["message"] = f"Starting ({now - self.began:.0f} s)"
        write_due = (self.fields or self.lines) and now - self.wrote >= WRITE_EVERY
        if write_due or now - self.renewed >= RENEW_EVERY:
            self.renewed = self.wrote = now
            if not self.write():
                return False
        if now - self.checked_at >= CHECK_EVERY:
            self.checked_at = now
            asked = self.held.values_list("cancel_requested", flat=True).first()
            if asked is None:
                return False
            self.job.cancel_requested = asked
        return True

    def write(self) -> bool:
        """Write everything pending in one fenced UPDATE, which also renews the lease."""
        with transaction.atomic():
            if self.fields and not self.held.update(**self.fields):
                return False
            if not self.held.renew():
                return False
            JobEvent.objects.bulk_create(self.lines)
        self.fields, self.lines = {}, []
        return True

    def limits(self) -> str | None:
        """Return the sentence for a limit that the child has crossed, if any."""
        allowed = self.job.hard_time_limit
        if allowed is not None and time.monotonic() - self.began > allowed:
            return f"The job ran longer than its limit of {allowed:.0f} s and was stopped."
        if time.monotonic() - self.measured_at < WEIGH_EVERY:
            return None
        self.measured_at = time.monotonic()
        if (count := len(self.child.family())) > MOST_PROCESSES:
            return (
                f"The job started {count} processes; {MOST_PROCESSES} are the most a job may run."
            )
        most = self.job.memory_limit_mb
        if most is None:
            return None
        if most < self.job.least_memory_mb:
            return (
                f"The job needs at least {self.job.least_memory_mb} MB of memory; its limit is "
                f"{most} MB. Ask the operator for more."
            )
        if (used := self.child.memory_mb()) > most:
            return (
                f"The job used {used:.0f} MB of memory; its limit is {most} MB, so it was stopped. "
                "Try fewer rows, columns or algorithms, or ask the operator for more memory."
            )
        return None

    def ended(self) -> Outcome | None:
        """Return the outcome of a child that is dead."""
        status = self.child.end()
        self.read()
        try:
            self.write()
        except DatabaseError:
            connection.close()
        if self.outcome:
            return self.outcome
        if self.job.cancel_requested:
            return self.of(Status.CANCELLED)
        out_of_memory = processes.oom_kills() > self.oom_kills
        is_over_limit = out_of_memory or status == -signal.SIGXCPU
        again = status < 0 and not is_over_limit
        if again and self.child.is_lost and self.job.losses + 1 < (self.job.max_losses or 2**31):
            self.run_again(IMAGE_DIED)
            return None
        if again and not self.child.is_lost and self.job.deaths + 1 < self.job.max_deaths:
            name = signal.Signals(-status).name
            self.run_again(AGAIN.format(signal=name), deaths=F("deaths") + 1)
            return None
        sentence = death_sentence(status, out_of_memory=out_of_memory)
        return self.of(Status.FAILED, sentence)

    def run_again(self, why: str, **counts: Any) -> None:
        """Queue the job again after an end that it did not ask for; a free worker claims it."""
        with transaction.atomic():
            if self.held.transition(Status.QUEUED, losses=F("losses") + 1, **counts, **AFRESH):
                self.job.log(why, "warning")

    def stop(self) -> Outcome | None:
        """Save, end the child and put the job back into the queue, because the site stops."""
        if self.job.stop_grace:
            self.child.save_and_end(self.job.stop_grace)
        else:
            self.child.end()
        self.read()
        if self.outcome and (self.outcome.status is Status.FAILED or not self.job.stop_grace):
            return self.outcome
        with transaction.atomic():
            if self.held.transition(Status.QUEUED, **self.fields | AFRESH):
                self.job.log(STOPPING)
        return None

    def of(self, status: Status, error: str = "", result: dict | None = None) -> Outcome:
        """Return an outcome of this attempt."""
        return Outcome(self.job.kind, str(self.job.pk), self.job.attempt, status, error, result)
