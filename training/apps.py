"""The app of tables, trainings and predictions."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    """Names the app of tables, trainings and predictions."""

    name = "training"
