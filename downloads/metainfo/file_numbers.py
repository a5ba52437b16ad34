"""The numbers of files that a magnet link names as wanted: `so=0,2,4-6` (BEP 53)."""

from collections.abc import Sequence

MOST = 2000


def selected_files(text: str) -> tuple[int, ...]:
    """Return the numbers of files that `0,2,4-6` names ; none if it cannot be read."""
    found: dict[int, None] = {}
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal() and len(part) < 14):
            return ()
        found |= dict.fromkeys(range(int(first), int(last or first) + 1)[: MOST + 1])
        if len(found) > MOST:
            return ()
    return tuple(sorted(found))


def as_ranges(numbers: Sequence[int]) -> str:
    """Return sorted numbers as `0,2,4-6`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
