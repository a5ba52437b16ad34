"""The second factor: a code from an authenticator app, or one of the recovery codes."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from jobsite.jobs.accounts.sign_in_attempts import OneHashAtATime

CODES = 10
# Where a person who still owes the code may go.
OPEN = frozenset({"second-factor", "logout", "admin:logout"})


def is_owed(request: HttpRequest) -> bool:
    """Return whether the signed-in person uses a second factor and still owes it in this session.

    Also True if the session is older than the second factor.
    """
    if DEVICE_ID_SESSION_KEY in request.session:
        return False
    user: Any = request.user
    known = getattr(user, "uses_second_factor", None)  # not of one who signs in just now
    return app_of(user) is not None if known is None else known


class PeopleBackend(OneHashAtATime, ModelBackend):
    """Django's backend, which finds in the same query whether the person uses a second factor.

    Pages that are polled must not ask for that each time.
    """

    def get_user(self, user_id: Any) -> Any:
        apps = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        people: Any = get_user_model()._default_manager
        user = people.annotate(uses_second_factor=Exists(apps)).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


def app_of(user: Any) -> TOTPDevice | None:
    """Return the authenticator app that the person has set up."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def codes_of(user: Any) -> StaticDevice | None:
    """Return the person's recovery codes."""
    return StaticDevice.objects.filter(user=user, confirmed=True).first()


def make_codes(user: Any) -> list[str]:
    """Replace the recovery codes and return the new ones, which are shown once."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = [StaticToken.random_token() for _ in range(CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=code) for code in codes])
    return codes


def remove(user: Any) -> bool:
    """Turn the second factor off; return whether it was on."""
    StaticDevice.objects.filter(user=user).delete()
    deleted, _ = TOTPDevice.objects.filter(user=user).delete()
    return bool(deleted)
