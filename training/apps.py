"""The training app."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    """Tables in, models out."""

    name = "training"
