"""The deletion of a person with everything: asked for at once, done when nothing runs any more."""

from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.models.kinds import job_models


class PersonDeletion(models.Model):
    """A person who is being deleted: inactive, until the last of their jobs is gone."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="deletion"
    )
    requested_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "jobs"

    def __str__(self) -> str:
        return f"Deletion of {self.user}"

    def step(self) -> bool:
        """Delete the rest if no job is left, else ask for the jobs to go; return whether it did."""
        person = self.user
        left = [model for model in job_models() if model.objects.filter(owner=person).exists()]
        for model in left:
            model.request_delete_all(person)
        if left:
            return False
        for model in job_models():
            model.remove_belongings(person)
        person.delete()
        return True


def request_deletion(person: Any) -> None:
    """Sign a person out for good and delete them with everything; housekeeping finishes it."""
    with transaction.atomic():
        type(person).objects.filter(pk=person.pk).update(is_active=False)
        ApiToken.objects.filter(user=person).delete()
        PersonDeletion.objects.get_or_create(user=person)
    for model in job_models():
        model.request_delete_all(person)


def belongings(person: Any) -> list[str]:
    """Return how many jobs of each kind a person has, such as "training: 3"."""
    counts = {model.kind: model.objects.filter(owner=person).count() for model in job_models()}
    return [f"{kind}: {count}" for kind, count in counts.items() if count]
