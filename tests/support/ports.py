"""A port for a server that a test starts."""

import os
import random
import socket

# Below the ports that systems give to outgoing connections (Linux: from 32768 on): between the
# choice and the bind, which may be seconds, none of those can take it.
FIRST, LAST = 10_000, 32_000
# Nor can tests beside this one: each of pytest's workers (gw0, gw1, ...) chooses among its own.
WORKERS = 16
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
LEFT = list(range(FIRST + WORKER, LAST, WORKERS))


def free_port() -> int:
    """A TCP port of loopback that nobody listens at, and that is not given twice."""
    chance = random.SystemRandom()
    while True:
        port = LEFT.pop(chance.randrange(len(LEFT)))
        with socket.socket() as probe:
            # As servers do, or what ended a minute ago would still count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
