"""Downloads and their engine in the admin, read-only."""

from django.contrib import admin

from downloads.models.category import Category
from downloads.models.defaults import Defaults
from downloads.models.download import Download
from downloads.models.engine import Engine
from downloads.models.network import BannedPeer
from downloads.models.speed_plan import PersonSpeed
from downloads.models.traffic import Traffic
from jobsite.jobs.admin.bases import ReadOnlyAdmin
from jobsite.jobs.admin.jobs import JobAdmin


@admin.register(Download)
class DownloadAdmin(JobAdmin):
    """The downloads of all people."""

    list_display = [*JobAdmin.list_display, "state", "size", "rate_down", "peers"]
    list_filter = [*JobAdmin.list_filter, "state"]
    search_fields = [*JobAdmin.search_fields, "info_hash", "info_hash_v2"]


@admin.register(Category)
class CategoryAdmin(ReadOnlyAdmin):
    """Everybody's categories and their folders."""

    list_display = ["name", "owner", "folder"]
    list_select_related = ["owner"]


@admin.register(Defaults)
class DefaultsAdmin(admin.ModelAdmin):
    """Default options of each person."""

    list_display = ["user", "hold", "exclude", "layout"]


@admin.register(PersonSpeed)
class PersonSpeedAdmin(admin.ModelAdmin):
    """Limits of all downloads of one person."""

    list_display = ["user", "down_kb", "up_kb"]


@admin.register(BannedPeer)
class BannedPeerAdmin(admin.ModelAdmin):
    """Peers that are not contacted and not let in."""

    list_display = ["address", "created_at"]


@admin.register(Traffic)
class TrafficAdmin(ReadOnlyAdmin):
    """What each person has fetched and sent by day; without an owner: everybody together."""

    list_display = ["day", "owner", "down", "up"]
    list_filter = ["day"]
    list_select_related = ["owner"]


@admin.register(Engine)
class EngineAdmin(JobAdmin):
    """The engines that ran; cancelling the active one starts a new one."""
