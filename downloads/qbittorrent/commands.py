"""The calls of qBittorrent's API that act on downloads: remove, pause, queue, share limits."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from downloads.models.download import Download
from downloads.models.seeding_goal import INHERITED
from downloads.qbittorrent.base import Bridge, answer, is_yes
from downloads.qbittorrent.format import seeding_goal


class Change(Bridge):
    """A call that changes something, for the downloads that `hashes` names."""

    http_method_names = ["post"]
    changes = True

    def post(self, request: HttpRequest) -> HttpResponse:
        for job in self.chosen(request.POST.get("hashes", "")):
            self.act(job, request)
        return answer()

    def act(self, job: Download, request: HttpRequest) -> None:
        """Act on one download."""
        raise NotImplementedError


class Delete(Change):
    """Removes downloads, and their files if asked to."""

    def act(self, job: Download, request: HttpRequest) -> None:
        """Mark the row; the engine does the rest."""
        job.request_delete(with_data=is_yes(request.POST, "deleteFiles"))


class Act(Change):
    """A button of a download; those whose state does not allow it stay as they are."""

    button: Any = None

    def act(self, job: Download, request: HttpRequest) -> None:
        self.button(job)


class Move(Change):
    """Changes places in the queue."""

    to = ""

    def act(self, job: Download, request: HttpRequest) -> None:
        """Move a download to one end of the queue, or by a step."""
        job.move(self.to)


class ForceStart(Change):
    """Start past the queue, or queue as others do."""

    def act(self, job: Download, request: HttpRequest) -> None:
        """Start a download past the queue, even if it was paused."""
        job.force(is_yes(request.POST, "value"))


class ShareLimits(Change):
    """Sets when the uploading of torrents ends."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 400 if the limits are no numbers."""
        try:
            self.goal = seeding_goal(request.POST)
        except ValueError:
            return answer("The limits are no numbers.", 400)
        return super().post(request)

    def act(self, job: Download, request: HttpRequest) -> None:
        """Set the goal; without a limit, that of its category or of the site holds."""
        job.change(self.goal or {"seed": INHERITED})
