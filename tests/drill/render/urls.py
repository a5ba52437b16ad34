"""Addresses of renderings."""

from django.urls import include, path

from jobsite.jobs.web.views import job_patterns
from tests.drill.render.api import RenderViewSet
from tests.drill.render.models import Render
from tests.drill.render.views import New

render_patterns = [path("new/", New.as_view(), name="new"), *job_patterns(Render)]
pages = [path("render/", include((render_patterns, "render")))]


def register(router):
    """Add the addresses of this app to the API."""
    router.register("render", RenderViewSet, basename="render")
