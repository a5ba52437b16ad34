"""The command lines of notification programs: their placeholders, checked and filled in."""

import os
import stat
import string
from collections.abc import Mapping
from pathlib import Path

OPEN_TO_OTHERS = stat.S_IWGRP | stat.S_IWOTH
PLACES = ("id", "name", "kind", "status", "path")


class NotRun(Exception):
    """A program was not run, or was ended; the text is the reason, as a sentence."""


def read_words(text: str) -> list[str]:
    """Return the words of a command line, one per line of the text."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def check(words: list[str], folder: Path | None) -> None:
    """Refuse a program that may not be run. Raises NotRun with a sentence for its administrator."""
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
    real = program.resolve()
    for path in (real, *real.parents):
        if path.is_relative_to(folder.resolve()) and path.stat().st_mode & OPEN_TO_OTHERS:
            raise NotRun(
                f"Others may change {path}, so it is not run. Take that away: chmod go-w {path}"
            )
    for word in words:
        try:
            fields = {field for _, field, *_ in string.Formatter().parse(word) if field is not None}
        except ValueError as error:
            raise NotRun(f"“{word}”: {error}. Write {{{{ for a brace.") from error
        if odd := fields - set(PLACES):
            known = ", ".join(f"{{{place}}}" for place in PLACES)
            raise NotRun(f"“{word}”: there is no {{{min(odd)}}}. There are {known}.")


def fill(words: list[str], values: Mapping[str, str]) -> list[str]:
    """Return the command line for one job. A name cannot become an option, nor hold a NUL."""
    filled = [words[0]]
    for word in words[1:]:
        text = word.format(**values).replace("\0", "")
        is_named = text.startswith("-") and not word.startswith("-")
        filled.append(f"_{text[1:]}" if is_named else text)
    return filled
