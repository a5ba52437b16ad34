"""Idempotent submission: one press of a button makes one job, however often it is sent.

A request names its submission: by the header `Idempotency-Key`, or by the hidden field that the tag
`{% once %}` puts into a form. A second request of the same person with the same name gets the job
that the first one made.
"""

import uuid

from jobsite.jobs.log_context import REQUEST
from jobsite.jobs.text import storable

FIELD = "idempotency_key"
LONGEST = 100


def next_key() -> str:
    """Return the name of what is being submitted; empty outside a request or without a name.

    The submissions of one request are counted: a form may queue several jobs.
    """
    request = REQUEST.get()
    sent = request and (request.headers.get("Idempotency-Key") or request.POST.get(FIELD, ""))
    if not sent:
        return ""
    request.submissions = getattr(request, "submissions", 0) + 1
    return f"{storable(sent[:LONGEST])}#{request.submissions}"


def new_key() -> str:
    """Return a name for the submission of a form that is being shown."""
    return uuid.uuid4().hex
