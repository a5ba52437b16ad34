"""A pool on a clock of its own: fits last as long as a test says, on any machine."""

import time
from dataclasses import replace
from typing import Any

from training.evaluation.fit import FoldResult
from training.evaluation.fit_pool import FitMessage, FitPool, carried_out


class PacedPool(FitPool):
    """Carries work out in this process, at the moment at which it is to end; what never ends,
    never runs. `time.monotonic()` tells its time as long as the test goes on."""

    def __init__(self, monkeypatch, seconds: dict[str, float], slots: int = 2) -> None:
        self.slots, self.seconds, self.now = slots, seconds, 1000.0
        self._running: dict[Any, tuple] = {}
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def wait_ready(self) -> None:
        """It never has to wait."""

    def start(self, tag, work, *arguments) -> None:
        self._running[tag] = self.now + self.seconds[tag.key], work, arguments

    def messages(self, timeout: float) -> list[FitMessage]:
        tag, (end, work, arguments) = min(self._running.items(), key=lambda item: item[1][0])
        if end > self.now + timeout:
            self.now += timeout
            return []
        self.now = max(self.now, end)
        self.kill(tag)
        told = Told(tag)
        for message in carried_out(work, arguments):
            told.send(message)
        return told.messages

    def kill(self, tag) -> None:
        del self._running[tag]


class Told:
    """Takes what work sends."""

    def __init__(self, tag) -> None:
        self.tag, self.messages = tag, []

    def send(self, message: tuple[str, Any]) -> None:
        kind, value = message
        if isinstance(value, FoldResult):  # it tells how busy this machine is
            value = replace(value, slowness=1.0)
        fields = {"value": {"value": value}, "end": {"ended": True}, "error": {"error": value}}
        self.messages.append(FitMessage(self.tag, **fields[kind]))
