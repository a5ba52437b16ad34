"""The state machine of a job, on one screen. Pure data: nothing here knows Django's models.

 submit                claim                 outcome
   │                     │                      │
   ▼                     ▼                      ▼
queued ─────────────► running ─────► succeeded | failed | cancelled
 ▲  ▲ ◄── lease lost, clean stop ──┘│               │
 │  └──────────── retry ────────────┼───────────────┘ (failed, cancelled; succeeded: wanted anew)
 └─ resume ─ paused ◄─── pause ─────┘
"""

from enum import StrEnum


class Status(StrEnum):
    """The status of a job. Only downloads use `paused`."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


CHOICES = [(status.value, status.value) for status in Status]

ACTIVE = frozenset({Status.QUEUED, Status.RUNNING, Status.PAUSED})
FINISHED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})

# A transition to the key is allowed from these statuses and from no other.
ALLOWED_FROM: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset(
        # From succeeded only for a download of which somebody wants more, or a new check.
        {Status.RUNNING, Status.PAUSED, Status.FAILED, Status.CANCELLED, Status.SUCCEEDED}
    ),
    Status.RUNNING: frozenset({Status.QUEUED}),
    Status.PAUSED: frozenset({Status.QUEUED, Status.RUNNING}),
    Status.SUCCEEDED: frozenset({Status.RUNNING}),
    Status.FAILED: frozenset({Status.RUNNING}),
    Status.CANCELLED: frozenset({Status.QUEUED, Status.RUNNING, Status.PAUSED}),
}

# What a person may ask for, and from where.
CAN_CANCEL = ALLOWED_FROM[Status.CANCELLED]
CAN_RETRY = frozenset({Status.FAILED, Status.CANCELLED})
CAN_PAUSE = ALLOWED_FROM[Status.PAUSED]
CAN_RESUME = frozenset({Status.PAUSED})
