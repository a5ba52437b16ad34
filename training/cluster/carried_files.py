"""Files of a fit on another machine: what it reads goes there, what it writes comes back.

The work names files by their paths, which mean something on one machine alone. In the arguments
that travel they are replaced: a file that is there is an input, a folder or a file to be written is
an output.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Input:
    """A file whose bytes travel; equal inputs have the same number."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Output:
    """A file, or a folder, that the work writes."""

    number: int
    name: str
    """Of the file; empty for a folder."""


@dataclass(slots=True)
class Parcel:
    """The arguments of one piece of work, ready to travel."""

    arguments: Any = ()
    inputs: list[Path] = field(default_factory=list)
    outputs: list[Path] = field(default_factory=list)

    @classmethod
    def of(cls, arguments: tuple[Any, ...]) -> Parcel:
        """Return arguments with each path replaced."""
        parcel = cls()
        parcel.arguments = replaced(arguments, parcel._packed)
        return parcel

    def _packed(self, part: Any) -> Any:
        if not isinstance(part, Path):
            return part
        if part.is_file():
            self.inputs.append(part)
            return Input(len(self.inputs) - 1, part.name)
        self.outputs.append(part)
        return Output(len(self.outputs) - 1, "" if part.is_dir() else part.name)

    def keep(self, files: list[tuple[int, str, bytes]]) -> None:
        """Write files that came back to their places."""
        for number, name, data in files:
            place = self.outputs[number] / name if name else self.outputs[number]
            part = place.with_name(f"{place.name}.returned")
            part.write_bytes(data)
            part.replace(place)


def replaced(thing: Any, change: Callable[[Any], Any]) -> Any:
    """Return a structure of tuples, lists and mappings with each leaf changed."""
    if isinstance(thing, Mapping):
        return {key: replaced(part, change) for key, part in thing.items()}
    if isinstance(thing, tuple | list) and not hasattr(thing, "_fields"):
        return type(thing)(replaced(part, change) for part in thing)
    return change(thing)


@dataclass(slots=True)
class Bench:
    """The place on the other machine where one piece of work reads and writes."""

    folder: Path
    contents: list[Path]
    """The inputs, where they lie on that machine."""
    sent: dict[Path, tuple[Hashable, ...]] = field(default_factory=dict)
    roots: dict[int, Path] = field(default_factory=dict)

    def unpacked(self, part: Any) -> Any:
        """Return the path on that machine for an input or an output."""
        if isinstance(part, Input):
            return self.contents[part.number]
        if not isinstance(part, Output):
            return part
        root = self.folder / str(part.number)
        root.mkdir(exist_ok=True)
        self.roots[part.number] = root / part.name if part.name else root
        return self.roots[part.number]

    def written(self) -> list[tuple[int, str, bytes]]:
        """Return the number of the output, name and bytes of each file that is new or changed."""
        return list(self._new())

    def _new(self) -> Iterator[tuple[int, str, bytes]]:
        for number, root in self.roots.items():
            for path in sorted(root.iterdir()) if root.is_dir() else [root]:
                if not path.is_file():
                    continue
                facts = path.stat()
                mark = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
                if self.sent.get(path) != mark:
                    self.sent[path] = mark
                    yield number, path.name if root.is_dir() else "", path.read_bytes()
