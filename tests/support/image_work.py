"""Work for the forks of an image."""

import os
import sys
import time


def say(descriptors: list[int], text: str) -> None:
    """A text over the pipe that was passed on."""
    os.write(descriptors[0], f"{text} from {os.getpid()}".encode())


def fail(_: list[int]) -> None:
    """An exception that nobody catches."""
    raise KeyError("lost")


def leave(_: list[int], status: int) -> None:
    """An end with an exit status."""
    sys.exit(status)


def sleep(_: list[int], seconds: float) -> None:
    """Nothing for a while."""
    time.sleep(seconds)
