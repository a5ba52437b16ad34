"""The outlet: the network interface and the proxy by which alone torrents may send."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

from downloads.session.network_interface import problem_of
from downloads.session.proxy import Proxy

PROXY_EVERY = 5.0  # seconds between two tries


class Outlet:
    """Tells whether anything may be sent now. The proxy is tried by a thread of its own."""

    def __init__(self, interface: str, proxy: Proxy | None) -> None:
        self._interface = interface
        self._proxy = proxy
        self._thread = ThreadPoolExecutor(1, "proxy")
        self._attempt: Future[str] | None = None
        self._tried_at = 0.0
        self._answer = f"The proxy {proxy} has not answered yet: nothing is sent." if proxy else ""

    @property
    def is_bound(self) -> bool:
        """Whether there is anything to watch."""
        return bool(self._interface or self._proxy)

    @property
    def name(self) -> str:
        """What the outlet is, for a log line."""
        device = f"the network interface {self._interface}" if self._interface else ""
        return " and ".join(
            filter(None, [device, f"the proxy {self._proxy}" if self._proxy else ""])
        )

    def problem(self) -> str:
        """Return why nothing may be sent now, as a sentence; empty if all is well."""
        blocked = problem_of(self._interface) if self._interface else ""
        return blocked or self._problem_of_proxy()

    def close(self) -> None:
        """Try the proxy no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _problem_of_proxy(self) -> str:
        if self._attempt is not None and self._attempt.done():
            self._answer, self._attempt = self._attempt.result(), None
        is_due = time.monotonic() - self._tried_at >= PROXY_EVERY or not self._tried_at
        if self._proxy is not None and self._attempt is None and is_due:
            self._tried_at = time.monotonic()
            self._attempt = self._thread.submit(self._proxy.problem)
        return self._answer
