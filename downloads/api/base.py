"""The base of what can be done with downloads through the API."""

from downloads.models.download import Download
from jobsite.jobs.api.viewsets import JobViewSet


class DownloadActions(JobViewSet):
    """Some actions of the view set of downloads, which inherits all such classes."""

    model = Download
