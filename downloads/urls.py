"""Addresses under /downloads/."""

from django.urls import path

from downloads import content, queue_views, views
from downloads.models import MOVES, Download
from jobsite.jobs.views import job_patterns

app_name = "downloads"
urlpatterns = [
    path("new/", views.Add.as_view(), name="new"),
    path("speed/", queue_views.Plan.as_view(), name="plan"),
    *(
        path(f"<uuid:pk>/{to}/", queue_views.Move.as_view(model=Download, to=to), name=to)
        for to in sorted(MOVES)
    ),
    path("bulk/", views.Bulk.as_view(model=Download), name="bulk"),
    path("<uuid:pk>/files/", views.FileList.as_view(model=Download), name="files"),
    path("<uuid:pk>/files/<int:index>/", content.FileContent.as_view(model=Download), name="file"),
    path("<uuid:pk>/archive/", content.ArchiveContent.as_view(model=Download), name="archive"),
    *job_patterns(
        Download,
        views={
            "list": views.DownloadList,
            "detail": views.DownloadDetail,
            "pause": views.Pause,
            "resume": views.Resume,
            "delete": views.DeleteDownload,
            "limits": queue_views.Limits,
        },
    ),
]
