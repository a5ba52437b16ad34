"""Two hosts, each in namespaces of its own (network, processes, name), on one PostgreSQL server.

Run as root in a network namespace of its own, with a folder: `python -m tests.support.two_hosts
FOLDER`. The host that leads is cut off from the network in the middle of jobs, and comes back after
they were taken over. Prints one JSON document; test_hosts.py says what it has to be.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

from tests.support.postgresql import Server, programs
from tests.support.running_site import ROOT, Site
from tests.support.waiting import wait_until

NETWORK = "10.7.0"
SETTINGS = "tests.support.settings"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@dataclass
class Machine:
    """Namespaces that stand for a machine; its first process holds them."""

    name: str
    address: str
    holder: subprocess.Popen
    pid: int

    @property
    def inside(self) -> list[str]:
        """The words that run a command in it."""
        return ["nsenter", "-t", str(self.pid), "-n", "-u", "-m", "-p", f"--wd={ROOT}"]

    def cut_off(self) -> None:
        """Pull its network cable."""
        ip("link", "set", "dev", self.name, "down")

    def connect(self) -> None:
        """Plug its network cable in."""
        ip("link", "set", "dev", self.name, "up")


@contextlib.contextmanager
def machine(name: str, number: int) -> Iterator[Machine]:
    """Start a machine that is connected to the network; its processes end with it."""
    holder = subprocess.Popen(
        ["unshare", "-n", "-u", "-m", "-p", "--fork", "--mount-proc", "--kill-child", "cat"],
        stdin=subprocess.PIPE,
    )
    children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
    pid = int(wait_until(lambda: children.read_text().split())[0])
    wait_until(lambda: Path(f"/proc/{pid}/comm").read_text().strip() == "cat")
    made = Machine(name, f"{NETWORK}.{number}", holder, pid)
    ip("link", "add", "name", name, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
    ip("link", "set", "dev", name, "master", "bridge")
    made.connect()
    words = (
        ["hostname", name],
        ["ip", "addr", "add", f"{made.address}/24", "dev", "eth0"],
        ["ip", "link", "set", "eth0", "up"],
        ["ip", "link", "set", "lo", "up"],
    )
    for command in words:
        subprocess.run([*made.inside, *command], check=True)
    try:
        yield made
    finally:
        holder.kill()
        holder.wait()


@contextlib.contextmanager
def database() -> Iterator[Server]:
    """Start a server that both hosts reach."""
    with tempfile.TemporaryDirectory(prefix="jobsite-postgresql-") as folder:
        server = Server(folder, str(programs()), network=f"{NETWORK}.0/24")
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def site_on(host: Machine, folder: Path, url: str, roles: str = "") -> Site:
    """Return the site as it runs on a host, with a log of its own; the data folder is shared."""
    own = folder / host.name
    own.mkdir()
    environment = {
        "JOBSITE_DATA_DIR": str(folder / "data"),
        "DATABASE_URL": url,
        "JOBSITE_ROLES": roles,
        "DOWNLOAD_DIR": str(own / "library"),
    }
    return Site(own, environment, 8000, None, True, host.address, host.inside)


def main(folder: Path) -> dict[str, Any]:
    """Return what became of jobs, hosts and leader."""
    ip("link", "set", "lo", "up")
    ip("link", "add", "bridge", "type", "bridge")
    ip("addr", "add", f"{NETWORK}.1/24", "dev", "bridge")
    ip("link", "set", "bridge", "up")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(database())
        url = f"postgres://postgres@{NETWORK}.1:{server.port}/postgres"
        os.environ |= {
            "DATABASE_URL": url,
            "JOBSITE_DATA_DIR": str(folder / "data"),
            "DJANGO_SETTINGS_MODULE": SETTINGS,
        }
        django.setup()
        first, second = (
            stack.enter_context(machine(name, number)) for number, name in enumerate("ab", start=2)
        )
        sites = [
            site_on(first, folder, url),
            site_on(second, folder, url, "web,training,drill,housekeeping"),
        ]
        try:
            for site in sites:
                site.start()
            refused = sites[1].manage("up", "--bind", f"{second.address}:8001")
            return {"refused": refused.stderr.strip(), **cut_off_in_jobs(first, *sites)}
        except BaseException:
            for site in Site.started:
                sys.stderr.write(f"--- {site.folder.name}\n{site.log[-6000:]}\n")
            raise


def cut_off_in_jobs(leader: Machine, first: Site, second: Site) -> dict[str, Any]:
    """Return what the jobs, the leader and the second host say of the cut and what follows."""
    # The models exist only after the set-up.
    from django.contrib.auth import get_user_model

    from jobsite.jobs.models.host import Host
    from jobsite.jobs.models.job_event import JobEvent
    from jobsite.jobs.models.worker import Worker
    from tests.drill.jobs import run
    from tests.drill.models import Drill

    def running_on() -> Counter[str]:
        rows = Drill.objects.filter(status="running").values_list("worker__host", flat=True)
        return Counter(name for name in rows if name)

    def leads(name: str) -> Callable[[], bool]:
        return lambda: Host.objects.alive().filter(name=name, leads=True).exists()

    wait_until(leads("a"))
    owner = get_user_model().objects.create_user("owner")
    go_on = Path(os.environ["JOBSITE_DATA_DIR"], "go-on")
    script = (["write", "out"], ["await", str(go_on)], ["write", "end"])
    jobs = [run(owner, *script) for _ in range(6)]
    wait_until(lambda: running_on() == {"a": 2, "b": 2})
    lost = [job.pk for job in Drill.objects.filter(worker__host="a")]
    began = time.monotonic()
    leader.cut_off()
    taken = Drill.objects.filter(pk__in=lost, losses=1)
    wait_until(lambda: taken.count() == len(lost))
    seconds = time.monotonic() - began
    wait_until(leads("b"))
    go_on.touch()  # those of the host that is cut off see it, too, and end at nobody's notice
    states = wait_until(lambda: second.get("/health/ready")[1].get("hosts"))
    wait_until(lambda: not Drill.objects.exclude(status="succeeded").exists())
    leader.connect()
    wait_until(lambda: Worker.objects.alive().filter(host="a", cluster="drill").count() == 2)
    again = run(owner, ["progress", 1])
    wait_until(lambda: Drill.objects.filter(pk=again.pk, status="succeeded").exists())
    wait_until(lambda: not list(Path(os.environ["JOBSITE_DATA_DIR"], "outcomes").glob("*.json")))
    ends = Counter(JobEvent.objects.filter(text="Finished.").values_list("job_id", flat=True))
    results = [Path(job.directory, "result") for job in jobs]
    code = [site.stop() for site in (first, second)]
    return {
        "seconds": round(seconds, 1),
        "states": states,
        "left": list(Host.objects.values_list("name", flat=True)),
        "statuses": dict(Counter(Drill.objects.values_list("status", flat=True))),
        "attempts": sorted(job.attempt for job in Drill.objects.exclude(pk=again.pk)),
        "ends": sorted(ends.values()),
        "files": sorted({path.name for folder in results for path in folder.iterdir()}),
        "exit": code,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))) + "\n")
