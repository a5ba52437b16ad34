"""The base of the actions of the downloads API."""

from downloads.models.download import Download
from jobsite.jobs.api.viewsets import JobViewSet


class DownloadActions(JobViewSet):
    """Some actions of the view set of downloads, which inherits all such classes."""

    model = Download
