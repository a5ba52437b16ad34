"""Files that users made or fetched, served so that nothing in them can act on this site."""

import os
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from jobsite.jobs.models.kinds import kind_folders
from jobsite.jobs.storage.safe_paths import SafeFolder
from jobsite.jobs.text import one_line

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
BLOCK = 1 << 18
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def attachment(request: HttpRequest, path: Path, name: str) -> HttpResponseBase:
    """Return the file as a download with `name`, whole or in the requested range (RFC 9110, 14).

    Raises Http404 if there is no such file.
    """
    return named(ranged(request, path, "application/octet-stream"), name)


def streamed(
    stream: Iterator[bytes], length: int | None, name: str, content_type: str
) -> HttpResponseBase:
    """Return a download that is made while it is sent; `length` in bytes, if it is known."""
    response = StreamingHttpResponse(stream, content_type=content_type)
    if length is not None:
        response.headers["Content-Length"] = str(length)
    return named(_sandboxed(response), name)


def named(response: HttpResponseBase, name: str) -> HttpResponseBase:
    """Return the response as a download that is saved under a name."""
    disposition = content_disposition_header(True, one_line(name))
    if disposition:
        response.headers["Content-Disposition"] = disposition
    return response


def _sandboxed(response: HttpResponseBase) -> HttpResponseBase:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def opened(path: Path) -> BinaryIO:
    """Open a file for its reader, without following links in a folder that others may write to.

    Raises Http404 if there is none.
    """
    try:
        for folder in kind_folders().values():
            if path.is_relative_to(folder):
                return SafeFolder(folder).open(str(path.relative_to(folder)))
        return path.open("rb")
    except OSError:
        raise Http404("There is no such file.") from None


def picture(request: HttpRequest, path: Path, content_type: str) -> HttpResponseBase:
    """Return an image that this site drew, shown in place; text in it cannot run."""
    return ranged(request, path, content_type)


def ranged(request: HttpRequest, path: Path, content_type: str) -> HttpResponseBase:
    """Return the bytes of a file, sandboxed, with Range; its ETag lets a client resume."""
    file = opened(path)
    if settings.ACCEL and (location := accel_location(path)):
        file.close()
        return sent_by_proxy(location, content_type)
    stat = os.fstat(file.fileno())
    size, tag = stat.st_size, f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
    is_meant = request.headers.get("If-Range", tag) == tag  # else the rest of another file
    span = wanted_span(request.headers.get("Range", ""), size) if is_meant else None
    response: HttpResponseBase
    if span is None:
        response = FileResponse(file, content_type=content_type)
    elif span[0] >= size or span[0] > span[1]:
        file.close()
        response = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        response.headers["Content-Range"] = f"bytes */{size}"
    else:
        file.close()
        response = part(path, (*span, size), content_type)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = tag
    return _sandboxed(response)


def accel_location(path: Path) -> str:
    """Return the address within nginx of a file; empty if it lies in no folder that nginx knows."""
    roots = {**kind_folders(), "data": Path(settings.DATA_DIR)}
    for name, root in roots.items():
        if path.is_relative_to(root):
            return f"/.files/{name}/{quote(str(path.relative_to(root)))}"
    return ""


def sent_by_proxy(location: str, content_type: str) -> HttpResponseBase:
    """Return the answer for which nginx sends a file, whole or in part, without a thread of ours.

    nginx drops other headers; its location repeats those of the sandbox (see the README).
    """
    response = HttpResponse(content_type=content_type)
    response.headers["X-Accel-Redirect"] = location
    return _sandboxed(response)


def part(path: Path, span: tuple[int, int, int], content_type: str) -> HttpResponseBase:
    """Return the bytes `first` to `last` of a file that has `size` bytes once complete; sandboxed.

    Raises Http404 if there is no such file.
    """
    first, last, size = span
    file = opened(path)
    response = StreamingHttpResponse(
        blocks(file, first, last - first + 1),
        status=HTTPStatus.PARTIAL_CONTENT,
        content_type=content_type,
    )
    response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    response.headers["Content-Length"] = str(last - first + 1)
    response.headers["Accept-Ranges"] = "bytes"
    return _sandboxed(response)


def wanted_span(header: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte that a Range header asks for; None: the whole file.

    Several ranges and headers that do not parse are answered with the whole file, as the RFC
    allows.
    """
    match = RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:  # the last so many bytes
        return (max(size - int(last), 0), size - 1) if int(last) else (size, size)
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1


def blocks(file: BinaryIO, first: int, length: int) -> Iterator[bytes]:
    """Yield blocks of the file, `length` bytes in all from `first` on."""
    with file:
        file.seek(first)
        while length > 0 and (block := file.read(min(BLOCK, length))):
            length -= len(block)
            yield block
