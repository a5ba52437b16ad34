"""Addresses under /training/."""

from django.urls import path

from jobsite.jobs.views import job_patterns
from training import about_views, predict_views, views
from training.models import TrainingJob

app_name = "training"
urlpatterns = [
    path("new/", views.Upload.as_view(), name="new"),
    path("datasets/<uuid:pk>/", views.DatasetPage.as_view(), name="dataset"),
    path("datasets/<uuid:pk>/reading/", views.Reread.as_view(), name="reread"),
    path("datasets/<uuid:pk>/columns/", views.Columns.as_view(), name="columns"),
    path("datasets/<uuid:pk>/guess/", views.Guess.as_view(), name="guess"),
    path("datasets/<uuid:pk>/delete/", views.RemoveDataset.as_view(), name="dataset-delete"),
    path("<uuid:pk>/plots/<str:file>", views.Plot.as_view(), name="plot"),
    path("<uuid:pk>/files/<str:file>", views.Takeaway.as_view(), name="takeaway"),
    path("<uuid:pk>/models/<slug:algorithm>/", views.Model.as_view(), name="model"),
    path("<uuid:pk>/about/", about_views.About.as_view(), name="about"),
    path("<uuid:pk>/predict/", predict_views.Predict.as_view(), name="predict"),
    path("<uuid:pk>/predict/file/", predict_views.PredictFile.as_view(), name="predict-file"),
    *job_patterns(TrainingJob, views={"detail": views.Detail, "keep": views.Keep}),
]
