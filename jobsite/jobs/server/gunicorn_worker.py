"""gunicorn's threaded worker with time-outs, so that a slow client cannot hold a thread for ever.

Its threads read a request and write the answer in blocking mode. As many connections as there are
threads, each with half a header or with a reader who has stopped, would silence the site.
"""

import errno
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

HEADER_WITHIN = 10.0  # seconds, for all of it
IDLE = 60.0  # seconds without a byte, either way: browsers ask again for the rest of a paused video


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

    def setblocking(self, flag: bool) -> None:
        """Set a time-out where gunicorn asks for blocking mode."""
        self.settimeout(IDLE if flag else 0.0)

    def recv(self, *args: Any) -> bytes:
        """Receive; while a header is read, within the time that is left for it."""
        if self.header_until is not None:
            self.settimeout(max(self.header_until - time.monotonic(), 0.001))
        with hung_up(errno.ECONNRESET):
            return super().recv(*args)

    def sendall(self, *args: Any) -> None:
        """Send all the data, within the time-out for each part."""
        with hung_up(errno.EPIPE):
            super().sendall(*args)

    def sendfile(self, *args: Any, **options: Any) -> int:
        with hung_up(errno.EPIPE):
            return super().sendfile(*args, **options)


class Worker(ThreadWorker):
    """The worker class of `up`."""

    def enqueue_req(self, conn: Any) -> None:
        """Give a new connection its time-outs before a thread takes it."""
        if not isinstance(conn.sock, Line):
            conn.sock = Line(fileno=conn.sock.detach())
            conn.sock.setblocking(False)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Read and answer a request; the time for its header starts."""
        conn.sock.header_until = time.monotonic() + HEADER_WITHIN
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose header is read."""
        conn.sock.header_until = None
        conn.sock.setblocking(True)
        return super().handle_request(req, conn)
