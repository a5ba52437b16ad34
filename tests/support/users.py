"""Persons whose rights are just what a test is about."""

from typing import Any

from django.contrib.auth import get_permission_codename, get_user_model
from django.contrib.auth.models import Permission
from django.db import models


def permit(user: Any, right: str, model: type[models.Model]) -> Any:
    """Make the person staff who may `view`, `add`, `change` or `delete` such rows."""
    user.is_staff = True
    user.save()
    name = get_permission_codename(right, model._meta)
    user.user_permissions.add(
        Permission.objects.get(content_type__app_label=model._meta.app_label, codename=name)
    )
    return get_user_model().objects.get(pk=user.pk)  # permissions are remembered with a person
