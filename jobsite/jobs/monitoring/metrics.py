"""`/metrics`: the state of the site in the text format of Prometheus, protected by a key."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from statistics import quantiles

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from jobsite.jobs import pid_files
from jobsite.jobs.models.host import Host
from jobsite.jobs.models.kinds import clusters, job_models
from jobsite.jobs.models.tally import LOST, WEDGED, Tally
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.status import Status

LATELY = timedelta(minutes=15)
MOST = 1000
COUNTED = {LOST: "leases_lost", WEDGED: "clusters_wedged"}


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics; 404 if no key is set, 403 without it."""
    if not settings.METRICS_KEY:
        raise Http404("Set JOBSITE_METRICS_KEY to see metrics here.")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not secrets.compare_digest(given.encode(), settings.METRICS_KEY.encode()):
        sentence = "Send the site's metrics key as “Authorization: Bearer KEY”.\n"
        return HttpResponse(sentence, status=403, content_type="text/plain; charset=utf-8")
    registry = CollectorRegistry()
    registry.register(Rows())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Rows:
    """Reads everything from the database at each scrape, because all processes write there."""

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("jobsite", "The program.", value={"version": settings.VERSION})
        yield from waiting()
        yield pickup_times()
        yield from counted()
        alive = GaugeMetricFamily(
            "jobsite_workers_alive", "Workers with a recent sign of life.", labels=["cluster"]
        )
        found = dict(Worker.objects.alive().order_by().values_list("cluster").annotate(Count("pk")))
        for cluster in clusters():
            alive.add_metric([cluster], found.get(cluster, 0))
        yield alive
        yield from of_hosts()


def of_hosts() -> Iterator[Metric]:
    """Yield for each host when it was heard of and how many of its workers are alive."""
    seen = GaugeMetricFamily(
        "jobsite_host_silent_seconds", "Since the last sign of life of a host.", labels=["host"]
    )
    alive = GaugeMetricFamily(
        "jobsite_host_workers_alive", "Workers alive, by host.", labels=["host", "cluster"]
    )
    workers = Worker.objects.alive().order_by().values_list("host", "cluster")
    found = {(host, cluster): n for host, cluster, n in workers.annotate(Count("pk"))}
    for host in Host.objects.all():
        seen.add_metric([host.name], (timezone.now() - host.last_seen).total_seconds())
        for cluster in clusters().keys() & {*host.roles}:
            alive.add_metric([host.name, cluster], found.get((host.name, cluster), 0))
    yield seen
    yield alive


def waiting() -> Iterator[Metric]:
    """Yield the number of jobs in each status, and the age of the oldest queued one."""
    depth = GaugeMetricFamily("jobsite_jobs", "Jobs by status.", labels=["kind", "status"])
    age = GaugeMetricFamily(
        "jobsite_queue_oldest_seconds",
        "Age of the oldest queued job.",
        labels=["kind"],
    )
    now = timezone.now()
    for model in job_models():
        rows = model.objects.filter(delete_requested=False).order_by()
        found = dict(rows.values_list("status").annotate(Count("pk")))
        for status in Status:
            depth.add_metric([model.kind, status], found.get(status, 0))
        oldest = rows.filter(status=Status.QUEUED).aggregate(at=Min("queued_at"))["at"]
        age.add_metric([model.kind], (now - oldest).total_seconds() if oldest else 0)
    yield depth
    yield age


def pickup_times() -> Metric:
    """Return how long the jobs that started lately had been queued."""
    metric = GaugeMetricFamily(
        "jobsite_pickup_seconds", "From queued to started, of late.", labels=["kind", "quantile"]
    )
    for model in job_models():
        started = model.objects.filter(started_at__gt=timezone.now() - LATELY)
        times = started.order_by("-started_at").values_list("queued_at", "started_at")[:MOST]
        seconds = [(start - queued).total_seconds() for queued, start in times if start]
        if len(seconds) > 1:
            cuts = quantiles(seconds, n=20, method="inclusive")
            metric.add_metric([model.kind, "0.5"], cuts[9])
            metric.add_metric([model.kind, "0.95"], cuts[18])
    return metric


def counted() -> Iterator[Metric]:
    outcomes = CounterMetricFamily("jobsite_outcomes", "Ended jobs.", labels=["kind", "status"])
    others = {
        name: CounterMetricFamily(f"jobsite_{plain}", f"Times: {name}.", labels=["subject"])
        for name, plain in COUNTED.items()
    }
    for tally in Tally.objects.all():
        if tally.name in others:
            others[tally.name].add_metric([tally.subject], tally.count)
        else:
            outcomes.add_metric([tally.subject, tally.name], tally.count)
    restarts = CounterMetricFamily("jobsite_restarts", "Starts after a death.", labels=["part"])
    for part, count in pid_files.restarts().items():
        restarts.add_metric([part], count)
    yield from (outcomes, *others.values(), restarts)
