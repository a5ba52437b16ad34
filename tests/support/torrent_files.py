"""Small .torrent files, well formed or broken on purpose."""

import libtorrent as lt


def info(**changes) -> dict:
    """The info of a small v1 torrent; a change to None leaves a field out."""
    fields = {"name": b"a.bin", "length": 5, "piece length": 16384, "pieces": b"x" * 20}
    fields |= {key.replace("_", " "): value for key, value in changes.items()}
    return {key.encode(): value for key, value in fields.items() if value is not None}


def made(outer: dict | None = None, **changes) -> bytes:
    return lt.bencode({b"info": info(**changes), **(outer or {})})
