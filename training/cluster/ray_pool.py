"""Fits on the nodes of a Ray cluster, which an operator starts: the second pool of an evaluation.

The data of the evaluation lie once in Ray's object store, and once on each node as a file that all
its fits map. A fit is a task: it is cancelled with its process, and starts again where its node has
died. Each node needs the same version of this program and of its packages.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import tempfile
import uuid
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from jobsite.jobs.code_version import code_version
from training.cluster.carried_files import Bench, Parcel, replaced
from training.evaluation.fit_pool import KILLED, FitMessage, FitPool, PoolUnfit, Work, carried_out

MEBI = 2**20
MOST_STARTS = 4  # of one fit whose nodes die
KNOCK_WITHIN = 10.0  # seconds
FAREWELL = 3.0  # seconds for the nodes to remove what they were given
PACKAGE = Path(__file__).resolve().parents[1]
ENDED = (
    ray.exceptions.WorkerCrashedError,
    ray.exceptions.NodeDiedError,
    ray.exceptions.ObjectLostError,
    ray.exceptions.LocalRayletDiedError,
)


@dataclass(slots=True)
class Attempt:
    """One piece of work, from its start to its last message."""

    work: Work
    parcel: Parcel
    values: Any
    """Ray's generator of what the task yields."""
    node: str = ""
    passed: int = 0
    """Values that were passed on, which a later start yields again."""
    to_skip: int = 0
    starts: int = 1


