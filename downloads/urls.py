"""Addresses under /downloads/."""

from django.urls import path

from downloads import (
    bulk_views,
    content,
    file_views,
    look_views,
    option_views,
    playing,
    queue_views,
    views,
)
from downloads.models import Download
from jobsite.jobs.views import job_patterns

app_name = "downloads"
urlpatterns = [
    path("new/", views.Add.as_view(), name="new"),
    path("categories/", option_views.Categories.as_view(), name="categories"),
    path("categories/<int:pk>/", option_views.EditCategory.as_view(), name="category"),
    path(
        "categories/<int:pk>/delete/",
        option_views.DeleteCategory.as_view(),
        name="category-delete",
    ),
    path("defaults/", option_views.EditDefaults.as_view(), name="defaults"),
    path("seeding/", option_views.EditSeeding.as_view(), name="seeding"),
    path("speed/", queue_views.Plan.as_view(), name="plan"),
    path("traffic/", look_views.TrafficPage.as_view(), name="traffic"),
    path("<uuid:pk>/rates/", look_views.Graphs.as_view(model=Download), name="rates"),
    path("<uuid:pk>/watch/<int:index>/", playing.Watch.as_view(model=Download), name="watch"),
    path("bulk/", bulk_views.Bulk.as_view(model=Download), name="bulk"),
    path("<uuid:pk>/files/", file_views.FileList.as_view(model=Download), name="files"),
    path("<uuid:pk>/files/<int:index>/", content.FileContent.as_view(model=Download), name="file"),
    path(
        "<uuid:pk>/files/<int:index>/rename/",
        file_views.RenameFile.as_view(model=Download),
        name="rename-file",
    ),
    path("<uuid:pk>/torrent/", content.TorrentContent.as_view(model=Download), name="torrent"),
    path("<uuid:pk>/archive/", content.ArchiveContent.as_view(model=Download), name="archive"),
    *job_patterns(
        Download,
        views={
            "list": views.DownloadList,
            "detail": views.DownloadDetail,
            "pause": views.Pause,
            "resume": views.Resume,
            "seed": views.Seed,
            "delete": views.DeleteDownload,
            "options": option_views.Options,
        },
    ),
]
