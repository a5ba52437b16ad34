"""API tokens: who holds them, how long they last, and whether they may change anything."""

from datetime import timedelta
from typing import Any

from django.db import models
from knox.models import AbstractAuthToken

LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "one year"), ("", "until revoked")]


class ApiToken(AbstractAuthToken):
    """A bearer token of the API. Only its hash is kept; `expiry` empty means it does not end."""

    name = models.CharField(max_length=80, default="token")
    read_only = models.BooleanField(default=False, help_text="It may look and change nothing.")

    class Meta:
        app_label = "jobs"
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"

    @classmethod
    def make(cls, user: Any, name: str, days: int | None = None, read_only: bool = False) -> str:
        """Create a token and return its secret, which exists nowhere else."""
        expiry = None if days is None else timedelta(days=days)
        _, secret = cls.objects.create(user, expiry=expiry, name=name, read_only=read_only)
        return secret
