"""What can be taken away from a result: a report, a model card, and what makes it again."""

from __future__ import annotations

import ast
import base64
import json
from collections.abc import Iterator, Mapping
from html import escape
from importlib import metadata
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from packaging.requirements import Requirement

from training.metrics import METRICS
from training.problem.problem_type import LABELS
from training.ranks import SUCCEEDED
from training.results.files import CARD, REPORT, REPRODUCE

_SCRIPT = Path(__file__).with_name("train_script.py")
_ROOT = Path(__file__).resolve().parents[2]
_LIBRARIES = ("pandas", "scikit-learn", "skrub", "skops", "matplotlib", "joblib", "threadpoolctl")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1f2937}table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;"
    "border-bottom:1px solid #d1d5db;text-align:left}figure{display:inline-block;margin:1rem;"
    "max-width:28rem;vertical-align:top}img{max-width:100%}figcaption{font-size:.9rem}"
)


def write_all(result: Mapping[str, Any], facts: Mapping[str, Any], folder: Path) -> None:
    """Write the report, the card and the archive; `facts` are what the job was asked with."""
    (folder / CARD).write_text(_card(result, facts), encoding="utf-8")
    (folder / REPORT).write_text(_report(result, facts, folder), encoding="utf-8")
    with ZipFile(folder / REPRODUCE, "w", ZIP_DEFLATED) as archive:
        archive.write(_SCRIPT, "train.py")
        archive.writestr("requirements.txt", lock_of(_LIBRARIES, _ROOT / "requirements.txt"))
        archive.writestr("training.json", json.dumps(recipe_of(result, facts), indent=1))
        archive.writestr("README.txt", _how(facts))
        for path in sorted(needed_modules(_SCRIPT)):
            archive.write(path, path.relative_to(_ROOT).as_posix())


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


def _facts(result: Mapping[str, Any], facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Table", f"{facts['name']}, {result['rows']:,} rows"),
        ("SHA-256 of the table", facts["sha256"]),
        ("Target", result["target"] or "none"),
        ("Problem", f"{LABELS[result['problem']]}. {result['reason']}"),
        ("Check", f"{result['folds']} folds, and {result['holdout_rows']:,} rows kept apart"),
        ("Seed", str(result["seed"])),
        ("Columns", ", ".join(result["features"])),
    ]


def _rows(result: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    key = METRICS[result["problem"]][0].key
    for row in result["leaderboard"]:
        if row["status"] == SUCCEEDED:
            apart = (row["holdout"] or {}).get(key)
            yield (
                row["label"],
                f"{row['score']:.4f} ± {row['score_std']:.4f}",
                "" if apart is None else f"{apart:.4f}",
                row["note"],
            )
        else:
            yield row["label"], row["status"], "", row["error"]


def _heads(result: Mapping[str, Any]) -> tuple[str, ...]:
    return "Model", METRICS[result["problem"]][0].label, "Hold-out", "Note"


def _card(result: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    lines = [f"# Model card: {_cell(result['target'] or 'Groups')} from {_cell(facts['name'])}", ""]
    lines += [f"- **{name}**: {_cell(text)}" for name, text in _facts(result, facts)]
    lines += ["", "## Scores", "", _line(_heads(result)), "|---|---|---|---|"]
    lines += [_line(row) for row in _rows(result)]
    lines += ["", "## Limits", ""]
    lines += [f"- {_cell(warning)}" for warning in result["warnings"]]
    lines += [
        "- Scores are means over folds; settings that were tuned were chosen on the same folds, "
        "so the hold-out score is the honest one.",
        "- A model knows only rows like those it has learnt from.",
        "",
    ]
    return "\n".join(lines)


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    """Return text that stays text in Markdown."""
    line = escape(" ".join(str(text).split()), quote=False)
    return "".join(f"\\{letter}" if letter in r"\`*_[]|#" else letter for letter in line)


def _report(result: Mapping[str, Any], facts: Mapping[str, Any], folder: Path) -> str:
    title = escape(f"{result['target'] or 'Groups'} from {facts['name']}")
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>',
        f"<style>{_STYLE}</style><h1>{title}</h1><table>",
        *(f"<tr><th>{n}</th><td>{escape(text)}</td></tr>" for n, text in _facts(result, facts)),
        "</table>",
        *(f"<p><strong>Note:</strong> {escape(text)}</p>" for text in result["warnings"]),
        "<h2>Leaderboard</h2><table><tr>",
        *(f"<th>{escape(head)}</th>" for head in _heads(result)),
        "</tr>",
    ]
    for row in _rows(result):
        parts.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>")
    parts.append("</table>")
    labels = {row["algorithm"]: row["label"] for row in result["leaderboard"]}
    last = ""
    for plot in result["plots"]:
        if plot["algorithm"] != last:
            last = plot["algorithm"]
            parts.append(f"<h2>{escape(labels[last])}</h2>")
        data = base64.b64encode((folder / plot["file"]).read_bytes()).decode()
        parts.append(
            f'<figure><img alt="{escape(plot["title"])}" src="data:image/svg+xml;base64,{data}">'
            f"<figcaption><strong>{escape(plot['title'])}</strong> {escape(plot['sentence'])}"
            "</figcaption></figure>"
        )
    return "".join(parts)
