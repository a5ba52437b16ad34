"""A listener that nobody may reach, and the hostile links and torrents that try to make us."""

import socket
import threading
from dataclasses import dataclass, field
from urllib.parse import quote

import libtorrent as lt


@dataclass
class Canary:
    """Listens on every address of this machine, TCP and UDP, and counts who comes."""

    visits: list[str] = field(default_factory=list)

    def __enter__(self) -> "Canary":
        self._tcp = socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self._udp.bind(("", self.port))
        for listen in (self._accept, self._receive):
            threading.Thread(target=listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._tcp.close()
        self._udp.close()

    def _accept(self) -> None:
        while True:
            try:
                visitor, where = self._tcp.accept()
            except OSError:
                return
            with visitor:
                visitor.settimeout(2)
                try:
                    self.visits.append(f"TCP {where[0]} {visitor.recv(300)!r}")
                except OSError:
                    self.visits.append(f"TCP {where[0]}")

    def _receive(self) -> None:
        while True:
            try:
                data, where = self._udp.recvfrom(2000)
            except OSError:
                return
            self.visits.append(f"UDP {where[0]} {data[:100]!r}")

    def hosts(self) -> list[str]:
        """Ways to write an address of this machine that somebody has tried somewhere."""
        return [
            *("127.0.0.1", "127.0.0.66", "127.1", "127.0.1", "0.0.0.0", "0", "localhost"),
            *("LOCALHOST", "localhost.", "ip6-localhost", "localhost.localdomain", "a.localhost"),
            *("2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001"),
            *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]"),
            *("[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]"),
            "127.0.0.1%00.example.org",
            *(
                socket.gethostname(),
                "１２７.0.0.1",
                "127。0。0。1",
                "①②⑦.⓪.⓪.①",
                "127.0.0.1%00.example.org",
            ),
        ]

    def trackers(self) -> list[str]:
        """Each of them as a tracker, and some tricks with the rest of the address."""
        urls = [f"http://{host}:{self.port}/announce" for host in self.hosts()]
        urls += [f"udp://{host}:{self.port}" for host in self.hosts()[:6]]
        here = f"127.0.0.1:{self.port}"
        return [
            *urls,
            *(f"{scheme}://{here}/announce" for scheme in ("https", "wss", "ws", "HTTP", "ftp")),
            f"http://example.org@{here}/announce",
            f"http://{here}\\@example.org/announce",
            f"http://example.org:80@{here}/",
            f"http://{here}#@example.org/announce",
            f"http://{here}/latest/meta-data/",
            f"http://{here}/announce?x=\r\nHost: example.org",
            f"http:///{here}/announce",
            f"http:{here}/announce",
            f"//{here}/announce",
            f"gopher://{here}/_announce",
            f"file://{here}/etc/passwd",
        ]


def magnets(canary: Canary) -> list[str]:
    """Hostile magnet links, each with an info hash of its own."""
    here, web = f"127.0.0.1:{canary.port}", f"http://127.0.0.1:{canary.port}/f"
    fields = [("tr", url) for url in canary.trackers()]
    fields += [("tr.1", url) for url in canary.trackers()[:3]]
    fields += [
        ("x.pe", here),
        ("x.pe", f"[::1]:{canary.port}"),
        ("x.pe", f"localhost:{canary.port}"),
    ]
    fields += [(name, web) for name in ("ws", "as", "xs", "mt", "kt", "so")]
    fields += [("dht", here), ("nodes", here), ("xs", f"urn:btpk:{'a' * 64}"), ("s", "salt")]
    links = []
    for number, (name, value) in enumerate(fields, start=1):
        links.append(f"magnet:?xt=urn:btih:{number:040x}&{name}={quote(value, safe='')}")
        links.append(f"magnet:?{name}={quote(value)}&xt=urn:btih:{number + 1000:040x}")
    return links


def torrents(canary: Canary) -> list[bytes]:
    """Hostile .torrent files of the same kind."""
    here, web = b"127.0.0.1", f"http://127.0.0.1:{canary.port}/".encode()
    node = [here, canary.port]
    urls = [url.encode() for url in canary.trackers()]
    outers = [{b"announce": url} for url in urls]
    outers += [
        {b"announce-list": [[url] for url in urls]},
        {b"announce-list": [urls, b"x", 7, [[b"y"]]]},
        {b"url-list": web},
        {b"url-list": [web, web + b"x"]},
        {b"httpseeds": [web]},
        {b"nodes": [node]},
        {b"ssl-cert": b"x", b"announce": urls[0]},
        {b"publisher-url": web, b"similar": [b"a" * 20], b"collections": [b"x"]},
    ]
    info = {b"name": b"in", b"piece length": 16384, b"length": 5, b"pieces": b"x" * 20}
    made = [
        lt.bencode({b"info": {**info, b"name": b"n%d" % number}, **outer})
        for number, outer in enumerate(outers)
    ]
    # In the part that is hashed: nothing there can be left out, so nothing there may be heeded.
    inner = {b"url-list": [web], b"nodes": [node], b"httpseeds": [web], b"announce": urls[0]}
    return [*made, lt.bencode({b"info": {**info, **inner}})]
