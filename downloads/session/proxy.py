"""The proxy through which alone torrents may send: its settings, and whether it answers."""

import socket
from dataclasses import dataclass, field

import libtorrent as lt

SOCKS5, HTTP = "socks5", "http"
WITHIN = 5.0  # seconds
_VERSION, _ANONYMOUS, _PASSWORD = 5, 0, 2  # RFC 1928
_LOGIN = 1  # RFC 1929


@dataclass(frozen=True)
class Proxy:
    """A SOCKS5 proxy, or one over HTTP that connects (CONNECT)."""

    kind: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def carries_datagrams(self) -> bool:
        """Whether the DHT and UDP trackers can go through it."""
        return self.kind == SOCKS5

    def settings(self) -> dict[str, object]:
        """Return libtorrent's settings; with all of them it sends nothing beside the proxy."""
        types = lt.proxy_type_t
        kind = {
            (SOCKS5, False): types.socks5,
            (SOCKS5, True): types.socks5_pw,
            (HTTP, False): types.http,
            (HTTP, True): types.http_pw,
        }[self.kind, bool(self.user)]
        return {
            "proxy_type": int(kind),
            "proxy_hostname": self.host,
            "proxy_port": self.port,
            "proxy_username": self.user,
            "proxy_password": self.password,
            "proxy_hostnames": True,
            "proxy_peer_connections": True,
            "proxy_tracker_connections": True,
            # It would be asked beside the proxy which address this machine has.
            "webtorrent_stun_server": "",
        }

    def problem(self) -> str:
        """Return why nothing can be sent through it, as a sentence; empty if it answers."""
        try:
            with socket.create_connection((self.host, self.port), WITHIN) as line:
                refusal = self._sign_in(line) if self.kind == SOCKS5 else ""
        except OSError as error:
            why = "it does not answer" if isinstance(error, TimeoutError) else error.strerror
            return f"The proxy {self} cannot be reached ({why}): nothing is sent."
        return f"The proxy {self} {refusal}: nothing is sent." if refusal else ""

    def _sign_in(self, line: socket.socket) -> str:
        """Return what a SOCKS5 proxy has against us; empty if it lets us in."""
        way = _PASSWORD if self.user else _ANONYMOUS
        line.sendall(bytes([_VERSION, 1, way]))
        version, chosen = _read(line, 2)
        if version != _VERSION:
            return "is no SOCKS5 proxy"
        if chosen != way:
            return "takes no user name and password" if self.user else "asks for a user name"
        if way == _PASSWORD:
            user, password = self.user.encode(), self.password.encode()
            line.sendall(bytes([_LOGIN, len(user)]) + user + bytes([len(password)]) + password)
            if _read(line, 2)[1]:
                return "refuses the user name and password"
        return ""


def _read(line: socket.socket, size: int) -> bytes:
    """Return so many bytes. Raises OSError if there are fewer."""
    found = b""
    while len(found) < size:
        part = line.recv(size - len(found))
        if not part:
            raise ConnectionResetError(0, "it hangs up")
        found += part
    return found
