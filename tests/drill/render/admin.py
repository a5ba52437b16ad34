"""Renderings in the admin panel."""

from django.contrib import admin

from jobsite.jobs.admin.jobs import JobAdmin
from tests.drill.render.models import Render


@admin.register(Render)
class RenderAdmin(JobAdmin):
    """All renderings, read only."""

    list_display = [*JobAdmin.list_display, "total"]
