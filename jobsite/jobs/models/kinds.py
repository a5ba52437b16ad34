"""Access to the installed kinds of job and to their combined declarations."""

from collections.abc import Iterable
from pathlib import Path

from django.apps import AppConfig, apps
from django.conf import settings

from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kind import ChildLimits, UploadLimit


def job_models() -> list[type[Job]]:
    """Return the model of every kind, in the order of INSTALLED_APPS."""
    return [model for model in apps.get_models() if issubclass(model, Job)]


def job_model(kind: str) -> type[Job]:
    """Return the model of a kind. Raises LookupError if there is none."""
    for model in job_models():
        if model.kind == kind:
            return model
    raise LookupError(f"There is no kind of job named {kind!r}.")


def job_apps() -> list[AppConfig]:
    """Return the apps that have a kind with pages, without duplicates."""
    return list(dict.fromkeys(model._meta.app_config for model in job_models() if model.has_pages))


def clusters() -> dict[str, int]:
    """Return the number of workers of each cluster that runs jobs."""
    names = dict.fromkeys(model.cluster for model in job_models() if model.runner)
    return {name: settings.WORKERS.get(name, 1) for name in names}


def models_of(cluster: str) -> list[type[Job]]:
    """Return the models of the kinds of a cluster, those that another job's child runs as well."""
    return [model for model in job_models() if model.cluster == cluster]


def run_by(cluster: str) -> list[type[Job]]:
    """Return the models of the kinds whose jobs the workers of a cluster run."""
    return [model for model in models_of(cluster) if model.runner]


def child_limits(cluster: str) -> ChildLimits:
    """Return the tightest limits that the kinds of a cluster declare."""
    found = [model.child_limits for model in models_of(cluster)]
    sizes = [one.file_mb for one in found if one.file_mb is not None]
    numbers = [one.processes for one in found if one.processes is not None]
    return ChildLimits(min(sizes, default=None), min(numbers, default=None))


def image_of(cluster: str) -> str:
    """Return the name of the image from which a cluster's children are forked; empty: of none."""
    return next((model.image for model in run_by(cluster)), "")


def images_of(clusters: Iterable[str]) -> list[str]:
    """Return the names of the images that these clusters need, without duplicates."""
    return [name for name in dict.fromkeys(map(image_of, clusters)) if name]


def runners_of_image(name: str) -> list[str]:
    """Return the dotted path of the runner of each kind whose children an image forks."""
    return [model.runner for model in job_models() if model.runner and model.image == name]


def upload_limit(field: str) -> UploadLimit | None:
    """Return the limit of a form field: its own, else the general one; None if there is neither."""
    limits = {limit.field: limit for model in job_models() for limit in model.upload_limits}
    return limits.get(field) or limits.get("")


def kind_folder_settings() -> dict[str, str]:
    """Return name in a backup -> setting, for the folders outside the data folder."""
    return {name: setting for model in job_models() for name, setting in model.folders.items()}


def kind_folders() -> dict[str, Path]:
    """Return name in a backup -> path, for the folders outside the data folder."""
    return {
        name: Path(getattr(settings, setting)) for name, setting in kind_folder_settings().items()
    }
