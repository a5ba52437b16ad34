"""Limits of sign-in attempts: for an address whatever names it tries, and of hashes at a time."""

import threading
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.conf import settings
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.db.models import Sum
from django.http import HttpRequest

from jobsite.jobs import slots
from jobsite.jobs.accounts.client_address import address

# A household or an office shares one address, so it may fail more often than one name may.
ADDRESS_LIMIT = 40

_hashing = threading.Lock()


class AttemptsHandler(AxesDatabaseHandler):
    """Counts the failures of a name at an address, and those of an address over all names."""

    def get_failures(self, request: Any, credentials: dict | None = None) -> int:
        """Return the failures that count against the limit of a name.

        Those of the address are scaled, so that both limits are reached at the same number.
        """
        recent = AccessAttempt.objects.filter(
            ip_address=address(request), attempt_time__gte=get_cool_off_threshold(request)
        )
        total = recent.aggregate(total=Sum("failures_since_start"))["total"] or 0
        of_address = total * settings.AXES_FAILURE_LIMIT // ADDRESS_LIMIT
        return max(super().get_failures(request, credentials), of_address)


class OneHashAtATime:
    """Mixed into a backend: a password costs 0.2 s of a core, and callers may send many at once.

    Whoever waits for his turn keeps no slot from requests that are answered in milliseconds.
    """

    def authenticate(self, request: HttpRequest | None, *args: Any, **credentials: Any) -> Any:
        with slots.released(), _hashing:
            return super().authenticate(request, *args, **credentials)  # type: ignore[misc]
