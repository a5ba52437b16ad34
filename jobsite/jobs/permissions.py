"""What staff may do: Django's permissions, outside the admin panel too."""

from typing import Any

from django.contrib.auth import get_permission_codename
from django.db import models


def may(user: Any, right: str, model: type[models.Model]) -> bool:
    """Whether somebody of the staff may `view`, `change` or `delete` such rows of everybody.

    Others are not looked up: for them each question would be two more queries.
    """
    name = get_permission_codename(right, model._meta)
    return bool(user.is_staff and user.has_perm(f"{model._meta.app_label}.{name}"))
