"""A kind of job for tests: it does what its script says."""

from django.apps import AppConfig


class DrillConfig(AppConfig):
    """Names the app."""

    name = "tests.drill"
    label = "drill"
