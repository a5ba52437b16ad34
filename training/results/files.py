"""The export files of a result and their names. Light."""

REPORT, CARD, REPRODUCE = "report.html", "model-card.md", "reproduce.zip"
EXPORTS = {
    REPORT: "Report (HTML)",
    CARD: "Model card (Markdown)",
    REPRODUCE: "train.py, lock and recipe (.zip)",
}


def dark_name(file: str) -> str:
    """Return the name of the drawing for dark pages beside the one for light pages."""
    return f"{file.removesuffix('.svg')}-dark.svg"
