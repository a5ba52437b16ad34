"""The file of an upload that was refused, kept so that it need not be sent again."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

_SESSION_KEY = "held_table"


@dataclass(frozen=True, slots=True)
class HeldUpload:
    """The last refused file of one person, as it came; housekeeping removes it after a day."""

    path: Path
    name: str
    sha256: str

    @classmethod
    def of(cls, request: Any) -> HeldUpload | None:
        """Return the file that the form of this request goes on with; None if it is not here."""
        known = request.session.get(_SESSION_KEY) or {}
        if not known or request.POST.get("held") != known["sha256"]:
            return None
        held = cls(_place(request), known["name"], known["sha256"])
        return held if held.path.is_file() else None

    @classmethod
    def hold(cls, request: Any, file: Any) -> HeldUpload:
        """Keep a file that has just arrived, in place of the one before."""
        held = cls(_place(request), str(file.name)[:255], file.sha256)
        held.path.unlink(missing_ok=True)
        os.link(file.temporary_file_path(), held.path)
        os.utime(held.path)
        request.session[_SESSION_KEY] = {"name": held.name, "sha256": held.sha256}
        return held

    def release(self, request: Any) -> None:
        """Forget the file, because it is a table now."""
        self.path.unlink(missing_ok=True)
        request.session.pop(_SESSION_KEY, None)

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """Yield a second name of the file, which a reader may move or replace."""
        draft = self.path.with_name(f"{self.path.name}-{uuid.uuid4()}")
        os.link(self.path, draft)
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)

    @property
    def size(self) -> int:
        """The size in bytes, packed as it came."""
        return self.path.stat().st_size


def _place(request: Any) -> Path:
    return Path(settings.FILE_UPLOAD_TEMP_DIR) / f"refused-{request.user.pk}"
