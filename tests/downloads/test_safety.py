"""What strangers made is fetched without harm: nobody is contacted whom they name, nothing dies."""

import hashlib
import ipaddress
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import libtorrent as lt
import pytest

from downloads.engine.interface import Wanted
from downloads.metainfo import torrent_file as reading
from downloads.metainfo.magnet import Link, parse
from tests.support import hostile_torrents as corpus
from tests.support.hostile_torrents import Canary
from tests.support.torrent_peers import LOOPBACK, Client

pytestmark = pytest.mark.swarm

# One small private network is opened; the canary sits everywhere else.
OPENED = (ipaddress.ip_network("127.0.9.0/24"),)


class Answers:
    """An HTTP tracker in the opened network that says whatever it is told to."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.asked = 0
        answers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answers.asked += 1
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.9.1", 0), Handler)
        self.url = f"http://127.0.9.1:{self._server.server_port}/announce"

    def __enter__(self) -> "Answers":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def client(tmp_path, monkeypatch):
    """A client whose session may contact the opened network, and nothing else of this machine."""
    monkeypatch.setattr("tests.support.torrent_peers.LOOPBACK", OPENED)
    mine = Client(tmp_path / "client", active=500)
    yield mine
    mine.reconciler.stop(3)


def all_answered(mine: Client) -> bool:
    """Whether everything was tried, and every tracker has answered, failed, or been kept out."""
    return all(
        one.phase != "metadata" or (one.tries and len(one.sources.answers) >= one.sources.trackers)
        for one in mine.reconciler._torrents.values()
    )


def test_the_corpus_reaches_nobody(client: Client, tmp_path: Path) -> None:
    """The way of what people hand over: read as on the page, then given to a real session."""
    with Canary() as canary:
        links = corpus.magnets(canary)
        read = parse("\n".join(links), OPENED)
        assert len(read) == len(links) > 100
        assert all(line.link or line.reason.endswith(".") for line in read)
        files = corpus.torrents(canary)
        for number, data in enumerate(files):
            torrent = reading.read(data, OPENED)
            path = tmp_path / f"{number}.torrent"
            path.write_bytes(torrent.clean)
            client.want(torrent.link, file=path)
        client.want(*(line.link for line in read if line.link))
        client.until(lambda me: len(me.seen) >= len(files) and all_answered(me))
        kept = {url for one in client.wanted.values() for url in one.link.trackers}
        assert not [url for url in kept if str(canary.port) in url and "example" not in url]
        assert canary.visits == []


def test_the_session_keeps_them_out_by_itself(client: Client) -> None:
    """As if every check of a link had been passed: the filter of the session comes after it."""
    with Canary() as canary:
        usable = ("http://", "https://", "udp://")
        urls = [url for url in canary.trackers() if url.startswith(usable)]
        peers = (f"127.0.0.1:{canary.port}", f"[::1]:{canary.port}", f"127.0.0.66:{canary.port}")
        links = [Link(v1=f"{n:040x}", trackers=(url,)) for n, url in enumerate(urls, start=1)]
        client.want(*links, Link(v1="f" * 40, peers=peers))
        client.until(lambda me: len(me.seen) > len(urls) and all_answered(me))
        assert canary.visits == []


def test_the_session_asks_no_web_seed_inside(client: Client, tmp_path) -> None:
    torrent = reading.read(_torrent([_file(b"f")]))
    (tmp_path / "one.torrent").write_bytes(torrent.clean)
    with Canary() as canary:
        seeds = (f"http://127.0.0.1:{canary.port}/", f"http://localhost:{canary.port}/")
        link = replace(torrent.link, web_seeds=seeds)
        client.want(link, file=tmp_path / "one.torrent")
        client.until(lambda me: "2 web seeds asked" in me.reason(link.key))
        assert canary.visits == []


def test_a_tracker_leads_nobody_astray(client: Client) -> None:
    """One that may be asked sends elsewhere: by a redirect, and with the peers that it names."""
    with Canary() as canary:
        port = canary.port.to_bytes(2, "big")
        four = b"".join(bytes([127, 0, 0, n]) + port for n in (1, 66, 2))
        six = b"".join(
            ipaddress.ip_address(text).packed + port for text in ("::1", "::ffff:127.0.0.1")
        )
        peers = b"d8:intervali60e5:peers%d:%b6:peers6%d:%be" % (len(four), four, len(six), six)
        named = [{b"ip": host, b"port": canary.port} for host in (b"localhost", b"127.0.0.1")]
        words = lt.bencode({b"interval": 60, b"peers": named})
        targets = [f"http://127.0.0.1:{canary.port}/x", f"http://localhost:{canary.port}/x"]
        answers = [Answers(302, {"Location": target}, b"") for target in targets]
        answers += [Answers(200, {}, peers), Answers(200, {}, words)]
        for one in answers:
            one.__enter__()
        try:
            links = [Link(v1=f"{n:040x}", trackers=(one.url,)) for n, one in enumerate(answers, 1)]
            client.want(*links)
            client.until(lambda me: all(one.asked for one in answers) and all_answered(me))
            # What it named has been dealt with by the time the next torrent asks.
            client.want(Link(v1="e" * 40, trackers=(answers[2].url,)))
            client.until(lambda me: answers[2].asked >= 2 and all_answered(me))
            assert canary.visits == []
        finally:
            for one in answers:
                one.__exit__()


def _torrent(files: list[dict[bytes, Any]], **fields: Any) -> bytes:
    """A .torrent of these files, whose bytes are all zero."""
    size = sum(file[b"length"] for file in files)
    pieces = b"".join(
        hashlib.sha1(bytes(min(16384, size - start))).digest() for start in range(0, size, 16384)
    )
    info = {b"name": b"odd", b"piece length": 16384, b"pieces": pieces, b"files": files}
    return lt.bencode({b"info": info | {key.encode(): value for key, value in fields.items()}})


def _file(*path: bytes, length: int = 700, **fields: Any) -> dict[bytes, Any]:
    return {b"path": list(path), b"length": length} | {
        key.encode(): value for key, value in fields.items()
    }


MANY = [_file(b"d%d" % (n % 300), b"f%d" % n, length=1) for n in range(100_000)]


@pytest.mark.parametrize(
    "data",
    [
        _torrent(MANY),
        _torrent([_file(b"f", length=5)], **{"piece length": 2**28}),
        _torrent([_file(b"f", length=0), _file(b"g", length=1)]),
        _torrent([_file(*([b"deep"] * 90))]),
        _torrent([_file(b"same"), _file(b"same", b"below")]),
        _torrent([_file(b"big", length=3000)], padding=b"x" * (9 * 2**20)),
        _torrent([_file(b"f")], name=b"/"),
        _torrent([_file(b"f")], name=b"", private=1, source=b"\xff" * 500),
        lt.bencode(
            {
                b"info": {
                    b"name": b"two",
                    b"piece length": 16384,
                    b"meta version": 2,
                    b"file tree": {b"..": {b"": {b"length": 5, b"pieces root": b"x" * 32}}},
                }
            }
        ),
    ],
    ids=[*("many", "huge", "empty", "deep", "collision", "padding", "slash", "no name", "dots")],
)
def test_a_torrent_out_of_measure_waits_like_any_other(tmp_path: Path, data: bytes) -> None:
    """It is refused with a sentence, or it waits for peers; another one goes on beside it."""
    mine = Client(tmp_path / "client")
    try:
        try:
            read = reading.read(data, LOOPBACK)
        except reading.BadTorrent as error:
            assert str(error).endswith(".")
            return
        path = tmp_path / "one.torrent"
        path.write_bytes(read.clean)
        mine.wanted[read.key] = Wanted(read.link, file=path)
        mine.want(Link(v1="a" * 40))
        mine.until(lambda me: me.state(read.key) in {"downloading", "failed"})
        mine.until(lambda me: me.state("a" * 40) == "metadata")
        if mine.state(read.key) == "failed":
            assert mine.reason(read.key).endswith(".")
    finally:
        mine.reconciler.stop(2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["client", "one.torrent"]
