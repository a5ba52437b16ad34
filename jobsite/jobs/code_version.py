"""The version of the code that runs: hosts that share a database must have the same one."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

LENGTH = 12


@cache
def code_version(packages: Iterable[Path]) -> str:
    """Return a digest of all Python files below the folders of some packages."""
    digest = hashlib.sha256()
    for package in packages:
        for file in sorted(package.rglob("*.py")):
            digest.update(f"{package.name}/{file.relative_to(package)}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:LENGTH]
