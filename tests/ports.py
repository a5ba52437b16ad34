"""A port for a server that a test starts."""

import random
import socket

# Below the ports that systems give to outgoing connections (Linux: from 32768 on): between the
# choice and the bind, which may be seconds, none of those can take it.
FIRST, LAST = 10_000, 32_000


def free_port() -> int:
    """A TCP port of loopback that nobody listens at; tests beside each other choose others."""
    chance = random.SystemRandom()
    while True:
        port = chance.randint(FIRST, LAST)
        with socket.socket() as probe:
            # As servers do, or what ended a minute ago would still count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
