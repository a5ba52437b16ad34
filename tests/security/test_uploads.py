"""Uploads through a real gunicorn: cut at the limit, whatever the sender claims."""

import contextlib
import secrets
import socket

import pytest

from tests.support.running_site import Site
from tests.support.waiting import PATIENCE, wait_until

pytestmark = [pytest.mark.tree, pytest.mark.xdist_group("uploads")]
MEBI = 2**20
BOUNDARY = "sixteen-tons"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n'
    "Content-Type: text/csv\r\n\r\n"
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A site that takes uploads of 1 MiB."""
    site = Site(tmp_path_factory.mktemp("small"), {"TRAINING_UPLOAD_MB": "1"}).start()
    yield site
    site.stop()


@pytest.fixture
def token(small):
    return small.token("admin")


def send(site: Site, path: str, pieces, **headers: str) -> bytes:
    """The answer to a POST whose body is sent piece by piece, however the sender lies."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE) as line:
        lines = [
            f"POST {path} HTTP/1.1",
            f"Host: 127.0.0.1:{site.port}",
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
            "Connection: close",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        try:
            for piece in pieces:
                line.sendall(piece)
            line.shutdown(socket.SHUT_WR)
        except OSError:  # the server has hung up, as it may
            pass
        answer = b""
        try:
            while block := line.recv(65536):
                answer += block
        except ConnectionResetError:
            pass
    return answer


def used(site: Site) -> int:
    """Bytes that uploads take on the disk."""
    size = 0
    for name in ("tmp", "datasets"):
        for file in (site.folder / "data" / name).glob("*"):
            with contextlib.suppress(FileNotFoundError):  # the site removes what it has cut
                size += file.stat().st_size
    return size


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def table(size: int) -> bytes:
    return b"x,y\n" + b"1,2\n" * (size // 4)


def chunked(blocks):
    for block in blocks:
        yield f"{len(block):x}\r\n".encode() + block + b"\r\n"
    yield b"0\r\n\r\n"


def test_a_file_within_the_limit_is_taken(small, token):
    body = HEAD + table(MEBI // 2) + TAIL
    answer = send(
        small, "/api/v1/datasets/", [body], Authorization=f"Bearer {token}",
        Content_Length=str(len(body)),
    )  # fmt: skip
    assert status(answer) == 201, answer[:300]


def test_a_file_past_the_limit_is_cut_while_it_arrives(small, token):
    before, most = used(small), 0

    def pieces():
        nonlocal most
        yield HEAD
        for _ in range(64):
            yield table(MEBI)
            most = max(most, used(small) - before)
        yield TAIL

    length = len(HEAD) + 64 * len(table(MEBI)) + len(TAIL)
    answer = send(
        small, "/api/v1/datasets/", pieces(), Authorization=f"Bearer {token}",
        Content_Length=str(length),
    )  # fmt: skip
    assert status(answer) == 413
    assert b"larger than 1 MB, the limit of this site" in answer
    assert most <= 2 * MEBI
    wait_until(lambda: used(small) == before)


def test_a_chunked_body_never_reaches_the_disk(small, token):
    before = used(small)
    blocks = [HEAD, *[table(MEBI)] * 20, TAIL]
    answer = send(
        small, "/api/v1/datasets/", chunked(blocks), Authorization=f"Bearer {token}",
        Transfer_Encoding="chunked",
    )  # fmt: skip
    assert status(answer) in {400, 411, 413}
    assert used(small) == before


def test_half_an_upload_is_not_kept(small, token):
    before = used(small)
    body = HEAD + table(MEBI // 8)
    answer = send(
        small, "/api/v1/datasets/", [body], Authorization=f"Bearer {token}",
        Content_Length=str(len(body) + 1000),
    )  # fmt: skip
    assert status(answer) == 400
    assert b"ended before all of it had arrived" in answer
    wait_until(lambda: used(small) == before)


@pytest.mark.parametrize("claimed", ["10", "99999999", "-1", "nonsense", "1e3"])
def test_a_length_that_lies_is_refused_and_leaves_nothing(small, token, claimed):
    before = used(small)
    body = HEAD + table(MEBI // 8) + TAIL
    answer = send(
        small, "/api/v1/datasets/", [body], Authorization=f"Bearer {token}",
        Content_Length=claimed,
    )  # fmt: skip
    assert not answer or 400 <= status(answer) < 500, answer[:300]
    wait_until(lambda: used(small) == before)


@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/login/", "/api/v1/datasets/", "/"])
def test_a_stranger_cannot_put_a_byte_on_the_disk(small, path):
    before, most = used(small), 0

    def pieces():
        nonlocal most
        yield HEAD
        for _ in range(8):
            yield secrets.token_bytes(MEBI // 16)
            most = max(most, used(small) - before)
        yield TAIL

    length = len(HEAD) + MEBI // 2 + len(TAIL)
    answer = send(small, path, pieces(), Content_Length=str(length))
    assert status(answer) in {302, 401, 403, 405}
    assert most == 0
