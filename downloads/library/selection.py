"""Selection and order of a torrent's files: pure rules."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache

from downloads.library.record import StoredFile

SKIP, NORMAL, HIGH = 0, 4, 7
WORDS = {"skip": SKIP, "normal": NORMAL, "high": HIGH}
MOST_PATTERNS = 30
LONGEST_PATTERN = 80
_NUMBER = re.compile("[0-9]+")
_DIGITS = 20


@dataclass(frozen=True)
class Choice:
    """One person's choice of a torrent's files."""

    priorities: Mapping[int, int] = field(default_factory=dict)
    """By number of the file; those that are not named are wanted as usual."""
    exclude: tuple[str, ...] = ()
    """Patterns of what is not wanted, as long as nobody has chosen file by file."""
    only: frozenset[int] = frozenset()
    """The numbers of the files that a link names as wanted; empty: all."""

    def of(self, file: StoredFile) -> int:
        """Return the priority of a file."""
        if self.only and file.index not in self.only:
            return SKIP
        if self.exclude and is_excluded(file.path, self.exclude):
            return SKIP
        return self.priorities.get(file.index, NORMAL)


ALL = Choice()


def clean_patterns(text: str) -> tuple[str, ...]:
    """Return the patterns of a text, separated by commas or line breaks. Raises ValueError."""
    words = (" ".join(word.split()) for word in re.split(r"[,\n]", text))
    patterns = tuple(dict.fromkeys(word for word in words if word))
    if len(patterns) > MOST_PATTERNS:
        raise ValueError(f"These are {len(patterns)} patterns; {MOST_PATTERNS} are the most.")
    for pattern in patterns:
        if len(pattern) > LONGEST_PATTERN:
            raise ValueError(f"A pattern is longer than {LONGEST_PATTERN} letters; shorten it.")
        if not pattern.strip("*?"):
            raise ValueError(f"The pattern “{pattern}” would leave out every file.")
    return patterns


def is_excluded(path: str, patterns: Iterable[str]) -> bool:
    """Return whether a pattern fits a folder of a path, or its file; with a / in it, the path.

    Ignores case.
    """
    patterns = tuple(patterns)
    folders, _, name = path.rpartition("/")
    return (
        _fits(name, patterns)
        or any(_fits_folder(folder, patterns) for folder in folders.split("/") if folder)
        or (any("/" in one for one in patterns) and _fits(path, patterns))
    )


def _fits(text: str, patterns: tuple[str, ...]) -> bool:
    return _matcher(patterns).match(text.casefold()) is not None


# Of 100,000 files each is looked at once, not once for each pattern, and a folder once for all.
_fits_folder = lru_cache(maxsize=10_000)(_fits)


@lru_cache(maxsize=100)
def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(one.casefold()) for one in patterns) or r"\Z\A")


def together(choices: Sequence[Choice], files: Sequence[StoredFile]) -> dict[int, int]:
    """Return the priorities of all files, where several people want parts each the highest.

    Patterns that fit every file exclude none: nothing at all is never what was meant.
    """
    every = [_kept(choice, files) for choice in choices] or [ALL]
    return {file.index: max(choice.of(file) for choice in every) for file in files}


def _kept(choice: Choice, files: Sequence[StoredFile]) -> Choice:
    if (choice.exclude or choice.only) and not any(choice.of(file) for file in files):
        return Choice(choice.priorities)
    return choice


def in_order(files: Iterable[StoredFile]) -> tuple[StoredFile, ...]:
    """Return the files in natural order."""
    return tuple(sorted(files, key=lambda file: natural(file.path)))


def natural(path: str) -> str:
    """Return a key that sorts paths naturally: folder by folder, "part 2" before "part 10".

    One string: of 100,000 paths each is compared some 17 times, and lists of parts take seconds.
    """
    name = path.rfind("/") + 1
    return _padded_folder(path[:name]) + _padded(path[name:])


def _padded(text: str) -> str:
    """Return the path with numbers of equal length, and with ends of folders that sort first."""
    return _NUMBER.sub(_pad, text.casefold()).replace("/", "\0")


def _pad(number: re.Match[str]) -> str:
    return number[0].zfill(_DIGITS)


_padded_folder = lru_cache(maxsize=10_000)(_padded)


@dataclass(frozen=True)
class PieceOrder:
    """The pieces that come first."""

    sequential: bool = False
    ends_first: bool = False
    """The first and the last piece of each file, where players look for its index."""


AS_IT_COMES = PieceOrder()
