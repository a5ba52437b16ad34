"""How much memory the fits of a job hold now, so that one can be stopped before all are."""

from __future__ import annotations

import os
from typing import Any

from jobsite.jobs.family import family, memory_mb
from training.evaluation.process_pool import Pool

# Beyond this share of the limit the heaviest fit is stopped; at the limit the whole job would be.
_SHARE = 0.9


def too_heavy(pool: Pool, limit_mb: float) -> tuple[Any, str] | None:
    """Return the fit that has to go so that the job stays within its limit, and the reason."""
    held = {one.pid: memory_mb(one) for one in family(os.getpid())}
    if sum(held.values()) <= _SHARE * limit_mb or not pool.running:
        return None
    tag = max(pool.running, key=lambda running: held.get(pool.process_of(running), 0.0))
    return tag, (
        f"Stopped at {held.get(pool.process_of(tag), 0.0):,.0f} MB of memory; the limit of the "
        f"whole job is {limit_mb:,.0f} MB. Try fewer rows or columns, or a larger "
        "TRAINING_MEMORY_MB."
    )
