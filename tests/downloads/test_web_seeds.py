"""Web seeds (BEP 19): http servers that have the files of a torrent."""

import os
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import libtorrent as lt
import pytest

from downloads.metainfo import torrent_file
from downloads.seeder import make_torrent
from tests.factories import MIB, same
from tests.support.torrent_peers import LOOPBACK


class Handler(SimpleHTTPRequestHandler):
    """Serves parts of files, as web seeds have to."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        data = Path(self.translate_path(self.path)).read_bytes()
        first, last = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups()
        part = data[int(first) : int(last) + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web(source):
    """The address of a server with what lies in `source`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(source)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def with_seeds(path: Path, seeds: object) -> bytes:
    described = lt.bdecode(make_torrent(path, lt.create_torrent.v1_only))
    return lt.bencode({b"info": described[b"info"], b"url-list": seeds})


@pytest.mark.swarm
@pytest.mark.parametrize("as_list", [True, False])
def test_a_torrent_is_fetched_from_a_web_server_alone(
    torrent_client, album, web, tmp_path, as_list
) -> None:
    data = with_seeds(album, [web.encode()] if as_list else web.encode())
    torrent = torrent_file.read(data, LOOPBACK)
    assert torrent.web_seeds == (web,) and torrent.remarks == ()
    (tmp_path / "clean.torrent").write_bytes(torrent.clean)
    client = torrent_client()
    client.want(torrent.link, file=tmp_path / "clean.torrent")
    client.finish(torrent.key)
    for name in ("a.flac", "b.flac", "extra/c.flac"):
        assert same(client.file("album") / name, album / name)


@pytest.mark.swarm
def test_one_that_does_not_answer_is_a_source_that_is_named(torrent_client, source, tmp_path):
    (source / "film").write_bytes(os.urandom(MIB))
    data = with_seeds(source / "film", b"http://127.0.0.1:1/film")
    torrent = torrent_file.read(data, LOOPBACK)
    (tmp_path / "clean.torrent").write_bytes(torrent.clean)
    client = torrent_client()
    client.want(torrent.link, file=tmp_path / "clean.torrent")
    client.until(lambda me: "1 web seed asked" in me.reason(torrent.key))


def test_one_inside_is_left_out_and_named(source) -> None:
    (source / "film").write_bytes(os.urandom(MIB))
    data = with_seeds(source / "film", [b"http://192.168.1.1/film", b"https://a.example.org/film"])
    torrent = torrent_file.read(data)
    assert torrent.web_seeds == ("https://a.example.org/film",)
    assert torrent.remarks[0].startswith("Web seeds left out: 1 of 2.")
