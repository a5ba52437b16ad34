"""Scratch files by which the processes of one job share tables and fitted models.

They lie in the folder of the attempt and go with it; nothing that a person or a peer can write is
read here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib


def write(thing: Any, path: Path) -> None:
    """Write something for other processes of this job."""
    joblib.dump(thing, path)


def read(path: Path, shared: bool = False) -> Any:
    """Read what `write` wrote; `shared` maps its arrays, read only, instead of copying them."""
    return joblib.load(path, mmap_mode="r" if shared else None)
