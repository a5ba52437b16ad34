"""API tokens: their lifetime, their rights, and the authentication of a request with one."""

from typing import Any

from django.conf import settings
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

READ_ONLY = (
    "This token may only read. Use one that may change things, made on your page of API tokens or "
    f"with {settings.COMMAND} token."
)


class BearerToken(TokenAuthentication):
    """Knox's authentication, which refuses a token whose bytes are no text."""

    def authenticate_credentials(self, token: bytes) -> Any:
        if not token.isascii() or b"\0" in token:
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)


class BearerScheme(KnoxTokenScheme):
    """The name of this authentication in the API's schema."""

    target_class = "jobsite.jobs.api.authentication.BearerToken"
    name = "token"


class MayChange(BasePermission):
    """Limits a read-only token to safe methods."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in SAFE_METHODS and getattr(request.auth, "read_only", False):
            raise PermissionDenied(READ_ONLY)
        return True
