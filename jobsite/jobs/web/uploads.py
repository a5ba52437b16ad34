"""Uploads: written to disk as they arrive, hashed on the way and stopped at the limit."""

import hashlib
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.core.handlers.wsgi import LimitedStream
from django.http import HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.functional import cached_property
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.status import (
    HTTP_200_OK,
    HTTP_204_NO_CONTENT,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    HTTP_507_INSUFFICIENT_STORAGE,
)

from jobsite.jobs.models.allowance import bytes_left, full_sentence
from jobsite.jobs.models.kind import UploadLimit
from jobsite.jobs.models.kinds import upload_limit
from jobsite.jobs.queue import submission
from jobsite.jobs.storage import disk_space


class StreamToDisk(TemporaryFileUploadHandler):
    """Writes to the data folder's file system, so that keeping a file is a rename.

    Sets `file.sha256` (hex). Past the limit that a kind of job declares for the field of the first
    file in a request, the rest is read and thrown away, the file is dropped and `refusal(request)`
    says why: `DATA_UPLOAD_MAX_MEMORY_SIZE` does not cover files, and a connection closed early
    would hide the answer from the browser.
    """

    received = 0
    stored = 0
    declared: UploadLimit | None = None

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        """Start a file and its hash, unless the request is past the limit already.

        Strangers write nothing to the disk: every form, the sign-in too, would take their files.
        """
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            raise SkipFile
        if not self.received:
            self.declared = upload_limit(field_name)
        if self.declared is None:  # no kind of job takes files
            raise SkipFile
        self.refuse_if_too_large()
        super().new_file(field_name, *args, **kwargs)
        self.digest = hashlib.sha256()

    @cached_property
    def limit(self) -> int:
        """The bytes that the files of one request may hold: the site's limit, or the space left."""
        assert self.declared is not None
        most = getattr(settings, self.declared.setting) * 2**20
        owner = self.request.user  # type: ignore[union-attr]
        if not self.declared.is_stored or bytes_left(owner, 0) is None:
            return most
        self.stored = submission.stored_bytes(owner)
        return min(most, bytes_left(owner, self.stored) or 0)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write one chunk, within the limit."""
        self.received += len(raw_data)
        try:
            self.refuse_if_too_large()
        except SkipFile:
            self.upload_interrupted()
            raise
        self.digest.update(raw_data)
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Hand over the file with its hash."""
        file = super().file_complete(file_size)
        if file is not None:
            file.sha256 = self.digest.hexdigest()  # type: ignore[attr-defined]
        return file

    def upload_complete(self) -> None:
        """Refuse a request that broke off: its file looks whole, but is not.

        Raises MultiPartParserError, which pages and API answer with 400.
        """
        stream = getattr(self.request, "_stream", None)
        if isinstance(stream, LimitedStream) and stream._pos < stream.limit:  # type: ignore[attr-defined]
            raise MultiPartParserError("The upload ended before all of it had arrived.")

    def refuse_if_too_large(self) -> None:
        """Drop the file if the request is past its limit, or the disk has no room for it.

        The view finds a mark, and the form's other fields are read on. Raises SkipFile.
        """
        assert self.declared is not None
        request: Any = self.request
        if self.received > self.limit:
            setting = self.declared.setting
            most = getattr(settings, setting)
            is_own = self.limit < most * 2**20
            own = no_space_sentence(self.limit, self.stored) if is_own else ""
            request.upload_refusal = own or too_large(most, setting)
            request.upload_status = HTTP_413_REQUEST_ENTITY_TOO_LARGE
            raise SkipFile
        if self.declared.is_stored and not disk_space.room():
            request.upload_refusal = disk_space.no_room_sentence()
            request.upload_status = HTTP_507_INSUFFICIENT_STORAGE
            raise SkipFile


class UploadRedirect:
    """A view of a form with files, which a script may send to show the progress.

    A redirect would be followed by the request itself, and the messages of the next page be lost:
    the script is told the address (`X-Location`) instead, and opens it.
    """

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer a request of the script with the address where a form would lead."""
        answer = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        if "X-Upload" not in request.headers or "Location" not in answer.headers:
            return answer
        place = answer.headers["Location"]
        return HttpResponse(status=HTTP_204_NO_CONTENT, headers={"X-Location": place})


def refusal(request: Any) -> str:
    """Return why files of the request were dropped, as a sentence; empty if all were taken."""
    return getattr(request, "upload_refusal", "")


def status_of(request: Any) -> int:
    """Return the status of a page whose files were dropped: 413, or 507 for a full disk."""
    return getattr(request, "upload_status", HTTP_200_OK)


def too_large(most: int, setting: str) -> str:
    """Return the sentence for an upload past the limit of the site, in MB."""
    return (
        f"The upload is larger than {most} MB, the limit of this site. "
        f"Send less at once, or ask the operator to raise {setting}."
    )


def no_space_sentence(left: int, stored: int) -> str:
    """Return the sentence for an upload past the owner's allowance."""
    if not left:
        return full_sentence(stored)
    return (
        f"The upload is larger than the {left / 2**20:,.1f} MB that you may still store here. "
        "Delete jobs or tables that you do not need any more, or ask an administrator for more."
    )


class NotTaken(APIException):
    """The error for an upload that was dropped: 413, or 507 for a full disk."""

    def __init__(self, request: Request) -> None:
        super().__init__(refusal(request))
        self.status_code = status_of(request)


def refuse_too_large(request: Request) -> None:
    """Raise NotTaken if files of the request were dropped."""
    if refusal(request):
        raise NotTaken(request)
