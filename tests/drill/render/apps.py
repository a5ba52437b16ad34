"""The app of a kind of job that is made as CONTRIBUTING says."""

from django.apps import AppConfig


class RenderConfig(AppConfig):
    """Names the app."""

    name = "tests.drill.render"
    label = "render"
