"""Lists of addresses that are not to be contacted: networks (CIDR), P2P and DAT lines."""

import gzip
import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PACKED = b"\x1f\x8b"
_ALLOWED_FROM = 127  # of the levels of a DAT line: above it an address is allowed
_V4 = r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})"
# name:first-last, or first - last , level , name
_RANGE = re.compile(rf"(?:.*:)?\s*{_V4}\s*-\s*{_V4}\s*(?:,\s*(\d+)\s*(?:,.*)?)?")
_QUOTED = 5  # lines that are refused, as examples
_LONGEST = 80

Range = tuple[str, str]
"""The first and the last address."""


@dataclass
class BlockList:
    """The ranges of a list, and the lines that could not be read."""

    ranges: list[Range] = field(default_factory=list)
    refused: int = 0
    examples: list[str] = field(default_factory=list)

    def note(self, number: int, text: str) -> None:
        """Count a line that cannot be read."""
        self.refused += 1
        if len(self.examples) < _QUOTED:
            self.examples.append(f"line {number}: {text[:_LONGEST]}")


def read_file(path: Path) -> BlockList:
    """Return what a file lists, packed with gzip or not. Raises OSError and EOFError."""
    with path.open("rb") as file:
        is_packed = file.read(2) == _PACKED
    with gzip.open(path) if is_packed else path.open("rb") as lines:
        return parse(line.decode(errors="replace") for line in lines)


def parse(lines: Iterable[str]) -> BlockList:
    """Return the ranges of lines of any of the three kinds; comments and blank lines are none."""
    found = BlockList()
    for number, line in enumerate(lines, 1):
        text = line.strip().lstrip("\ufeff")
        if not text or text.startswith(("#", ";", "//")):
            continue
        try:
            found.ranges += _ranges(text)
        except ValueError:
            found.note(number, text)
    return found


def _ranges(text: str) -> Iterator[Range]:
    """Yield the range of a line, none if it allows. Raises ValueError."""
    if found := _RANGE.fullmatch(text):  # a list has hundreds of thousands of these
        *numbers, level = found.groups()
        parts = [int(number) for number in numbers]
        first, last = parts[:4], parts[4:]
        if max(parts) > 255 or first > last:
            raise ValueError
        if int(level or 0) <= _ALLOWED_FROM:
            yield ".".join(map(str, first)), ".".join(map(str, last))
    elif "-" in text:
        start, _, end = text.rpartition("-")
        first_v6, last_v6 = _address_at_end(start), ipaddress.IPv6Address(end.strip())
        if first_v6 > last_v6:
            raise ValueError
        yield str(first_v6), str(last_v6)
    else:
        network = ipaddress.ip_network(text, strict=False)
        yield str(network[0]), str(network[-1])


def _address_at_end(text: str) -> ipaddress.IPv6Address:
    """Return the address at the end of `name:address`, of which both may hold colons."""
    at = -1
    while True:
        try:
            return ipaddress.IPv6Address(text[at + 1 :].strip())
        except ValueError:
            at = text.find(":", at + 1)
            if at < 0:
                raise
