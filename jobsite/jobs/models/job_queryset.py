"""Queries and guarded status transitions on job rows."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from jobsite.jobs.models import outbox
from jobsite.jobs.models.allowance import Allowance
from jobsite.jobs.models.tally import Tally
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.status import ALLOWED_FROM, CAN_RETRY, FINISHED, Status

LEASE = timedelta(seconds=30)
FURTHEST = 2 * LEASE  # no lease ends later than this, unless the clock was set back


class JobQuerySet(models.QuerySet):
    """The job rows of one kind, with the only code that changes `status`."""

    def visible_to(self, user: Any) -> Self:
        """Return the jobs that a user may see: their own, except those being deleted."""
        return self.filter(owner=user, delete_requested=False)

    def transition(self, to: Status, **fields: Any) -> int:
        """Change the selected rows to a status if the state machine allows it; return how many.

        Timestamps follow from the status; `fields` are set in the same UPDATE. For a finished
        status, the tally and the outbox are written in the same transaction.
        """
        now = timezone.now()
        allowed = self.filter(status__in=ALLOWED_FROM[to])
        if to not in FINISHED:
            return allowed._move(to, now, fields)
        with transaction.atomic(using=self.db):
            announced = outbox.announced(allowed, to)
            moved = allowed._move(to, now, fields)
            if moved:
                kind: str = self.model.kind  # type: ignore[attr-defined]
                Tally.add(to, kind, moved)
            if moved and announced:
                ended: Any = self.model._default_manager.filter(
                    pk__in=announced, status=to, finished_at=now
                )
                outbox.write(((job.owner_id, job.pk, job.as_event()) for job in ended), to)
        return moved

    def _move(self, to: Status, now: datetime, fields: dict[str, Any]) -> int:
        stamps: dict[str, Any] = {"finished_at": now if to in FINISHED else None}
        if to is Status.QUEUED:
            stamps |= {"queued_at": now, "started_at": None}
        if to is Status.RUNNING:
            stamps |= {"started_at": now}
        else:
            stamps |= {"worker": None, "lease_expires_at": None, "cancel_requested": False}
        return self.update(status=to, **{**stamps, **fields})

    def requeue_by_hand(self) -> int:
        """Queue failed and cancelled jobs again with a clean state; return how many."""
        fresh = {
            "error": "",
            "message": "",
            "progress": 0,
            "losses": 0,
            "deaths": 0,
            "result": None,
        }
        return self.filter(status__in=CAN_RETRY).transition(Status.QUEUED, **fresh)

    def eligible(self, per_owner: int | None = None) -> Self:
        """Return the queued jobs in the order in which workers should take them.

        Order: highest priority, then fewest running jobs of the same owner, then oldest. Jobs are
        left out if their owner already has as many running as their allowance permits, or as
        `per_owner` permits if the allowance sets none (0: no limit).
        """
        running = (
            self.model._default_manager.filter(owner=OuterRef("owner"), status=Status.RUNNING)
            .order_by()
            .values("owner")
            .annotate(n=Count("pk"))
            .values("n")
        )
        queued = self.filter(status=Status.QUEUED, delete_requested=False).annotate(
            share=Coalesce(Subquery(running), Value(0))
        )
        own = Allowance.objects.filter(user=OuterRef("owner")).values("running")[:1]
        queued = queued.annotate(most=Coalesce(Subquery(own), Value(per_owner or 0)))
        queued = queued.filter(Q(most=0) | Q(share__lt=F("most")))
        return queued.order_by("-priority", "share", "queued_at", "pk")

    def claim(self, worker: Worker, per_owner: int | None = None) -> Any | None:
        """Assign the next job to a worker in one compare-and-swap; return it, or None.

        The incremented `attempt` is the fencing token of every later write of this run.
        """
        with transaction.atomic(using=self.db):
            # SQLite has a single writer and ignores the row lock; PostgreSQL skips locked rows.
            locked = self.eligible(per_owner).select_for_update(skip_locked=True, of=("self",))
            pk = locked.values_list("pk", flat=True).first()
            if pk is None or not self.filter(pk=pk).take(worker):
                return None
            return self.get(pk=pk)

    def take(self, worker: Worker) -> int:
        """Mark the selected queued rows as running on a worker, with a lease; return how many."""
        return self.transition(
            Status.RUNNING,
            attempt=F("attempt") + 1,
            worker=worker,
            lease_expires_at=timezone.now() + LEASE,
            cancel_requested=False,
        )

    def fenced(self, pk: Any, attempt: int) -> Self:
        """Select a job only while this attempt holds it.

        An update of 0 rows means that the attempt has lost its authority to write.
        """
        return self.filter(pk=pk, attempt=attempt, status=Status.RUNNING)

    def renew(self) -> int:
        """Extend the lease of the selected running rows; return how many are still held."""
        return self.filter(status=Status.RUNNING).update(lease_expires_at=timezone.now() + LEASE)

    def doubtful(self) -> list[Any]:
        """Return running jobs with an expired or far-future lease."""
        now = timezone.now()
        running = self.filter(status=Status.RUNNING)
        # This runs every second: filtering the few rows here costs less than an elaborate query.
        found = running.order_by().values_list("pk", "lease_expires_at")
        odd = [pk for pk, lease in found if lease is None or not now <= lease <= now + FURTHEST]
        return list(running.filter(pk__in=odd)) if odd else []
