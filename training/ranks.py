"""The states of a row on the leaderboard. Light: pages read them."""

SUCCEEDED, FAILED, SKIPPED = "succeeded", "failed", "skipped"
