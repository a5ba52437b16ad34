"""The downloads app."""

from django.apps import AppConfig


class DownloadsConfig(AppConfig):
    """Names the app."""

    name = "downloads"
