"""The HTML report and the model card of a result."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from jobsite.jobs.formats import score
from training.metrics import by_rank
from training.problem.problem_type import LABELS
from training.results.leaderboard import SUCCEEDED

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1f2937}table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;"
    "border-bottom:1px solid #d1d5db;text-align:left}figure{display:inline-block;margin:1rem;"
    "max-width:28rem;vertical-align:top}img{max-width:100%}figcaption{font-size:.9rem}"
)


def _facts(result: Mapping[str, Any], facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Table", f"{facts['name']}, {result['rows']:,} rows"),
        ("SHA-256 of the table", facts["sha256"]),
        ("Target", result["target"] or "none"),
        ("Problem", f"{LABELS[result['problem']]}. {result['reason']}"),
        ("Validation", f"{result['folds']}-fold CV, {result['holdout_rows']:,} rows held out"),
        ("Seed", str(result["seed"])),
        ("Columns", ", ".join(result["features"])),
        ("Cells", _cells(facts)),
        (
            "Files",
            "The file of the best model is fitted on all rows; those of the others on the rows "
            "that were not held out.",
        ),
    ]


def _cells(facts: Mapping[str, Any]) -> str:
    """Return how a program that uses a model file has to read the cells of a table first."""
    dialect = facts["dialect"]
    marks = f"decimal mark “{dialect['decimal']}”"
    if dialect["thousands"]:
        marks += f", thousands “{dialect['thousands']}”"
    said = [f"Without blanks at both ends; numbers with the {marks}."]
    for column in facts["columns"]:
        name = f"“{column['name']}”"
        if column["date_format"]:
            order = {"dmy": ", day before month", "mdy": ", month before day"}
            said.append(f"{name} as dates{order.get(column['date_format'], '')}.")
        elif column["mark"]:
            said.append(f"{name} as numbers of {column['mark']}.")
    return " ".join(said)


def _rows(result: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    key = result["metric"]
    for row in result["leaderboard"]:
        if row["status"] == SUCCEEDED:
            apart = (row["holdout"] or {}).get(key)
            yield (
                row["label"],
                f"{score(row['score'])} ± {score(row['score_std'])}",
                "" if apart is None else score(apart),
                row["note"],
            )
        else:
            yield row["label"], row["status"], "", row["error"]


def _heads(result: Mapping[str, Any]) -> tuple[str, ...]:
    return "Model", by_rank(result["problem"], result["metric"])[0].label, "Hold-out", "Note"


def model_card(result: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Return the model card of a result in Markdown; `facts` are what the job was asked with."""
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


def report_page(result: Mapping[str, Any], facts: Mapping[str, Any], folder: Path) -> str:
    """Return the report of a result as one HTML page with its plots, read from `folder`."""
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
