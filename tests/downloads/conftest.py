"""Fixtures of the tests of downloads."""

import os
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from downloads.library.library import Library
from downloads.models.network import BannedPeer, ListenPort
from downloads.models.speed_plan import SpeedPlan
from jobsite.jobs.models.api_token import ApiToken
from tests.factories import MIB, api_of
from tests.support.sonarr import Sonarr
from tests.support.torrent_peers import clients
from tests.support.users import permit


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


@pytest.fixture
def staff(db):
    """A member of staff who may change how torrents reach others."""
    person = get_user_model().objects.create_user("staff", password="x")
    permit(person, "add", BannedPeer)
    permit(person, "delete", BannedPeer)
    permit(person, "change", BannedPeer)
    permit(person, "change", ListenPort)
    return permit(person, "change", SpeedPlan)
