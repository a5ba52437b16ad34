"""What an evaluation asks of a pool of fits, whose processes are here or on other machines."""

from __future__ import annotations

import errno
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

KILLED = (
    "The process that ran this fit was killed, most likely because memory ran out. "
    "Try fewer rows or columns."
)

Work = Callable[..., Iterator[Any]]


@dataclass(frozen=True, slots=True)
class FitMessage:
    """A message from a task: a value, its end, or why it failed."""

    tag: Any
    value: Any = None
    ended: bool = False
    error: str = ""


class PoolUnfit(Exception):
    """The pool cannot carry out a fit; the text says why, as a sentence."""


class FitPool(ABC):
    """Carries out at most `slots` tasks at a time, each of which can be killed in its middle."""

    def __init__(self, slots: int) -> None:
        self.slots = max(1, slots)
        self._running: dict[Hashable, Any] = {}

    @abstractmethod
    def wait_ready(self) -> None:
        """Return once what the tasks import is there; until then `start` would block.

        Raises PoolUnfit.
        """

    @abstractmethod
    def start(self, tag: Hashable, work: Work, *arguments: Any) -> None:
        """Start `work(*arguments)`, a generator whose values come back as messages."""

    @abstractmethod
    def messages(self, timeout: float) -> list[FitMessage]:
        """Wait up to `timeout` seconds and return what has come in."""

    @abstractmethod
    def kill(self, tag: Hashable) -> None:
        """End a task at once."""

    @property
    def running(self) -> list[Any]:
        """The tags of what runs now."""
        return list(self._running)

    @property
    def is_full(self) -> bool:
        """True while no more work can be started."""
        return len(self._running) >= self.slots

    def too_heavy(self, limit_mb: float) -> tuple[Any, str] | None:
        """Return the task that has to go so that the job stays within its memory, and the reason.

        None where the machines of the tasks keep to a limit by themselves.
        """
        return None

    def close(self) -> None:
        """End every task that still runs."""
        for tag in self.running:
            self.kill(tag)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def carried_out(work: Work, arguments: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Yield ("value", one) for each value of `work`, then ("end", None) or ("error", reason)."""
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        try:
            for value in work(*arguments):
                yield "value", value
            yield "end", None
        except MemoryError:
            yield "error", "There was not enough memory. Try fewer rows or columns."
        except OSError as error:
            full = error.errno == errno.ENOSPC
            cause = "The disk is full. Free some space, then train again." if full else str(error)
            yield "error", cause
        except Exception as error:
            # Whatever a library raises is the end of one row of the leaderboard, not of the job.
            reason = " ".join(str(error).split())[:300]
            yield "error", f"The fit failed: {reason or type(error).__name__}"
