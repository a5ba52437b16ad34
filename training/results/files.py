"""The files that can be taken away from a result, and what they are called. Light."""

REPORT, CARD, REPRODUCE = "report.html", "model-card.md", "reproduce.zip"
TAKEAWAYS = {
    REPORT: "Report (HTML)",
    CARD: "Model card (Markdown)",
    REPRODUCE: "train.py, lock and recipe (.zip)",
}
