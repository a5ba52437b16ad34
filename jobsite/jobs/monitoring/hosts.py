"""The hosts of a site as the dashboard, `/health/ready` and the metrics show them."""

from django.utils.text import get_text_list
from django.utils.timesince import timesince

from jobsite.jobs.models.host import MOST_OFFSET, Host
from jobsite.jobs.models.kinds import job_models


def several() -> list[Host]:
    """Return the hosts of the site, those that vanished among them; empty if there is just one."""
    hosts = list(Host.objects.all())
    return hosts if len(hosts) > 1 else []


def warning(host: Host) -> str:
    """Return a sentence about what is wrong with one of several hosts; empty if nothing is."""
    if not host.is_alive:
        stays = [model.title for model in job_models() if model.cluster in bound_to(host)]
        rest = f"; {' and '.join(filter(None, stays)).lower()} wait for it" if stays else ""
        return (
            f"The host {host.name} has not been heard of for {timesince(host.last_seen)}. What ran "
            f"there goes on elsewhere{rest}. Look at the machine and its network."
        )
    if host.idle_clusters:
        missing = get_text_list(host.idle_clusters, "and")
        return f"The host {host.name} has no worker that is alive in {missing}; look at its log."
    if abs(host.clock_offset) > MOST_OFFSET:
        return (
            f"The clock of the host {host.name} differs by {host.clock_offset:+.0f} s from that of "
            "the database. Set it: leases of jobs are kept by it."
        )
    return ""


def bound_to(host: Host) -> set[str]:
    """Return the clusters of a host whose files lie on it, so that no other can go on."""
    return {model.cluster for model in job_models() if model.one_host} & {*host.roles}


def state(host: Host) -> str:
    """Return the state of a host in one word or two, for machines."""
    if not host.is_alive:
        return "gone"
    return f"no worker in {', '.join(host.idle_clusters)}" if host.idle_clusters else "ok"
