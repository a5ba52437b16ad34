"""Serving files: Range by the RFC, names and types that cannot do harm."""

import pytest
from django.http import Http404
from django.test import RequestFactory

from jobsite.jobs.web.attachments import attachment, wanted_span

DATA = bytes(range(256)) * 40  # 10,240 bytes


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(DATA)
    return path


def fetch(file, name="data.bin", **headers):
    response = attachment(RequestFactory(headers=headers).get("/"), file, name)
    body = b"".join(response) if response.streaming else response.content
    return response, body


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("", None),
        ("bytes=0-99", (0, 99)),
        ("bytes=100-", (100, 999)),
        ("bytes=-100", (900, 999)),
        ("bytes=-5000", (0, 999)),
        ("bytes=0-5000", (0, 999)),
        ("bytes=999-999", (999, 999)),
        ("bytes=1000-", (1000, 999)),
        ("bytes=-0", (1000, 1000)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("lines=0-1", None),
        ("bytes=" + "9" * 5000 + "-", None),
        (" bytes=0-0 ", (0, 0)),
    ],
)
def test_the_span_that_a_range_header_asks_for(header, span):
    assert wanted_span(header, 1000) == span


def test_the_whole_file(file):
    response, body = fetch(file)
    assert (response.status_code, body) == (200, DATA)
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Length"] == "10240"


@pytest.mark.parametrize(
    ("header", "first", "expected"),
    [
        ("bytes=0-0", 0, DATA[:1]),
        ("bytes=5000-", 5000, DATA[5000:]),
        ("bytes=-7", 10233, DATA[-7:]),
    ],
)
def test_a_range_is_answered_with_just_those_bytes(file, header, first, expected):
    response, body = fetch(file, range=header)
    assert (response.status_code, body) == (206, expected)
    assert response.headers["Content-Length"] == str(len(expected))
    assert response.headers["Content-Range"] == f"bytes {first}-{first + len(expected) - 1}/10240"


def test_what_was_cut_off_goes_on_unless_the_file_has_changed(file):
    tag = fetch(file)[0].headers["ETag"]
    rest = {"range": "bytes=5000-", "if-range": tag}
    response, body = fetch(file, **rest)
    assert (response.status_code, body, response.headers["ETag"]) == (206, DATA[5000:], tag)
    file.write_bytes(DATA + b"more")
    response, body = fetch(file, **rest)
    assert (response.status_code, body) == (200, DATA + b"more")
    assert response.headers["ETag"] != tag


def test_a_range_past_the_end_is_416(file):
    response, body = fetch(file, range="bytes=10240-")
    assert (response.status_code, body) == (416, b"")
    assert response.headers["Content-Range"] == "bytes */10240"


@pytest.mark.parametrize("name", ["page.html", "a\r\nX-Evil: 1.svg", 'q"uote.js', "ünï.exe"])
def test_whatever_its_name_a_file_is_an_inert_download(file, name):
    response, _ = fetch(file, name)
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "\n" not in response.headers["Content-Disposition"]
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("sandbox;")


def test_a_file_that_is_not_there_is_404(tmp_path):
    with pytest.raises(Http404):
        fetch(tmp_path / "none")
