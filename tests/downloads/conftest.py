"""Fixtures of the tests of downloads."""

import os
from pathlib import Path

import pytest
from django.test import Client

from downloads.library.library import Library
from jobsite.jobs.models.api_token import ApiToken
from tests.factories import MIB, api_of
from tests.support.sonarr import Sonarr
from tests.support.torrent_peers import clients


@pytest.fixture
def api(ann) -> Client:
    return api_of(ann)


@pytest.fixture
def source(tmp_path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def library(tmp_path) -> Library:
    (tmp_path / "d").mkdir()
    return Library(tmp_path / "d", tmp_path / "s")


@pytest.fixture
def token(ann) -> str:
    return ApiToken.make(ann, "sonarr")


@pytest.fixture
def sonarr(token) -> Sonarr:
    return Sonarr("ann", token)


@pytest.fixture
def album(source) -> Path:
    folder = source / "album"
    (folder / "extra").mkdir(parents=True)
    for name in ("a.flac", "b.flac", "extra/c.flac"):
        (folder / name).write_bytes(os.urandom(2 * MIB + 12_345))
    return folder


@pytest.fixture
def torrent_client(tmp_path):
    """A function that makes torrent clients with folders of this test."""
    with clients(tmp_path) as make:
        yield make
