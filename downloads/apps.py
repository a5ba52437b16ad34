"""The app of downloads and their engine."""

from django.apps import AppConfig


class DownloadsConfig(AppConfig):
    """Names the app of downloads."""

    name = "downloads"
