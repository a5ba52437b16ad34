"""Callers who are slow on purpose, or by accident, and everybody else meanwhile."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from jobsite.jobs.server import gunicorn_worker, web
from tests.support.ports import free_port
from tests.support.running_site import ROOT
from tests.support.waiting import PATIENCE, promised, wait_until

THREADS = 4
WITHIN = 1.0  # seconds; `up` gives more
# The worker of `up` with less patience, before an application of one line.
SERVER = f"""
import sys
from gunicorn.app.wsgiapp import run
from jobsite.jobs.server import gunicorn_worker
gunicorn_worker.HEADER_WITHIN = gunicorn_worker.IDLE = gunicorn_worker.SLOW_FOR = {WITHIN}
sys.argv[1:] = ["--worker-class", "jobsite.jobs.server.gunicorn_worker.Worker",
    "--threads", "{THREADS}", "--no-control-socket",
    "--bind", sys.argv[1], "tests.security.test_connections:application"]
run()
"""
LARGE = 50 * 2**20
Address = tuple[str, int]


def application(environ, start_response):
    """Tells how much it was sent; `/large` is more than any buffer of the kernel."""
    size = len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [bytes(LARGE) if environ["PATH_INFO"] == "/large" else str(size).encode()]


@pytest.fixture(scope="module")
def server() -> Iterator[Address]:
    """The address of such a server."""
    address = ("127.0.0.1", free_port())
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, f"127.0.0.1:{address[1]}"], cwd=ROOT, env=dict(os.environ)
    )
    wait_until(lambda: answers(address))
    yield address
    process.terminate()
    process.wait()


def answers(address: Address) -> bool:
    """Whether somebody in no hurry gets an answer."""
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=PATIENCE) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return line.recv(1000).startswith(b"HTTP/1.1 200")
    return False


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf",
        b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["silence", "half a header", "half a body", "an answer that nobody reads"],
)
def test_callers_who_stop_half_way_hold_up_nobody_for_long(server, words):
    with contextlib.ExitStack() as stack:
        for _ in range(2 * THREADS):
            stack.enter_context(socket.create_connection(server)).sendall(words)
        began = time.monotonic()
        assert answers(server)
        assert time.monotonic() - began < promised(20), "all threads were taken, twice over"


def test_a_body_that_comes_byte_by_byte_is_given_up(server):
    with socket.create_connection(server) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        wait_until(lambda: is_hung_up_on(line), promised(10))


def test_a_body_that_comes_slowly_but_comes_is_read(server):
    with socket.create_connection(server, timeout=PATIENCE) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n")
        for _ in range(3):
            time.sleep(0.8 * WITHIN)  # three waits are longer than the time that a body has
            line.sendall(bytes(1000))
        assert line.recv(1000).startswith(b"HTTP/1.1 200")


def is_hung_up_on(line: socket.socket) -> bool:
    """Whether the server has closed the connection, after one more byte and a short wait."""
    line.settimeout(0.3)
    try:
        line.sendall(b"x")
        return line.recv(100) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_header_that_comes_byte_by_byte_is_hung_up_on(server):
    with socket.create_connection(server) as line:
        line.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        wait_until(lambda: is_hung_up_on(line), promised(10))


def test_the_site_is_served_by_this_worker():
    assert web.options(3)["worker_class"] is gunicorn_worker.Worker