class RayPool(FitPool):
    """Tasks on all nodes of a cluster, one core each, with a limit of memory (MiB) each."""

    def __init__(self, address: str, memory_mb: float) -> None:
        try:
            _knock(address)
            ray.init(
                address=address, log_to_driver=False, logging_level="ERROR", configure_logging=False
            )
        except (OSError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise PoolUnfit(
                f"The Ray cluster at {address} (TRAINING_CLUSTER) cannot be joined: {reason} Start "
                f"Ray on this machine with “ray start --address={address}”, or unset the variable."
            ) from error
        self._memory = int(memory_mb * MEBI)
        self._token = uuid.uuid4().hex
        self._stored: dict[tuple[Hashable, ...], Any] = {}
        super().__init__(sum(self._room(node["Resources"]) for node in _alive()))

    def _room(self, resources: dict[str, float]) -> int:
        cores = int(resources.get("CPU", 0))
        return min(cores, int(resources.get("memory", 0) // self._memory))

    def wait_ready(self) -> None:
        own = code_version((PACKAGE,))
        asked = {
            _version.options(scheduling_strategy=_at(node)).remote(): node["NodeManagerAddress"]
            for node in _alive()
            if self._room(node["Resources"])
        }
        for answer, place in asked.items():
            try:
                version = ray.get(answer)
            except ray.exceptions.RayError as error:
                raise PoolUnfit(
                    f"The node {place} of the cluster cannot run this program: "
                    f"{' '.join(str(error).split())[-200:]} Start Ray there from an installation "
                    "of jobsite of the same version."
                ) from error
            if version != own:
                raise PoolUnfit(
                    f"The node {place} of the cluster runs another version of jobsite ({version}; "
                    f"this is {own}). Update it, and start Ray there again."
                )
        if not asked:
            raise PoolUnfit(
                f"No node of the cluster has a core and {self._memory // MEBI} MB of memory for a "
                "fit. Add one, or lower TRAINING_MEMORY_MB."
            )

    def start(self, tag: Hashable, work: Work, *arguments: Any) -> None:
        parcel = Parcel.of(arguments)
        self._running[tag] = Attempt(work, parcel, self._submit(work, parcel))

    def _submit(self, work: Work, parcel: Parcel) -> Any:
        contents = [self._in_store(path) for path in parcel.inputs]
        names = [f"{self._token}/{path.name}" for path in parcel.inputs]
        task = _fit.options(memory=self._memory)
        return task.remote(self._memory, work, parcel.arguments, names, *contents)

    def _in_store(self, path: Path) -> Any:
        """Return the reference of a file in the object store, where it is put once."""
        facts = path.stat()
        key = (path, facts.st_mtime_ns, facts.st_size)
        if key not in self._stored:
            self._stored[key] = ray.put(np.fromfile(path, dtype=np.uint8))
        return self._stored[key]

    def messages(self, timeout: float) -> list[FitMessage]:
        waiting = {attempt.values: tag for tag, attempt in self._running.items()}
        if not waiting:
            return []
        ready, _ = ray.wait(list(waiting), num_returns=1, timeout=timeout, fetch_local=True)
        found = (self._receive(waiting[values]) for values in ready)
        return [message for message in found if message is not None]

    def _receive(self, tag: Hashable) -> FitMessage | None:
        attempt = self._running[tag]
        try:
            kind, value, files = ray.get(next(attempt.values))
        except ENDED as error:
            return self._ended(tag, error)
        except (StopIteration, ray.exceptions.RayError) as error:
            del self._running[tag]
            return FitMessage(tag, error=f"The fit failed: {' '.join(str(error).split())[-300:]}")
        if kind == "node":
            attempt.node = value
            return None
        attempt.parcel.keep(files)
        if kind == "value":
            if attempt.to_skip:
                attempt.to_skip -= 1
                return None
            attempt.passed += 1
            return FitMessage(tag, value=value)
        del self._running[tag]
        return FitMessage(tag, ended=True) if kind == "end" else FitMessage(tag, error=value)

    def _ended(self, tag: Hashable, error: Exception) -> FitMessage | None:
        """Start a task again whose node has died; one that died by itself has failed."""
        attempt = self._running[tag]
        by_itself = isinstance(error, ray.exceptions.WorkerCrashedError) and _is_alive(attempt.node)
        if by_itself or attempt.starts >= MOST_STARTS:
            del self._running[tag]
            return FitMessage(tag, error=KILLED)
        attempt.values = self._submit(attempt.work, attempt.parcel)
        attempt.starts += 1
        attempt.to_skip = attempt.passed
        return None

    def kill(self, tag: Hashable) -> None:
        attempt = self._running.pop(tag)
        with contextlib.suppress(ray.exceptions.RayError):
            ray.cancel(attempt.values, force=True)

    def close(self) -> None:
        super().close()
        self._stored.clear()
        asked = [
            _remove.options(scheduling_strategy=_at(node)).remote(self._token) for node in _alive()
        ]
        ray.wait(asked, num_returns=len(asked), timeout=FAREWELL)

    def __exit__(self, *_: object) -> None:
        self.close()
        ray.shutdown()


def _knock(address: str) -> None:
    """Raise OSError or ValueError if nobody listens there: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), KNOCK_WITHIN).close()


def _alive() -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"]]


def _is_alive(node: str) -> bool:
    return any(one["NodeID"] == node for one in _alive())


def _at(node: dict[str, Any]) -> Any:
    return NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)


@ray.remote(num_cpus=0, max_retries=0)
def _version() -> str:
    return code_version((PACKAGE,))


@ray.remote(num_cpus=0, max_retries=0)
def _remove(token: str) -> None:
    shutil.rmtree(_place(token), ignore_errors=True)


def _place(token: str) -> Path:
    return Path(tempfile.gettempdir(), f"jobsite-fits-{os.getuid()}", token)


@ray.remote(num_cpus=1, max_retries=0, num_returns="streaming")
def _fit(
    most: int, work: Work, arguments: tuple[Any, ...], names: list[str], *contents: Any
) -> Iterator[tuple[str, Any, list[tuple[int, str, bytes]]]]:
    """Carry out work on a node; yield its node, then each message with the files written so far."""
    yield "node", ray.get_runtime_context().get_node_id(), []
    given = [_local(name, data) for name, data in zip(names, contents, strict=True)]
    with tempfile.TemporaryDirectory(prefix="jobsite-fit-") as folder, _memory_limit(most):
        bench = Bench(Path(folder), given)
        for kind, value in carried_out(work, replaced(arguments, bench.unpacked)):
            yield kind, value, bench.written()


def _local(name: str, data: np.ndarray) -> Path:
    """Return the file of an input on this node, written by the first fit that needs it."""
    token, _, file = name.partition("/")
    place = _place(token) / file
    if not place.exists():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = place.with_name(f"{file}.{uuid.uuid4().hex}")
        data.tofile(part)
        part.replace(place)
    return place


@contextlib.contextmanager
def _memory_limit(most: int) -> Iterator[None]:
    """Let this process take so many bytes beside what it has; Ray gives it further tasks later."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    held = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (held + most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
