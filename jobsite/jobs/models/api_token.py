"""API tokens: their owner, their lifetime, and whether they are read-only."""

from datetime import timedelta
from typing import Any

from django.db import models
from knox.models import AbstractAuthToken

LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "one year"), ("", "until revoked")]


class ApiToken(AbstractAuthToken):
    """A bearer token of the API. Only its hash is stored; without `expiry` it never expires."""

    name = models.CharField(max_length=80, default="token")
    read_only = models.BooleanField(default=False, help_text="It may look and change nothing.")

    class Meta:
        app_label = "jobs"
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"

    @classmethod
    def make(cls, user: Any, name: str, days: int | None = None, read_only: bool = False) -> str:
        """Create a token and return its secret, which is stored nowhere; `days` None: no expiry."""
        expiry = None if days is None else timedelta(days=days)
        _, secret = cls.objects.create(user, expiry=expiry, name=name, read_only=read_only)
        return secret
