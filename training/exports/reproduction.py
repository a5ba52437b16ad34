"""The archive that makes the scores of a result again, without this site."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from packaging.requirements import Requirement

from training.results.leaderboard import SUCCEEDED

_SCRIPT = Path(__file__).with_name("train_script.py")
_ROOT = Path(__file__).resolve().parents[2]
_LIBRARIES = (
    "pandas",
    "scikit-learn",
    "lightgbm",
    "skrub",
    "skops",
    "matplotlib",
    "joblib",
    "threadpoolctl",
)


def write_archive(result: Mapping[str, Any], facts: Mapping[str, Any], path: Path) -> None:
    """Write a zip of the script, what it imports of this project, its input and its libraries."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.write(_SCRIPT, "train.py")
        archive.writestr("requirements.txt", lock_of(_LIBRARIES, _ROOT / "requirements.txt"))
        archive.writestr("training.json", json.dumps(recipe_of(result, facts), indent=1))
        archive.writestr("README.txt", _how(facts))
        for module in sorted(needed_modules(_SCRIPT)):
            archive.write(module, module.relative_to(_ROOT).as_posix())


def recipe_of(result: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the script needs to make the scores of a result again."""
    rows = [
        {name: row[name] for name in ("algorithm", "settings", "fold_scores")}
        for row in result["leaderboard"]
        if row["status"] == SUCCEEDED
    ]
    return {**facts, "metric": result["metric"], "leaderboard": rows}


def _how(facts: Mapping[str, Any]) -> str:
    return (
        f"Put {facts['name']} (SHA-256 {facts['sha256']}) beside train.py, then:\n\n"
        "  python3 -m venv venv\n  venv/bin/pip install -r requirements.txt\n"
        "  venv/bin/python train.py TABLE\n\n"
        "It makes the folds and the models of the leaderboard again and compares every score.\n"
    )


def needed_modules(script: Path) -> set[Path]:
    """Return the files of this project that a script imports, with those that they import.

    The `__init__.py` of each package on the way is one of them.
    """
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        tree = ast.parse(waiting.pop().read_text(encoding="utf-8"))
        for path in _imported(tree):
            if path not in found and path.is_file():
                found.add(path)
                waiting.append(path)
    return found


def _imported(tree: ast.AST) -> Iterator[Path]:
    """Yield where the modules that a file imports may lie in this project."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        place = _ROOT.joinpath(*(node.module or "").split("."))
        yield place.with_suffix(".py")
        yield from ((place / alias.name).with_suffix(".py") for alias in node.names)
        while place != _ROOT:
            yield place / "__init__.py"
            place = place.parent


def locked(names: tuple[str, ...]) -> set[str]:
    """Return the exact versions of these libraries and of all that they need."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        found[name] = metadata.version(name)
        for line in metadata.requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed.name)
    return {f"{name}=={version}" for name, version in found.items()}


def lock_of(names: tuple[str, ...], lock: Path) -> str:
    """Return the requirements of a clean environment: as in the site's own lock, hashes and all.

    Without hashes where something is installed that the lock does not hold in that version.
    """
    wanted = sorted(locked(names))
    blocks = _blocks(lock)
    if all(line in blocks for line in wanted):
        return "".join(blocks[line] for line in wanted)
    return "\n".join(wanted) + "\n"


def _blocks(lock: Path) -> dict[str, str]:
    """Return each requirement of a lock file with its lines."""
    found: dict[str, str] = {}
    name = ""
    for line in lock.read_text(encoding="utf-8").splitlines() if lock.is_file() else ():
        if line and not line.startswith((" ", "#")):
            name = line.split(" ")[0]
            found[name] = ""
        if name and not line.lstrip().startswith("#"):
            found[name] += f"{line}\n"
    return found
