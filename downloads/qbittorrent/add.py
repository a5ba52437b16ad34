"""The call of qBittorrent's API that adds torrents, with every option that it documents."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from downloads.adding import Answer, read_links, read_torrents, submit
from downloads.models.category import Category
from downloads.models.defaults import Defaults
from downloads.models.download import Download
from downloads.qbittorrent.base import Bridge, answer, is_yes
from downloads.qbittorrent.categories import category_at, category_of
from downloads.qbittorrent.format import kilobytes, layout, seeding_goal
from downloads.seeding import REMOVE, STOP
from downloads.validators import MAX_TAGS, clean_name, clean_tags
from jobsite.jobs.models.allowance import OverAllowance
from jobsite.jobs.web.uploads import refusal, status_of

# Options that would be a lie if they were accepted, and the reason.
REFUSED = {
    "skip_checking": "What lies on disk is always verified.",
    "useDownloadPath": "Unfinished files have a place of their own.",
}
THEN = {"Default": "", "Stop": STOP, "Remove": REMOVE}


class Add(Bridge):
    """Add links and .torrent files with their options."""

    http_method_names = ["post"]
    changes = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return `Ok.` if something was added, else `Fails.`; 409 names an option that cannot be.

        What is here already gets the category and the tags, and counts as not added.
        """
        given = request.POST
        if refusal(request):
            return answer("Fails.", status_of(request))
        # Each program names the part with the file as it likes.
        files = [file for _, part in request.FILES.lists() for file in part]
        asked = [*read_links(given.get("urls", "")), *read_torrents(files)]
        if reason := refused(given):
            return answer(reason, 409)
        try:
            options = options_of(self.person, given)
            added = submit(self.person, asked, options)
        except (ValueError, ValidationError, OverAllowance):
            return answer("Fails.")
        self._finish(added, given, options)
        return answer("Ok." if added.added else "Fails.")

    def _finish(self, added: Answer, given: Mapping[str, str], options: Mapping[str, Any]) -> None:
        """Do what can only be done to a row that is there."""
        for job in added.added:
            if is_yes(given, "paused") or is_yes(given, "stopped"):
                job.pause()
            if is_yes(given, "forced"):
                job.force()
        if is_yes(given, "addToTopOfQueue"):
            for job in reversed(added.added):
                job.move("first")
        for duplicate in added.duplicates:
            _sort_anew(duplicate.job, options)


def refused(given: Mapping[str, str]) -> str:
    """Return why an option cannot be honoured, as a sentence; empty if all can."""
    for name, reason in REFUSED.items():
        if is_yes(given, name):
            return f"{name} cannot be. {reason}"
    if given.get("downloadPath"):
        return f"downloadPath cannot be. {REFUSED['useDownloadPath']}"
    if given.get("stopCondition", "None") not in {"", "None", "MetadataReceived"}:
        return "stopCondition can be None or MetadataReceived."
    if given.get("shareLimitAction", "") not in {"", "-1", *THEN}:
        return "shareLimitAction can be Default, Stop or Remove."
    return ""


def options_of(owner: Any, given: Mapping[str, str]) -> dict[str, Any]:
    """Return fields of a download. Raises ValueError or ValidationError."""
    found: dict[str, Any] = {
        "category": _place(owner, given),
        "tags": clean_tags(given.get("tags", "")),
        "sequential": is_yes(given, "sequentialDownload"),
        "ends_first": is_yes(given, "firstLastPiecePrio"),
        "layout": layout(given) or Defaults.of(owner).layout,
        "hold": given.get("stopCondition") == "MetadataReceived",
        "down_kb": kilobytes(given.get("dlLimit", "")),
        "up_kb": kilobytes(given.get("upLimit", "")),
        **seeding_goal(given),
    }
    if given.get("rename"):
        found["save_as"] = found["name"] = clean_name(given["rename"])
    if then := THEN.get(given.get("shareLimitAction", "")):
        found["seed_then"] = then
    return found


def _place(owner: Any, given: Mapping[str, str]) -> Category | None:
    """Return the category that says where the files go. Raises ValidationError."""
    path = given.get("savepath", "")
    named = category_of(owner, given.get("category", ""))
    if not path:
        return named
    found = category_at(owner, path)
    if named is not None and found != named:
        raise ValidationError("The category has another folder than savepath.")
    return found


def _sort_anew(job: Download, options: Mapping[str, Any]) -> None:
    changes = {}
    if options["category"] and options["category"] != job.category:
        changes["category"] = options["category"]
    if set(options["tags"]) - set(job.tags):
        changes["tags"] = list(dict.fromkeys([*job.tags, *options["tags"]]))[:MAX_TAGS]
    if changes:
        job.change(changes)
