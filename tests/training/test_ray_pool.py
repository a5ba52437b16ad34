"""Fits on a Ray cluster of two nodes: as on one machine, killed at once, given back by the dead."""

import time
from pathlib import Path

import psutil
import pytest

from tests.support import training_work
from tests.support.experiments import made, rows_of, run
from tests.support.running_site import ROOT
from tests.support.training_tables import flowers
from tests.support.waiting import PATIENCE, promised, wait_until
from training.evaluation.fit_pool import FitMessage, FitPool, PoolUnfit
from training.evaluation.process_pool import Pool

ray = pytest.importorskip(
    "ray", reason="Ray is not installed (pip install -r requirements-cluster.txt)"
)
from ray.cluster_utils import Cluster

from training.cluster.ray_pool import RayPool

pytestmark = pytest.mark.xdist_group("ray")
STORE = 100 * 2**20


@pytest.fixture
def cluster(monkeypatch):
    """Two nodes, with one core each."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    settings = {"num_cpus": 1, "object_store_memory": STORE, "memory": 2**31}
    found = Cluster(initialize_head=True, head_node_args=settings)
    found.add_node(**settings)
    yield found
    ray.shutdown()
    found.shutdown()


@pytest.fixture
def pool(cluster):
    with RayPool(cluster.address, 1000) as pool:
        pool.wait_ready()
        yield pool


def all_news(pool: FitPool) -> list[FitMessage]:
    end, found = time.monotonic() + PATIENCE, []
    while pool.running and time.monotonic() < end:
        found += pool.messages(1.0)
    assert not pool.running
    return found


def test_messages_deaths_and_kills_are_those_of_the_pool_of_processes(pool, tmp_path) -> None:
    assert pool.slots == 2
    pool.start("values", training_work.count, 3)
    found = all_news(pool)
    assert [item.value for item in found] == [0, 1, 2, None]
    assert [item.ended for item in found] == [False, False, False, True]
    for work, arguments, sentence in (
        (training_work.fail, ["columns  do\nnot agree"], "The fit failed: columns do not agree"),
        (training_work.die, [], "memory ran out"),
        (training_work.hoard, [3000], "not enough memory"),
        (training_work.threads, [], ""),
    ):
        pool.start("a", work, *arguments)
        assert sentence in all_news(pool)[-1].error
    for work in (training_work.sleep_as, training_work.burn_as):
        file = tmp_path / work.__name__
        pool.start("long", work, str(file))
        pid = int(wait_until(lambda file=file, pool=pool: pool.messages(0.1) or read(file)))
        began = time.monotonic()
        pool.kill("long")
        wait_until(lambda pid=pid: is_gone(pid))
        assert time.monotonic() - began < promised(2)


def read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_node_that_dies_gives_its_fits_back(cluster, pool, tmp_path) -> None:
    go_on = tmp_path / "go-on"
    for tag in ("a", "b"):
        pool.start(tag, training_work.await_file, str(go_on))
    found: list[FitMessage] = []
    wait_until(lambda: found.extend(pool.messages(0.1)) or len(found) == 2)
    cluster.remove_node(cluster.list_all_nodes()[1], allow_graceful=False)
    go_on.touch()
    found += all_news(pool)
    for tag in ("a", "b"):
        mine = [item for item in found if item.tag == tag]
        assert [item.value for item in mine] == ["waiting", "done", None]
        assert mine[-1].ended


def test_the_same_seed_has_the_same_scores_as_on_one_machine(cluster, tmp_path) -> None:
    boards, files = [], []
    for name, pool in (("here", Pool(2)), ("there", RayPool(cluster.address, 1000))):
        folder = tmp_path / name
        folder.mkdir()
        task = made(folder, flowers(), "kind")
        _, events = run(task, ["baseline", "linear", "tree"], folder, pool)
        boards.append({key: (row.metrics, row.fold_scores) for key, row in rows_of(events).items()})
        files.append(sorted(path.name for path in (folder / "out").iterdir()))
    assert boards[0] == boards[1]
    assert files[0] == files[1]
    assert "linear.skops" in files[0]


def test_a_cluster_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(PoolUnfit, match=r"127\.0\.0\.1:1 .TRAINING_CLUSTER"):
        RayPool("127.0.0.1:1", 100)
