"""Addresses under /downloads/, and under /api/v2/ for clients of qBittorrent."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from downloads.api.categories import CategoryViewSet
from downloads.api.downloads import DownloadViewSet
from downloads.models.download import Download
from downloads.web import (
    bulk,
    categories,
    connection,
    content,
    downloads,
    files,
    playback,
    site_settings,
    traffic,
)
from jobsite.jobs.web.views import job_patterns

download_patterns = [
    path("new/", downloads.Add.as_view(), name="new"),
    path("categories/", categories.Categories.as_view(), name="categories"),
    path("categories/<int:pk>/", categories.EditCategory.as_view(), name="category"),
    path(
        "categories/<int:pk>/delete/",
        categories.DeleteCategory.as_view(),
        name="category-delete",
    ),
    path("defaults/", site_settings.EditDefaults.as_view(), name="defaults"),
    path("seeding/", site_settings.EditSeeding.as_view(), name="seeding"),
    path("speed/", site_settings.Plan.as_view(), name="plan"),
    path("speed/switch/", site_settings.SwitchSpeed.as_view(), name="switch-speed"),
    path("connection/", connection.Connection.as_view(), name="connection"),
    path("connection/ban/", connection.Ban.as_view(), name="ban"),
    path("connection/<int:pk>/unban/", connection.Unban.as_view(), name="unban"),
    path("traffic/", traffic.TrafficPage.as_view(), name="traffic"),
    path("<uuid:pk>/rates/", traffic.Graphs.as_view(model=Download), name="rates"),
    path("<uuid:pk>/watch/<int:index>/", playback.Play.as_view(model=Download), name="watch"),
    path("bulk/", bulk.Bulk.as_view(model=Download), name="bulk"),
    path("<uuid:pk>/files/", files.FileList.as_view(model=Download), name="files"),
    path("<uuid:pk>/files/<int:index>/", content.FileContent.as_view(model=Download), name="file"),
    path(
        "<uuid:pk>/files/<int:index>/rename/",
        files.RenameFile.as_view(model=Download),
        name="rename-file",
    ),
    path("<uuid:pk>/torrent/", content.TorrentContent.as_view(model=Download), name="torrent"),
    path("<uuid:pk>/archive/", content.ArchiveContent.as_view(model=Download), name="archive"),
    *job_patterns(
        Download,
        views={
            "list": downloads.DownloadList,
            "detail": downloads.DownloadDetail,
            "pause": downloads.Pause,
            "resume": downloads.Resume,
            "seed": downloads.Seed,
            "check": downloads.Check,
            "delete": downloads.DeleteDownload,
            "options": downloads.Options,
        },
    ),
]
pages = [
    path("downloads/", include((download_patterns, "downloads"))),
    path("api/v2/", include("downloads.qbittorrent.urls")),  # as qBittorrent has it
]


def register(router: SimpleRouter) -> None:
    """Add the addresses of this app to the API."""
    router.register("downloads/categories", CategoryViewSet, basename="categories")
    router.register("downloads", DownloadViewSet, basename="downloads")
