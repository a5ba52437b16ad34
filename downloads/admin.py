"""Downloads and their engine in the admin panel, read-only."""

from django.contrib import admin

from downloads.models import Download, Engine, PersonSpeed
from jobsite.jobs.admin import JobAdmin


@admin.register(Download)
class DownloadAdmin(JobAdmin):
    """All downloads."""

    list_display = [*JobAdmin.list_display, "state", "size", "rate_down", "peers"]
    list_filter = [*JobAdmin.list_filter, "state"]
    search_fields = [*JobAdmin.search_fields, "info_hash", "info_hash_v2"]


@admin.register(PersonSpeed)
class PersonSpeedAdmin(admin.ModelAdmin):
    """Limits of all downloads of one person."""

    list_display = ["user", "down_kb", "up_kb"]


@admin.register(Engine)
class EngineAdmin(JobAdmin):
    """The engines that ran; the active one ends and a new one starts where it is cancelled."""
