"""Write the files of a result that can be taken away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.exports.report import model_card, report_page
from training.exports.reproduction import write_archive
from training.results.files import CARD, REPORT, REPRODUCE


def write_all(result: Mapping[str, Any], facts: Mapping[str, Any], folder: Path) -> None:
    """Write the report, the card and the archive; `facts` are what the job was asked with."""
    (folder / CARD).write_text(model_card(result, facts), encoding="utf-8")
    (folder / REPORT).write_text(report_page(result, facts, folder), encoding="utf-8")
    write_archive(result, facts, folder / REPRODUCE)
