"""Queries and guarded status transitions on job rows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from jobsite.jobs.models import outbox
from jobsite.jobs.models.allowance import Allowance
from jobsite.jobs.models.tally import Tally
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.status import ALLOWED_FROM, CAN_RETRY, FINISHED, Status

LEASE = timedelta(seconds=30)
FURTHEST = 2 * LEASE  # no lease ends later than this, unless the clock was set back
# An attempt that starts again has done nothing yet.
AFRESH: dict[str, Any] = {"message": "", "progress": 0}


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
            **AFRESH,
            "error": "",
            "losses": 0,
            "deaths": 0,
            "result": None,
        }
        return self.filter(status__in=CAN_RETRY).transition(Status.QUEUED, **fresh)

    def eligible(self, per_owner: int | None = None) -> Self:
        """Return the queued jobs of owners who may have another one running.

        Their allowance says how many, or `per_owner` where it does not (0 or None: no limit).
        """
        return self._within(self.shares(), per_owner)

    def shares(self) -> dict[Any, int]:
        """Return how many jobs of this kind run now, by owner; those without an owner are left out.

        There are as many at most as there are workers. Asked for once, instead of by a subquery for
        each of ten thousand queued rows.
        """
        running = self.model._default_manager.filter(status=Status.RUNNING, owner__isnull=False)
        return dict(running.order_by().values_list("owner").annotate(Count("pk")))

    def _within(self, shares: Mapping[Any, int], per_owner: int | None) -> Self:
        own = Allowance.objects.filter(user__in=shares, running__isnull=False)
        limits = dict(own.values_list("user", "running"))
        full = [
            owner
            for owner, running in shares.items()
            if (most := limits.get(owner, per_owner or 0)) and running >= most
        ]
        return self.filter(status=Status.QUEUED, delete_requested=False).exclude(owner__in=full)

    def ahead_of(self, job: Any) -> int:
        """Return how many queued jobs, of all owners, will probably be taken before this one."""
        queued = self.filter(status=Status.QUEUED, delete_requested=False)
        earlier = Q(queued_at__lt=job.queued_at) & Q(priority=job.priority)
        return queued.filter(Q(priority__gt=job.priority) | earlier).count()

    def claim(self, worker: Worker, per_owner: int | None = None) -> Any | None:
        """Assign the next job to a worker in one compare-and-swap; return it, or None.

        Order: highest priority, then fewest running jobs of the same owner, then oldest. The
        incremented `attempt` is the fencing token of every later write of this run.
        """
        with transaction.atomic(using=self.db):
            shares = self.shares()
            pk = self._within(shares, per_owner)._first_of(shares)
            if pk is None or not self.filter(pk=pk).take(worker):
                return None
            return self.get(pk=pk)

    def _first_of(self, shares: Mapping[Any, int]) -> Any | None:
        """Return the key of the first of these jobs in the order of `claim`, locked; None if none.

        Each query stops at the first row that it finds in the index by priority and age.
        """
        # SQLite has a single writer and ignores the row lock; PostgreSQL skips locked rows.
        rows = self.order_by("-priority", "queued_at", "pk").values_list("priority", "pk")
        rows = rows.select_for_update(skip_locked=True, of=("self",))
        found = rows.exclude(owner__in=shares).first()
        for share in sorted(set(shares.values())):
            if found is not None:  # more running jobs are outweighed by a higher priority alone
                rows = rows.filter(priority__gt=found[0])
            owners = [owner for owner, running in shares.items() if running == share]
            found = rows.filter(owner__in=owners).first() or found
        return found[1] if found else None

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
