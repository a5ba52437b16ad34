"""The outbox: notifications are written in the transaction that ends a job and sent elsewhere."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import models

from jobsite.jobs.models.notification import Channel, Delivery
from jobsite.jobs.status import Status


def announced(rows: models.QuerySet, to: Status) -> list[Any]:
    """Return the keys of the rows whose owner has a channel for the status `to`.

    Called before the transition, in the same transaction.
    """
    listening = Channel.objects.filter(**{to.value: True}).values("owner")
    return list(rows.filter(owner__in=listening).order_by().values_list("pk", flat=True))


def write(entries: Iterable[tuple[Any, Any, dict[str, Any]]], to: Status) -> None:
    """Put each (owner key, job key, body) into the outbox, once per channel of the owner.

    Only channels that are set to the status `to` count.
    """
    entries = list(entries)
    channels: dict[Any, list[Channel]] = defaultdict(list)
    owners = {owner for owner, _, _ in entries}
    for channel in Channel.objects.filter(owner__in=owners, **{to.value: True}):
        channels[channel.owner_id].append(channel)
    Delivery.objects.bulk_create(
        Delivery(channel=channel, job_id=job, body=body)
        for owner, job, body in entries
        for channel in channels[owner]
    )
