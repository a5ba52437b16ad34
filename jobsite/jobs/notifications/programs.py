"""Programs that run when a job has ended: no shell, a short environment, limits, an end in time."""

import contextlib
import os
import signal
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from jobsite.jobs import shutdown
from jobsite.jobs.text import storable

PLACES = ("id", "name", "kind", "status", "path")
KEPT = ("PATH", "LANG", "LC_ALL", "TZ")
MOST_OUTPUT = 4000  # characters
LOOK_EVERY = 0.5
LAUNCHER = Path(__file__).with_name("program_launcher.py")


class NotRun(Exception):
    """Why a program was not run or was ended, in a sentence."""


class Stopped(Exception):
    """The site stops; the program was ended, and is run again when the site is back."""


def read_words(text: str) -> list[str]:
    """The words of a command line, one in each line of the text."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def check(words: list[str], folder: Path | None) -> None:
    """Refuse what may not be run. Raises NotRun with a sentence for whoever defines it."""
    if folder is None:
        raise NotRun(
            "No programs are run on this site: its operator has set no JOBSITE_PROGRAM_DIR."
        )
    if not words:
        raise NotRun("Name the program in the first line.")
    program = Path(words[0])
    if not program.is_absolute() or not program.resolve().is_relative_to(folder.resolve()):
        raise NotRun(f"{program} does not lie in {folder}, the folder of programs of this site.")
    if not program.is_file() or not os.access(program, os.X_OK):
        raise NotRun(f"{program} is not there, or may not be executed.")
    for word in words:
        try:
            fields = {field for _, field, *_ in string.Formatter().parse(word) if field is not None}
        except ValueError as error:
            raise NotRun(f"“{word}”: {error}. Write {{{{ for a brace.") from error
        if odd := fields - set(PLACES):
            known = ", ".join(f"{{{place}}}" for place in PLACES)
            raise NotRun(f"“{word}”: there is no {{{min(odd)}}}. There are {known}.")


def fill(words: list[str], values: Mapping[str, str]) -> list[str]:
    """The command line for one job. A name cannot become an option, nor hold a NUL."""
    filled = [words[0]]
    for word in words[1:]:
        text = word.format(**values).replace("\0", "")
        is_named = text.startswith("-") and not word.startswith("-")
        filled.append(f"_{text[1:]}" if is_named else text)
    return filled


def run(words: list[str], seconds: float) -> tuple[int, str]:
    """Run a program in a session of its own; its exit status and the end of its output.

    Raises NotRun where it takes longer than it may, and Stopped where the site stops before that.
    """
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCHER), *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        try:
            status = wait(process, seconds)
        finally:
            end(process.pid)  # and what it has left behind
            process.wait()
        told = tail(output)
    if status is None:
        raise NotRun(f"It ran longer than {seconds:.0f} s and was ended. {told}".strip())
    return status, told


def wait(process: subprocess.Popen, seconds: float) -> int | None:
    """The exit status; None where the time is over. Raises Stopped."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(min(LOOK_EVERY, seconds))
        if shutdown.is_cut():
            raise Stopped
    return None


def end(group: int) -> None:
    """Kill a program with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def tail(output: IO[bytes]) -> str:
    """The end of an output, as text that a database takes."""
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - 4 * MOST_OUTPUT))
    return storable(output.read().decode(errors="replace")).strip()[-MOST_OUTPUT:]
