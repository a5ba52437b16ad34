"""Addresses under /training/ and /predictions/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from jobsite.jobs.web.views import job_patterns
from training.api.datasets import DatasetViewSet
from training.api.predictions import PredictionViewSet
from training.api.trainings import TrainingViewSet
from training.models.prediction import Prediction
from training.models.training_job import TrainingJob
from training.web import bulk, comparisons, datasets, inspections, predictions, trainings
from training.web.tables import page, upload

training_patterns = [
    path("new/", upload.Upload.as_view(), name="new"),
    path("datasets/", datasets.DatasetList.as_view(), name="datasets"),
    path("datasets/<uuid:pk>/inspect/", inspections.Inspect.as_view(), name="inspect"),
    path("datasets/<uuid:pk>/closer/", inspections.Closer.as_view(), name="closer"),
    path(
        "datasets/<uuid:pk>/report/",
        inspections.ReportFile.as_view(),
        name="dataset-report",
    ),
    path("datasets/<uuid:pk>/role/", page.Role.as_view(), name="dataset-role"),
    path("datasets/<uuid:pk>/rename/", datasets.Rename.as_view(), name="dataset-rename"),
    path("datasets/<uuid:pk>/file/", datasets.TableFile.as_view(), name="dataset-file"),
    path("datasets/<uuid:pk>/", page.DatasetPage.as_view(), name="dataset"),
    path("datasets/<uuid:pk>/reading/", page.Reread.as_view(), name="reread"),
    path("datasets/<uuid:pk>/columns/", page.Columns.as_view(), name="columns"),
    path("datasets/<uuid:pk>/guess/", page.Guess.as_view(), name="guess"),
    path("datasets/<uuid:pk>/delete/", datasets.RemoveDataset.as_view(), name="dataset-delete"),
    path("bulk/", bulk.Bulk.as_view(), name="bulk"),
    path("compare/", comparisons.Compare.as_view(), name="compare"),
    path("<uuid:pk>/plots/<str:file>", trainings.Plot.as_view(), name="plot"),
    path("<uuid:pk>/files/<str:file>", trainings.ExportFile.as_view(), name="takeaway"),
    path("<uuid:pk>/models/<slug:algorithm>/", trainings.Model.as_view(), name="model"),
    path("<uuid:pk>/about/", trainings.About.as_view(), name="about"),
    path("<uuid:pk>/predict/", predictions.Predict.as_view(), name="predict"),
    path("<uuid:pk>/predict/file/", predictions.PredictFile.as_view(), name="predict-file"),
    *job_patterns(
        TrainingJob,
        views={"list": trainings.TrainingList, "detail": trainings.Detail, "keep": trainings.Keep},
    ),
]

prediction_patterns = [
    path("<uuid:pk>/file/", predictions.Download.as_view(), name="file"),
    *job_patterns(
        Prediction, views={"list": predictions.PredictionList, "detail": predictions.Detail}
    ),
]
pages = [
    path("training/", include((training_patterns, "training"))),
    path("predictions/", include((prediction_patterns, "prediction"))),
]


def register(router: SimpleRouter) -> None:
    """Add the addresses of this app to the API."""
    router.register("datasets", DatasetViewSet, basename="datasets")
    router.register("training", TrainingViewSet, basename="training")
    router.register("predictions", PredictionViewSet, basename="predictions")
