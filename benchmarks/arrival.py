"""When the bytes of files arrive in a folder: watched from outside, alike for every client."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

CHECK_EVERY = 0.02
UNFINISHED = ("", ".part", ".!qB")  # what clients add to the name of a file that is not whole
WORDS = {"first": "first byte", "all": "all bytes", "done": "done", "kept": "on disk"}


class Arrival:
    """One client's run: seconds from being told to each step of the way.

    `first`: the first byte is in a file. `all`: all bytes are. `done`: the client says that it is
    done. `kept`: the kernel says that all is on disk, which only some clients wait for themselves.
    """

    def __init__(self, names: Sequence[str], size: int) -> None:
        self.steps: dict[str, float] = {}
        self._names = tuple(names)
        self._data = {f"{name}{suffix}" for name in names for suffix in UNFINISHED}
        self._size = size
        self._folder = Path()
        self._began = 0.0
        self._over = threading.Event()

    def begin(self, folder: Path) -> None:
        """The client is told now, and writes into this folder or below."""
        self._folder, self._began = folder, time.perf_counter()
        threading.Thread(target=self._watch, daemon=True).start()

    def is_all(self) -> bool:
        """Whether all bytes are in files."""
        return "all" in self.steps

    def is_whole(self) -> bool:
        """Whether each file has its own name and size."""
        return all(_size(self._folder / name) == self._size for name in self._names)

    def say_done(self) -> None:
        """The client says that it is done."""
        self._note("done")

    def end(self) -> None:
        """The client says so, now at the latest, or has ended; wait until all is on disk."""
        self.say_done()
        self._over.set()
        assert self.is_whole()
        for name in self._names:
            descriptor = os.open(self._folder / name, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
        self._note("kept")

    def __str__(self) -> str:
        words = {"first": "first byte", "all": "all bytes", "done": "done", "kept": "on disk"}
        known = [
            f"{text} {self.steps[step]:.1f}" for step, text in words.items() if step in self.steps
        ]
        return ", ".join(known)

    def _note(self, step: str) -> None:
        self.steps.setdefault(step, time.perf_counter() - self._began)

    def _watch(self) -> None:
        total = self._size * len(self._names)
        while not self._over.wait(CHECK_EVERY):
            here = sum(self._written())
            if here:
                self._note("first")
            if here >= total:
                self._note("all")
                return

    def _written(self) -> Iterator[int]:
        """The bytes that were written of each file, holes left out."""
        for root, _, names in os.walk(self._folder):
            for name in names:
                if name in self._data:
                    try:
                        yield Path(root, name).stat().st_blocks * 512
                    except OSError:  # renamed just now
                        continue


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
