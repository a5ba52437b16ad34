"""How much memory the fits of a job hold now, so that one can be stopped before all are."""

from __future__ import annotations

from typing import Any

import psutil

from training.pool import Pool

# Beyond this share of the limit the heaviest fit is stopped; at the limit the whole job would be.
_SHARE = 0.9


def _held(process: psutil.Process) -> float:
    """Return the memory of a process in MiB, shared pages counted once."""
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.Error:
        return 0.0


def too_heavy(pool: Pool, limit_mb: float) -> tuple[Any, str] | None:
    """Return the fit that has to go so that the job stays within its limit, and the reason."""
    this = psutil.Process()
    held = {one.pid: _held(one) for one in (this, *this.children(recursive=True))}
    if sum(held.values()) <= _SHARE * limit_mb or not pool.running:
        return None
    tag = max(pool.running, key=lambda running: held.get(pool.process_of(running), 0.0))
    return tag, (
        f"Stopped at {held.get(pool.process_of(tag), 0.0):,.0f} MB of memory; the limit of the "
        f"whole job is {limit_mb:,.0f} MB. Try fewer rows or columns, or a larger "
        "TRAINING_MEMORY_MB."
    )
