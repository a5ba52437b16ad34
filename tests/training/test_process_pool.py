"""Processes of the pool: values, failures, deaths, and kills in the middle of work."""

import time

import psutil
import pytest

from tests.support import training_work
from tests.support.waiting import PATIENCE, promised
from training.evaluation.process_pool import FitMessage, Pool


@pytest.fixture
def pool():
    with Pool(2) as pool:
        yield pool


def all_news(pool: Pool) -> list[FitMessage]:
    end, found = time.monotonic() + PATIENCE, []
    while pool.running and time.monotonic() < end:
        found += pool.messages(1.0)
    return found


def test_values_come_in_order_and_then_the_end(pool):
    pool.start("a", training_work.count, 3)
    messages = all_news(pool)
    assert [item.value for item in messages] == [0, 1, 2, None]
    assert [item.ended for item in messages] == [False, False, False, True]
    assert pool.running == []


def test_an_exception_is_a_reason_in_one_line(pool):
    pool.start("a", training_work.fail, "columns  do\nnot agree")
    assert all_news(pool)[-1].error == "The fit failed: columns do not agree"


def test_a_process_that_is_killed_is_a_reason_too(pool):
    pool.start("a", training_work.die)
    assert "memory ran out" in all_news(pool)[-1].error


def test_no_memory_is_a_reason(pool):
    pool.start("a", training_work.exhaust)
    assert "not enough memory" in all_news(pool)[-1].error


@pytest.mark.parametrize("work", [training_work.never, training_work.burn])
def test_work_is_killed_at_once(pool, work):
    pool.start("a", work)
    pool.start("b", training_work.count, 1)
    process = psutil.Process(pool._running["a"][0].pid)
    began = time.monotonic()
    pool.kill("a")
    assert time.monotonic() - began < promised(1)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert [item.tag for item in all_news(pool)] == ["b", "b"]


def test_leaving_the_pool_leaves_nothing_behind():
    with Pool(2) as pool:
        pool.start("a", training_work.never)
        pool.start("b", training_work.burn)
        assert pool.is_full
        left = [psutil.Process(process.pid) for process, _ in pool._running.values()]
    assert not any(
        process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in left
    )


def test_each_piece_of_work_has_one_thread(pool):
    pool.start("a", training_work.threads)
    assert all_news(pool)[0].value == {1}
