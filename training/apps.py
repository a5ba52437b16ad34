"""The app of tables, trainings and predictions."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    """Tables in, models out."""

    name = "training"
