"""Addresses under /predictions/."""

from django.urls import path

from jobsite.jobs.views import job_patterns
from training import predict_views
from training.models import Prediction

app_name = "prediction"
urlpatterns = [
    path("<uuid:pk>/file/", predict_views.Download.as_view(), name="file"),
    *job_patterns(Prediction, views={"detail": predict_views.Detail}),
]
