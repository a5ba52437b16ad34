"""One-time sign-in links, for the first administrator and for people without e-mail."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode


class SignInTokens(PasswordResetTokenGenerator):
    """Tokens for one use: the last sign-in and the password are part of the hash.

    They also expire after Django's PASSWORD_RESET_TIMEOUT (three days).
    """

    key_salt = "jobsite.jobs.links"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        """Add the fraction of the second, without which a link works twice within one."""
        last = user.last_login.isoformat() if user.last_login else ""
        return f"{super()._make_hash_value(user, timestamp)}{last}"


TOKENS = SignInTokens()


def sign_in_link(user: Any) -> str:
    """Return the address at which this person may sign in once."""
    where = {
        "uid": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": TOKENS.make_token(user),
    }
    path = reverse("sign-in-link", kwargs=where)
    # FORCE_SCRIPT_NAME is part of both the path and the base URL where the site lies in a folder.
    origin = settings.CSRF_TRUSTED_ORIGINS[0]
    return f"{origin}{path}"


def user_of(uid: str, token: str) -> Any | None:
    """Return the person whom a link belongs to; None if it was used, is old or is not ours."""
    try:
        user = get_user_model().objects.get(pk=force_str(urlsafe_base64_decode(uid)))
    except (ValueError, OverflowError, ValidationError, get_user_model().DoesNotExist):
        return None
    return user if user.is_active and TOKENS.check_token(user, token) else None
