"""Sign-in to the part of the site that speaks qBittorrent's Web API.

With a user name and an API token in the place of the password, with a token as bearer, or, for
somebody who has made a token but uses no second factor, with the password. The session is its own:
its cookie opens nothing else, and no other cookie opens this.
"""

from importlib import import_module
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from jobsite.jobs.accounts import second_factor
from jobsite.jobs.api.authentication import BearerToken
from jobsite.jobs.models.api_token import ApiToken

COOKIE = "SID"
PATH = f"{settings.BASE_PATH}/api/v2/"
LASTS = 24 * 3600
_Store = import_module(settings.SESSION_ENGINE).SessionStore


class Locked(Exception):
    """There were too many wrong tries from this address; the lock passes."""


def sign_in(request: HttpRequest, name: str, password: str) -> str | None:
    """Return the key of a new session; None if name and password do not fit. Raises Locked."""
    credentials = {"username": name}
    if not AxesProxyHandler.is_allowed(request, credentials):
        raise Locked
    user, token = _of_token(password)
    if user is None or user.get_username() != name:
        # Also counts the wrong try.
        user, token = authenticate(request, username=name, password=password), None
        if user is None or not _may_use_password(user):
            return None
    session = _Store()
    session["bridge"] = {"user": user.pk, "token": token.digest if token else None}
    session.set_expiry(LASTS)
    session.save()
    return session.session_key


def sign_out(request: HttpRequest) -> None:
    """End the session of this request."""
    _Store(request.COOKIES.get(COOKIE)).flush()


def person_of(request: HttpRequest) -> tuple[Any, bool]:
    """Return who calls and whether they may change things; (None, False) if nobody."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        user, token = _of_token(secret.strip())
        return user, token is not None and not token.read_only
    kept = _Store(request.COOKIES.get(COOKIE)).get("bridge") or {}
    user = get_user_model().objects.filter(pk=kept.get("user", 0), is_active=True).first()
    if user is None:
        return None, False
    if kept["token"] is None:
        return (user, True) if _may_use_password(user) else (None, False)
    token = ApiToken.objects.filter(user=user, digest=kept["token"]).first()
    if token is None or (token.expiry is not None and token.expiry < timezone.now()):
        return None, False
    return user, not token.read_only


def _may_use_password(user: Any) -> bool:
    """Return whether the password may be used:

    not before a token was made, nor with a second factor.
    """
    return ApiToken.objects.filter(user=user).exists() and second_factor.app_of(user) is None


def _of_token(secret: str) -> tuple[Any, Any]:
    try:
        return BearerToken().authenticate_credentials(secret.encode(errors="replace"))
    except AuthenticationFailed:
        return None, None
