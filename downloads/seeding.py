"""Goals of seeding, how long a finished torrent is uploaded to others: pure rules."""

from dataclasses import dataclass

HOUR = 3600.0
OFF, GOAL, FOREVER = "off", "goal", "forever"
STOP, REMOVE = "stop", "remove"


@dataclass(frozen=True)
class Goal:
    """The limits at which uploading ends, and what happens then. The first reached counts."""

    mode: str = OFF
    ratio: float | None = None
    hours: float | None = None
    idle_hours: float | None = None
    then: str = STOP

    @property
    def is_on(self) -> bool:
        """Whether anything is uploaded after the download."""
        return self.mode != OFF

    def reached(self, uploaded: int, size: int, seconds: float, idle: float) -> str:
        """Return why uploading ends now, as a sentence; empty if it goes on."""
        if self.mode == OFF:
            return "Uploading has ended: nothing is to be uploaded."
        if self.mode == FOREVER:
            return ""
        if self.ratio and size and uploaded >= self.ratio * size:
            return f"Uploading has ended: the ratio of {self.ratio:g} is reached."
        if self.hours and seconds >= self.hours * HOUR:
            return f"Uploading has ended after {self.hours:g} h."
        if self.idle_hours and idle >= self.idle_hours * HOUR:
            return f"Uploading has ended: nobody wanted anything for {self.idle_hours:g} h."
        return ""

    def explain(self, uploaded: int, size: int, seconds: float) -> str:
        """Return the progress towards the goal, such as "seeding 0.43 of 1.0"."""
        ratio = uploaded / size if size else 0.0
        parts = [f"Seeding {ratio:.2f}"]
        if self.mode == GOAL and self.ratio:
            parts[0] += f" of {self.ratio:.1f}"
        if self.mode == GOAL and self.hours:
            parts.append(f"{seconds / HOUR:.1f} of {self.hours:g} h")
        return ", ".join(parts) + "."
