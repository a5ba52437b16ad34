"""Few requests compute at once; those that wait for something else keep nobody from it."""

import threading
from collections.abc import Callable

from jobsite.jobs import slots
from tests.support.waiting import PATIENCE


def in_threads(work: Callable[[int], None], number: int) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, args=[one], daemon=True) for one in range(number)]
    for thread in threads:
        thread.start()
    return threads


def test_so_many_compute_at_once_and_no_more() -> None:
    inside, full, go = threading.Semaphore(0), threading.Event(), threading.Event()
    entered: list[int] = []

    def work(one: int) -> None:
        with slots.taken():
            entered.append(one)
            inside.release()
            assert go.wait(PATIENCE)

    threads = in_threads(work, slots.AT_ONCE + 1)
    for _ in range(slots.AT_ONCE):
        assert inside.acquire(timeout=PATIENCE)
    assert not full.wait(0.2)
    assert len(entered) == slots.AT_ONCE
    go.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(entered) == slots.AT_ONCE + 1


def test_large_requests_leave_slots_to_the_others() -> None:
    inside, go = threading.Semaphore(0), threading.Event()
    entered: list[int] = []

    def work(one: int) -> None:
        with slots.taken(is_large=True):
            entered.append(one)
            inside.release()
            assert go.wait(PATIENCE)

    threads = in_threads(work, slots.AT_ONCE)
    for _ in range(slots.LARGE_AT_ONCE):
        assert inside.acquire(timeout=PATIENCE)
    with slots.taken():
        assert len(entered) == slots.LARGE_AT_ONCE
    go.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(entered) == slots.AT_ONCE


def test_those_who_wait_leave_their_slots_to_others() -> None:
    waiting, go = threading.Semaphore(0), threading.Event()

    def wait(_: int) -> None:
        with slots.taken(), slots.released():
            waiting.release()
            assert go.wait(PATIENCE)

    threads = in_threads(wait, 5 * slots.AT_ONCE)
    for _ in threads:
        assert waiting.acquire(timeout=PATIENCE)
    with slots.taken():
        go.set()
    for thread in threads:
        thread.join(PATIENCE)


def test_outside_a_request_there_is_nothing_to_give_back() -> None:
    with slots.released(), slots.released():
        pass
    with slots.taken(), slots.released():
        pass
