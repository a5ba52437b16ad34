"""Addresses under /api/v2/, as qBittorrent has them."""

from django.urls import path

from downloads.models.download import Download
from downloads.qbittorrent import commands as changes
from downloads.qbittorrent import format as words
from downloads.qbittorrent import queries as looks

LOOKS = {
    "app/version": looks.app_version,
    "app/webapiVersion": looks.api_version,
    "app/buildInfo": looks.build_info,
    "app/preferences": looks.preferences,
    "app/defaultSavePath": looks.save_path,
    "torrents/info": looks.info,
    "torrents/properties": looks.of_one(words.properties),
    "torrents/files": looks.of_one(words.files),
    "torrents/trackers": looks.of_one(looks.trackers),
    "torrents/categories": looks.categories,
    "torrents/tags": looks.tags,
    "transfer/info": looks.transfer,
    "sync/maindata": looks.maindata,
}
CHANGES = {
    "add": changes.Add.as_view(),
    "delete": changes.Delete.as_view(),
    "pause": changes.Act.as_view(button=Download.pause),
    "stop": changes.Act.as_view(button=Download.pause),
    "resume": changes.Act.as_view(button=Download.resume),
    "start": changes.Act.as_view(button=Download.resume),
    "recheck": changes.Act.as_view(button=Download.check_again),
    "reannounce": changes.Act.as_view(button=Download.announce),
    "topPrio": changes.Move.as_view(to="first"),
    "bottomPrio": changes.Move.as_view(to="last"),
    "increasePrio": changes.Move.as_view(to="up"),
    "decreasePrio": changes.Move.as_view(to="down"),
    "setForceStart": changes.ForceStart.as_view(),
    "setShareLimits": changes.ShareLimits.as_view(),
    "setCategory": changes.SetCategory.as_view(),
    "createCategory": changes.CreateCategory.as_view(),
    "editCategory": changes.EditCategory.as_view(),
    "addTags": changes.Tag.as_view(),
    "removeTags": changes.Tag.as_view(adds=False),
}

app_name = "qbittorrent"
urlpatterns = [
    path("auth/login", looks.Login.as_view(), name="login"),
    path("auth/logout", looks.Logout.as_view(), name="logout"),
    *(
        path(route, looks.Told.as_view(tell=tell), name=route.replace("/", "-"))
        for route, tell in LOOKS.items()
    ),
    *(path(f"torrents/{name}", view, name=name) for name, view in CHANGES.items()),
]
