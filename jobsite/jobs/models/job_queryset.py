"""Questions and guarded moves over many rows."""

from collections.abc import Collection
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
FURTHEST = 2 * LEASE  # none reaches further, unless the clock was set back since


class JobQuerySet(models.QuerySet):
    """The rows of one kind of job."""

    def visible_to(self, user: Any) -> Self:
        """The jobs that a person may know of: their own, without those being deleted."""
        return self.filter(owner=user, delete_requested=False)

    def transition(self, to: Status, **fields: Any) -> int:
        """Move the selected rows to a status, where the state machine allows it; how many moved.

        The stamps follow from the status; `fields` are set in the same UPDATE. An end is counted
        and put into the outbox in the same transaction.
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
        """Queue failed and cancelled jobs once more, as if for the first time; how many."""
        fresh = {"error": "", "message": "", "progress": 0, "losses": 0, "result": None}
        return self.filter(status__in=CAN_RETRY).transition(Status.QUEUED, **fresh)

    def eligible(self, per_owner: int | None = None) -> Self:
        """Queued jobs in the order in which they deserve a worker.

        Priority first, then fewest running jobs of the same owner, then age. Left out are owners
        who have as many running as their allowance says, or `per_owner` where it says nothing.
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
        """Take the next job for a worker: one compare-and-swap; None where there is none.

        The attempt is counted up and fences every later write of this run.
        """
        with transaction.atomic(using=self.db):
            # SQLite has one writer at a time and ignores the lock; PostgreSQL skips locked rows.
            locked = self.eligible(per_owner).select_for_update(skip_locked=True, of=("self",))
            pk = locked.values_list("pk", flat=True).first()
            if pk is None or not self.filter(pk=pk).take(worker):
                return None
            return self.get(pk=pk)

    def take(self, worker: Worker) -> int:
        """Move the selected queued rows into a worker's hands; how many were taken."""
        return self.transition(
            Status.RUNNING,
            attempt=F("attempt") + 1,
            worker=worker,
            lease_expires_at=timezone.now() + LEASE,
            cancel_requested=False,
        )

    def fenced(self, pk: Any, attempt: int) -> Self:
        """The row of a job while this attempt holds it; 0 rows updated: authority is lost."""
        return self.filter(pk=pk, attempt=attempt, status=Status.RUNNING)

    def renew(self) -> int:
        """Extend the lease of the selected running rows; how many are still held."""
        return self.filter(status=Status.RUNNING).update(lease_expires_at=timezone.now() + LEASE)

    def doubtful(self, gone: Collection[Any]) -> list[Any]:
        """Running rows whose lease is over or reaches too far, or whose worker is known as dead."""
        now = timezone.now()
        running = self.filter(status=Status.RUNNING)
        # Asked every second: a plain query and a look at its few rows cost less than a clever one.
        found = running.order_by().values_list("pk", "worker_id", "lease_expires_at")
        odd = [
            pk
            for pk, worker, lease in found
            if worker in gone or lease is None or not now <= lease <= now + FURTHEST
        ]
        return list(running.filter(pk__in=odd)) if odd else []
