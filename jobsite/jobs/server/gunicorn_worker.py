"""gunicorn's threaded worker for a site whose callers may be slow, or mean to be.

Its threads read a request and write the answer in blocking mode, so each slow caller holds a
thread. There are many threads and few slots (`jobsite.jobs.slots`): a thread that waits for its
caller holds neither a slot nor a connection to the database, and it does not wait without end.
"""

import errno
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from gunicorn.http import message
from gunicorn.workers.gthread import ThreadWorker

from jobsite.jobs import slots

HEADER_WITHIN = 10.0  # seconds, for all of it
IDLE = 60.0  # seconds without a byte, either way: browsers ask again for the rest of a paused video
# A body that comes more slowly than this is given up after the first seconds.
LEAST_RATE = 256.0  # bytes per second
SLOW_FOR = 10.0  # seconds
# How many of a process's threads may wait for bodies at once; more are given up at once.
WAITING_BODIES = 32
REQUEST_LINE = 32 * 1024  # bytes: programs name hundreds of torrents in an address
LARGE_BODY = 2**16  # bytes
FILE_PART = 4 * 2**20  # bytes
BRIEFLY = 0.5  # seconds for which a waiting thread keeps its connection to the database
# Asked by monitors: whether the process is up must not depend on what it is busy with.
WITHOUT_SLOT = "/health/live"

message.MAX_REQUEST_LINE = REQUEST_LINE  # gunicorn takes no setting above its own 8,190

bodies = threading.BoundedSemaphore(WAITING_BODIES)


@contextmanager
def hung_up(number: int) -> Iterator[None]:
    """Turn a time-out into the error that gunicorn ignores as a client that has gone."""
    try:
        yield
    except TimeoutError:
        raise OSError(number, "The other side was too slow.") from None


class Line(socket.socket):
    """A socket whose reads and writes time out."""

    header_until: float | None = None
    """The end of the time for the header that is being read, on the monotonic clock."""

    body_waited: float = 0.0
    """Seconds that were spent waiting for the body that is being read."""

    body_bytes: int = 0

    def setblocking(self, flag: bool) -> None:
        """Set a time-out where gunicorn asks for blocking mode."""
        self.settimeout(IDLE if flag else 0.0)

    def recv(self, *args: Any) -> bytes:
        """Receive; a header within the time that is left for it, a body not too slowly."""
        with hung_up(errno.ECONNRESET):
            if self.header_until is not None:
                self.settimeout(max(self.header_until - time.monotonic(), 0.001))
                return super().recv(*args)
            if not self._has_data(0):
                with slots.released():
                    self._await_body()
            data = super().recv(*args)
        self.body_bytes += len(data)
        return data

    def sendall(self, *args: Any) -> None:
        """Send all the data, within the time-out for each part."""
        self._await_reader()
        with hung_up(errno.EPIPE):
            super().sendall(*args)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file in parts, each within the time-out; return the bytes sent."""
        sent = 0
        while count is None or sent < count:
            part = FILE_PART if count is None else min(FILE_PART, count - sent)
            self._await_reader()
            with hung_up(errno.EPIPE):
                now = super().sendfile(file, offset + sent, part)
            sent += now
            if now < part:
                break
        return sent

    def _await_reader(self) -> None:
        """Wait a moment for a reader who is slow; one who stays slow holds no connection."""
        if not self._is_ready(select.POLLOUT, BRIEFLY):
            disconnect()

    def _await_body(self) -> None:
        """Wait for the next bytes of a body. Raises TimeoutError if they come too slowly."""
        began = time.monotonic()
        left = max(SLOW_FOR, self.body_bytes / LEAST_RATE) - self.body_waited
        is_here = self._has_data(max(0.0, min(left, BRIEFLY)))
        if not is_here and left > BRIEFLY and bodies.acquire(blocking=False):
            try:
                disconnect()
                is_here = self._has_data(min(left - BRIEFLY, IDLE))
            finally:
                bodies.release()
        self.body_waited += time.monotonic() - began
        if not is_here:
            raise TimeoutError

    def _has_data(self, seconds: float) -> bool:
        return self._is_ready(select.POLLIN, seconds)

    def _is_ready(self, event: int, seconds: float) -> bool:
        waiting = select.poll()
        waiting.register(self, event)
        return bool(waiting.poll(seconds * 1000))


def disconnect() -> None:
    """Close the connections to the database that this thread has, outside a transaction."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


class Worker(ThreadWorker):
    """The worker class of `up`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # A connection to the database is kept for the next request by so many threads at most.
        self.connected: set[int] = set()

    def load_wsgi(self) -> None:
        """Load the application and let it compute within a slot only."""
        super().load_wsgi()
        self.wsgi: Any = within_slots(self.wsgi)

    def enqueue_req(self, conn: Any) -> None:
        """Give a new connection its time-outs before a thread takes it."""
        if not isinstance(conn.sock, Line):
            conn.sock = Line(fileno=conn.sock.detach())
            conn.sock.setblocking(False)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Read and answer a request; the time for its header starts."""
        conn.sock.header_until = time.monotonic() + HEADER_WITHIN
        try:
            return super().handle(conn)
        finally:
            thread = threading.get_ident()
            if thread not in self.connected and len(self.connected) >= slots.AT_ONCE:
                disconnect()
            else:
                self.connected.add(thread)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose header is read."""
        conn.sock.header_until = None
        conn.sock.body_waited, conn.sock.body_bytes = 0.0, 0
        conn.sock.setblocking(True)
        return super().handle_request(req, conn)


def has_large_body(environ: dict[str, Any]) -> bool:
    """Return whether a request brings more than a form does, or does not say how much."""
    length = environ.get("CONTENT_LENGTH") or "0"
    return "HTTP_TRANSFER_ENCODING" in environ or int(length) > LARGE_BODY


def within_slots(application: Callable[..., Any]) -> Callable[..., Any]:
    """Return the WSGI application, whose body is sent after its slot was given back."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"].endswith(WITHOUT_SLOT):
            return application(environ, start_response)
        with slots.taken(is_large=has_large_body(environ)):
            return application(environ, start_response)

    return answer
