"""Permissions of staff: Django's, outside the admin panel too."""

from typing import Any

from django.contrib.auth import get_permission_codename
from django.db import models


def may(user: Any, right: str, model: type[models.Model]) -> bool:
    """Return whether a member of staff may `view`, `change` or `delete` everybody's rows.

    False at once for everybody else, because the check costs two queries.
    """
    name = get_permission_codename(right, model._meta)
    return bool(user.is_staff and user.has_perm(f"{model._meta.app_label}.{name}"))
