"""API tokens: how long they last, what they may do, and how a request proves itself with one."""

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

READ_ONLY = (
    "This token may only read. Use one that may change things, made on your page of API tokens or "
    "with manage.py token."
)


class BearerToken(TokenAuthentication):
    """Knox's authentication, for which bytes that are no text are no token either."""

    def authenticate_credentials(self, token: bytes) -> Any:
        """The person and the token."""
        if not token.isascii() or b"\0" in token:
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)


class BearerScheme(KnoxTokenScheme):
    """How the API's schema names it."""

    target_class = "jobsite.jobs.api.authentication.BearerToken"
    name = "token"


class MayChange(BasePermission):
    """Keeps a read-only token from everything that is not a look."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Refuse with a sentence."""
        if request.method not in SAFE_METHODS and getattr(request.auth, "read_only", False):
            raise PermissionDenied(READ_ONLY)
        return True
