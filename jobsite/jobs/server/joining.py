"""What a host must have in common with those that run already, before it may join them.

Several hosts share the database and the data folder. One with other code, another key, another
folder or a wrong clock would destroy what the others do, so it is refused with what to do.
"""

import fcntl
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import DatabaseError
from django.utils.text import get_text_list

from jobsite.jobs.models.host import BEAT_EVERY, MOST_OFFSET, Host, own_roles, roles
from jobsite.jobs.models.kinds import job_models

SEEN_WITHIN = 10.0  # seconds: a network file system may show a new file late
LOOK_EVERY = 0.5


def refusal(say: Callable[[str], object]) -> str:
    """Return why this host may not join the site, as a sentence; empty if it may."""
    if unknown := sorted(set(own_roles()) - set(roles())):
        return (
            f"There is no role named {get_text_list(unknown, 'or')}. A host may do: "
            f"{', '.join(roles())}."
        )
    if not settings.MANY_HOSTS:
        return ""
    here = Host.here()
    if abs(here.clock_offset) > MOST_OFFSET:
        return (
            f"The clock of this machine is {here.clock_offset:+.0f} s off that of the database. "
            "Leases of jobs are kept by it: set it (timedatectl set-ntp true) and start again."
        )
    try:
        others = list(Host.objects.alive().others())
        is_used = is_name_used(here, say)
    except DatabaseError:  # before the first start, or made by a version without hosts
        return ""
    if is_used:
        return (
            f"Another machine runs as the host {here.name!r}. Set JOBSITE_HOST on each, to a name "
            "of its own."
        )
    return next(
        filter(None, (sentence for host in others for sentence in differences(here, host))), ""
    )


def is_name_used(here: Host, say: Callable[[str], object]) -> bool:
    """Return whether another machine, or container, goes on under the name of this host.

    One that was killed a moment ago looks alive: that it beats no more takes some seconds to see.
    """
    there = Host.objects.alive().filter(name=here.name).exclude(process_space=here.process_space)
    first = there.first()
    if first is None:
        return False
    say(f"Waiting to see whether another machine runs as the host {here.name!r}.")
    deadline = time.monotonic() + 2.5 * BEAT_EVERY
    while time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
        if there.exclude(last_seen=first.last_seen).exists():
            return True
    return False


def differences(here: Host, other: Host) -> Iterator[str]:
    """Yield a sentence for each thing that this host and one that runs do not have in common."""
    if here.version != other.version:
        yield (
            f"The host {other.name!r} runs another version of jobsite ({other.version}; this is "
            f"{here.version}). Stop all hosts, update each of them, and start them again."
        )
    if here.key_digest != other.key_digest:
        yield (
            f"The secret key of this host is not that of the host {other.name!r}, so each would "
            "refuse the sessions and links of the other. Set JOBSITE_SECRET_KEY to the same key on "
            "all, or remove it from all: then it is in the data folder."
        )
    if not is_seen(other):
        yield (
            f"The data folder {settings.DATA_DIR} does not hold what the host {other.name!r} wrote "
            "into its own. All hosts of a site need one shared data folder: mount the same one on "
            "each (NFS, CephFS, …), and set JOBSITE_DATA_DIR to it."
        )
    for model in job_models():
        if model.one_host and {model.cluster} <= {*own_roles()} & {*other.roles}:
            rest = [role for role in roles() if role != model.cluster]
            yield (
                f"The host {other.name!r} has the role {model.cluster}, which one host of a site "
                "may have. Start this one without it: "
                f"{settings.COMMAND} up --only {','.join(rest)}"
            )


def is_seen(other: Host) -> bool:
    """Return whether the token of another host is in the data folder, as it is seen from here."""
    deadline = time.monotonic() + SEEN_WITHIN
    while not other.is_seen_in_folder:
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_EVERY)
        other = Host.objects.filter(pk=other.pk).first() or other
    return True


def check_locks() -> str:
    """Return a sentence if files of the data folder cannot be locked; empty if they can."""
    try:
        with (settings.RUN_DIR / "locks").open("w+") as file:
            for kind in (fcntl.LOCK_SH, fcntl.LOCK_EX):
                fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError as error:
        return (
            f"Files in the data folder {settings.DATA_DIR} cannot be locked ({error.strerror}). "
            "Mount it with locks: for NFS, version 4, and without “nolock”."
        )
    return ""
