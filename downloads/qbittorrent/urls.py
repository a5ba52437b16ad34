"""Addresses under /api/v2/, as qBittorrent has them."""

from typing import Any

from django.urls import path, re_path

from downloads.models.download import Download
from downloads.qbittorrent import (
    add,
    categories,
    commands,
    details,
    options,
    preferences,
    queries,
    sign_in,
    site,
)
from downloads.qbittorrent.maindata import maindata

QUERIES: dict[str, Any] = {
    "app/version": site.app_version,
    "app/webapiVersion": site.api_version,
    "app/buildInfo": site.build_info,
    "app/preferences": preferences.read,
    "app/defaultSavePath": site.save_path,
    "app/networkInterfaceList": site.nothing,
    "app/networkInterfaceAddressList": site.nothing,
    "log/main": site.log_lines,
    "log/peers": site.nothing,
    "torrents/info": queries.info,
    "torrents/count": queries.count,
    "torrents/properties": queries.of_one(details.properties),
    "torrents/files": queries.of_one(details.files),
    "torrents/trackers": queries.of_one(details.trackers),
    "torrents/webseeds": queries.of_one(queries.web_seeds),
    "torrents/pieceStates": queries.of_one(details.piece_states),
    "torrents/pieceHashes": queries.of_one(details.piece_hashes),
    "torrents/export": queries.export,
    "torrents/categories": queries.categories,
    "torrents/tags": queries.tags,
    "transfer/info": site.transfer,
    "transfer/speedLimitsMode": site.speed_mode,
    "transfer/downloadLimit": site.download_limit,
    "transfer/uploadLimit": site.upload_limit,
    "sync/maindata": maindata,
    "sync/torrentPeers": queries.of_one(details.peers),
}
ELSEWHERE = "Categories decide where files go: set another category or location."
COMMANDS: dict[str, Any] = {
    "add": add.Add.as_view(),
    "delete": commands.Delete.as_view(),
    "pause": commands.Act.as_view(button=Download.pause),
    "stop": commands.Act.as_view(button=Download.pause),
    "resume": commands.Act.as_view(button=Download.resume),
    "start": commands.Act.as_view(button=Download.resume),
    "recheck": commands.Act.as_view(button=Download.check_again),
    "reannounce": commands.Act.as_view(button=Download.announce),
    "topPrio": commands.Move.as_view(to="first"),
    "bottomPrio": commands.Move.as_view(to="last"),
    "increasePrio": commands.Move.as_view(to="up"),
    "decreasePrio": commands.Move.as_view(to="down"),
    "setForceStart": commands.ForceStart.as_view(),
    "setShareLimits": commands.ShareLimits.as_view(),
    "downloadLimit": options.Limits.as_view(field="down_kb"),
    "uploadLimit": options.Limits.as_view(field="up_kb"),
    "setDownloadLimit": options.SetLimit.as_view(field="down_kb"),
    "setUploadLimit": options.SetLimit.as_view(field="up_kb"),
    "toggleSequentialDownload": options.Toggle.as_view(field="sequential"),
    "toggleFirstLastPiecePrio": options.Toggle.as_view(field="ends_first"),
    "setAutoManagement": options.Fixed.as_view(parameter="enable", value=True, reason=ELSEWHERE),
    "setSuperSeeding": options.Fixed.as_view(reason="There is no super seeding here."),
    "filePrio": options.FilePriorities.as_view(),
    "rename": options.Rename.as_view(),
    "renameFile": options.RenameFile.as_view(),
    "renameFolder": options.RenameFolder.as_view(),
    "setLocation": options.SetLocation.as_view(),
    "setSavePath": options.SetLocation.as_view(),
    "addPeers": options.AddPeers.as_view(),
    "addTrackers": options.EditTrackers.as_view(edit=options.with_added),
    "editTracker": options.EditTrackers.as_view(edit=options.with_edited),
    "removeTrackers": options.EditTrackers.as_view(edit=options.without_removed),
    "setCategory": categories.SetCategory.as_view(),
    "createCategory": categories.CreateCategory.as_view(),
    "editCategory": categories.EditCategory.as_view(),
    "removeCategories": categories.RemoveCategories.as_view(),
    "createTags": categories.Tags.as_view(),
    "deleteTags": categories.Tags.as_view(creates=False),
    "addTags": categories.Tag.as_view(),
    "removeTags": categories.Tag.as_view(adds=False),
}
SwitchSpeed = preferences.SwitchSpeed.as_view()
SITE_CHANGES: dict[str, Any] = {
    "app/setPreferences": preferences.SetPreferences.as_view(),
    "transfer/setDownloadLimit": preferences.SetSiteLimit.as_view(
        usual="down_kb", slow="slow_down_kb"
    ),
    "transfer/setUploadLimit": preferences.SetSiteLimit.as_view(usual="up_kb", slow="slow_up_kb"),
    "transfer/setSpeedLimitsMode": SwitchSpeed,
    "transfer/toggleSpeedLimitsMode": SwitchSpeed,
    "transfer/banPeers": preferences.BanPeers.as_view(),
}
SITE = "This serves several people: its administrators set that, on its pages."
REFUSED = {
    "app/shutdown": SITE,
    "app/setCookies": SITE,
    "torrents/setDownloadPath": "Unfinished files have a place of their own.",
}

app_name = "qbittorrent"
urlpatterns = [
    path("auth/login", sign_in.Login.as_view(), name="login"),
    path("auth/logout", sign_in.Logout.as_view(), name="logout"),
    *(
        path(route, queries.Query.as_view(reply=reply), name=route.replace("/", "-"))
        for route, reply in QUERIES.items()
    ),
    *(path(f"torrents/{name}", view, name=name) for name, view in COMMANDS.items()),
    *(path(route, view) for route, view in SITE_CHANGES.items()),
    *(path(route, options.Refused.as_view(reason=reason)) for route, reason in REFUSED.items()),
    re_path("^(?:search|rss)/", options.Refused.as_view(reason="There is no search and no RSS.")),
]
