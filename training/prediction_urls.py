"""Addresses under /predictions/."""

from django.urls import path

from jobsite.jobs.web.views import job_patterns
from training.models.prediction import Prediction
from training.web import predictions

app_name = "prediction"
urlpatterns = [
    path("<uuid:pk>/file/", predictions.Download.as_view(), name="file"),
    *job_patterns(Prediction, views={"detail": predictions.Detail}),
]
