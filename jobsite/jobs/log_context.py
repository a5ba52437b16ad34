"""Which request, person and job a line of the log belongs to."""

import logging
from contextvars import ContextVar

REQUEST: ContextVar[str] = ContextVar("request", default="")
USER: ContextVar[str] = ContextVar("user", default="")
JOB: ContextVar[str] = ContextVar("job", default="")

CONTROL = {number: f"\\x{number:02x}" for number in (*range(32), 127)} | {
    number: f"\\u{number:04x}" for number in (0x85, 0x2028, 0x2029, *range(0x202A, 0x202F))
}


class Where(logging.Filter):
    """Adds the ids to each record, and keeps text of strangers from forging lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, completed."""
        named = {"request_id": REQUEST.get(), "user": USER.get(), "job": JOB.get()}
        ids = " ".join(f"{key}={value}" for key, value in named.items() if value)
        record.__dict__ |= {**named, "where": f" [{ids}]" if ids else ""}
        # One record is one line, whatever a name or a header in it holds.
        record.msg, record.args = record.getMessage().translate(CONTROL), ()
        return True
