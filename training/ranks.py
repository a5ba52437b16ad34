"""The states of a row on the leaderboard. Light: pages read them."""

FINISHED, FAILED, SKIPPED = "finished", "failed", "skipped"
