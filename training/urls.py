"""Addresses under /training/."""

from django.urls import path

from jobsite.jobs.views import job_patterns
from training import (
    about_views,
    compare_views,
    dataset_views,
    inspection_views,
    predict_views,
    views,
)
from training.models import TrainingJob

app_name = "training"
urlpatterns = [
    path("new/", dataset_views.Upload.as_view(), name="new"),
    path("datasets/", dataset_views.DatasetList.as_view(), name="datasets"),
    path("datasets/<uuid:pk>/inspect/", inspection_views.Inspect.as_view(), name="inspect"),
    path("datasets/<uuid:pk>/closer/", inspection_views.Closer.as_view(), name="closer"),
    path(
        "datasets/<uuid:pk>/report/",
        inspection_views.ReportFile.as_view(),
        name="dataset-report",
    ),
    path("datasets/<uuid:pk>/role/", inspection_views.Role.as_view(), name="dataset-role"),
    path("datasets/<uuid:pk>/rename/", dataset_views.Rename.as_view(), name="dataset-rename"),
    path("datasets/<uuid:pk>/file/", dataset_views.TableFile.as_view(), name="dataset-file"),
    path("datasets/<uuid:pk>/", dataset_views.DatasetPage.as_view(), name="dataset"),
    path("datasets/<uuid:pk>/reading/", dataset_views.Reread.as_view(), name="reread"),
    path("datasets/<uuid:pk>/columns/", dataset_views.Columns.as_view(), name="columns"),
    path("datasets/<uuid:pk>/guess/", dataset_views.Guess.as_view(), name="guess"),
    path(
        "datasets/<uuid:pk>/delete/", dataset_views.RemoveDataset.as_view(), name="dataset-delete"
    ),
    path("compare/", compare_views.Compare.as_view(), name="compare"),
    path("<uuid:pk>/plots/<str:file>", views.Plot.as_view(), name="plot"),
    path("<uuid:pk>/files/<str:file>", views.Takeaway.as_view(), name="takeaway"),
    path("<uuid:pk>/models/<slug:algorithm>/", views.Model.as_view(), name="model"),
    path("<uuid:pk>/about/", about_views.About.as_view(), name="about"),
    path("<uuid:pk>/predict/", predict_views.Predict.as_view(), name="predict"),
    path("<uuid:pk>/predict/file/", predict_views.PredictFile.as_view(), name="predict-file"),
    *job_patterns(
        TrainingJob, views={"list": views.TrainingList, "detail": views.Detail, "keep": views.Keep}
    ),
]
