"""Fixtures of the tests of training."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(own_folders, tmp_path) -> Path:
    """The data folder of this test."""
    return tmp_path
