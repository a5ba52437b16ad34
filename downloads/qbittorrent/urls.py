"""Addresses under /api/v2/, as qBittorrent has them."""

from django.urls import path

from downloads.models.download import Download
from downloads.qbittorrent import commands, format, queries, sign_in

QUERIES = {
    "app/version": queries.app_version,
    "app/webapiVersion": queries.api_version,
    "app/buildInfo": queries.build_info,
    "app/preferences": queries.preferences,
    "app/defaultSavePath": queries.save_path,
    "torrents/info": queries.info,
    "torrents/properties": queries.of_one(format.properties),
    "torrents/files": queries.of_one(format.files),
    "torrents/trackers": queries.of_one(queries.trackers),
    "torrents/categories": queries.categories,
    "torrents/tags": queries.tags,
    "transfer/info": queries.transfer,
    "sync/maindata": queries.maindata,
}
COMMANDS = {
    "add": commands.Add.as_view(),
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
    "setCategory": commands.SetCategory.as_view(),
    "createCategory": commands.CreateCategory.as_view(),
    "editCategory": commands.EditCategory.as_view(),
    "addTags": commands.Tag.as_view(),
    "removeTags": commands.Tag.as_view(adds=False),
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
]
