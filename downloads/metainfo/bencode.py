"""A strict, bounded reader of bencode, the format of .torrent files.

Own code, because the libraries on PyPI give back values only: an info hash is the hash of the
*bytes* of the `info` value as they stand in the file, so its place is needed, and none of them
bounds depth or number of values, which is what a hostile upload aims at.
"""

from typing import Any

MAX_DEPTH = 64  # v2 nests one level per folder
MAX_VALUES = 1_500_000  # a file costs some 7 values


class BadBencode(ValueError):
    """The bytes are not bencode, or exceed the bounds of depth and number."""


class Reader:
    """Reads one value from bytes; `spans` holds the extent of each value of the outermost dict."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._values = 0
        self.spans: dict[bytes, tuple[int, int]] = {}

    def read(self) -> Any:
        """Return the value that all the bytes are: int, bytes, list, or dict with bytes as keys.

        Raises BadBencode.
        """
        value = self._value(0)
        if self._data[self._at :].strip():  # some programs end the file with a newline
            raise BadBencode(f"something follows the end, at byte {self._at}")
        return value

    def _value(self, depth: int) -> Any:
        self._values += 1
        if depth > MAX_DEPTH or self._values > MAX_VALUES:
            raise BadBencode("it is nested too deeply or holds too many values")
        mark = self._data[self._at : self._at + 1]
        if mark.isdigit():
            return self._string()
        if mark not in (b"i", b"l", b"d"):
            raise BadBencode(f"byte {self._at} begins no value")
        self._at += 1
        if mark == b"i":
            return self._number(b"e", 20)
        return self._list(depth) if mark == b"l" else self._dict(depth)

    def _number(self, end: bytes, digits: int) -> int:
        stop = self._data.find(end, self._at, self._at + digits + 1)
        text = self._data[self._at : stop] if stop >= 0 else b""
        if not text.removeprefix(b"-").isdigit():
            raise BadBencode(f"the number at byte {self._at} is broken")
        self._at = stop + 1
        return int(text)

    def _string(self) -> bytes:
        length = self._number(b":", 10)
        value = self._data[self._at : self._at + length]
        if len(value) != length:
            raise BadBencode("it ends too early")
        self._at += length
        return value

    def _list(self, depth: int) -> list[Any]:
        values = []
        while not self._at_end():
            values.append(self._value(depth + 1))
        return values

    def _dict(self, depth: int) -> dict[bytes, Any]:
        values: dict[bytes, Any] = {}
        while not self._at_end():
            if not self._data[self._at : self._at + 1].isdigit():
                raise BadBencode(f"the key at byte {self._at} is no string")
            key = self._string()
            if key in values:
                # Two programs could disagree on which of the two counts.
                raise BadBencode(f"the key at byte {self._at} is given twice")
            start = self._at
            values[key] = self._value(depth + 1)
            if depth == 0:
                self.spans[key] = (start, self._at)
        return values

    def _at_end(self) -> bool:
        if self._data[self._at : self._at + 1] == b"e":
            self._at += 1
            return True
        return False
