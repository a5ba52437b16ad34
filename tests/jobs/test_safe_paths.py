"""No operation below a shared folder follows a link, whenever it was planted."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jobsite.jobs.storage.safe_paths import SafeFolder


@pytest.fixture
def shared(tmp_path) -> SafeFolder:
    """A folder that others write to, with a file in a folder, beside a secret."""
    (tmp_path / "shared" / "in").mkdir(parents=True)
    (tmp_path / "shared" / "in" / "a").write_text("ours")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a").write_text("secret")
    return SafeFolder(tmp_path / "shared")


def secrets(shared: SafeFolder) -> dict[str, str]:
    folder = shared.root.parent / "secret"
    return {path.name: path.read_text() for path in folder.iterdir()}


OPERATIONS: dict[str, Callable[[SafeFolder], object]] = {
    "open": lambda shared: shared.open("in/a"),
    "create": lambda shared: shared.create("in/a", b"new"),
    "create another": lambda shared: shared.create("in/b", b"new"),
    "rename from": lambda shared: shared.rename("in/a", "b"),
    "rename to": lambda shared: shared.rename("mine", "in/a"),
    "rename into new folders": lambda shared: shared.rename("mine", "in/new/a"),
    "unlink": lambda shared: shared.unlink("in/a"),
    "walk": lambda shared: list(shared.walk("in")),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_folder_that_is_a_link_is_not_entered(name, shared) -> None:
    (shared.root / "mine").write_text("ours")
    (shared.root / "in").rename(shared.root / "away")
    (shared.root / "in").symlink_to(shared.root.parent / "secret")
    with pytest.raises(OSError, match=r"link|Not a directory"):
        OPERATIONS[name](shared)
    assert secrets(shared) == {"a": "secret"}
    assert (shared.root / "mine").read_text() == "ours"


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_ordinary_folder_is_worked_in(name, shared) -> None:
    (shared.root / "mine").write_text("ours")
    OPERATIONS[name](shared)
    assert secrets(shared) == {"a": "secret"}


def test_quiet_operations_leave_links_alone(shared) -> None:
    (shared.root / "link").symlink_to(shared.root.parent / "secret")
    shared.remove_tree("link")
    assert not shared.remove_if_empty("link")
    assert shared.names("link") == []
    assert shared.stat("link/a") is None
    assert not shared.is_file("link/a")
    assert not shared.is_folder("link")
    assert secrets(shared) == {"a": "secret"}


def test_a_file_that_is_a_link_is_replaced_and_not_read(shared) -> None:
    (shared.root / "in" / "b").symlink_to(shared.root.parent / "secret" / "a")
    with pytest.raises(OSError, match="symbolic"):
        shared.open("in/b")
    shared.create("in/b", b"new")
    assert (shared.root / "in" / "b").read_bytes() == b"new"
    assert secrets(shared) == {"a": "secret"}


def test_an_opened_folder_stays_the_one_that_was_opened(shared) -> None:
    with shared.opened("in") as folder:
        (shared.root / "in").rename(shared.root / "away")
        (shared.root / "in").symlink_to(shared.root.parent / "secret")
        os.unlink("a", dir_fd=folder)
    assert secrets(shared) == {"a": "secret"}
    assert list((shared.root / "away").iterdir()) == []


@pytest.mark.parametrize("path", ["../secret/a", "/etc/passwd", "in/../../secret/a"])
def test_paths_that_lead_elsewhere_are_refused(path, shared) -> None:
    with pytest.raises(OSError, match="leads elsewhere"):
        shared.open(path)
    assert shared.stat(path) is None


def test_pipes_and_folders_are_no_files(shared) -> None:
    os.mkfifo(shared.root / "pipe")
    for path in ("pipe", "in"):
        with pytest.raises(OSError, match="no file"):
            shared.open(path)


def test_files_are_moved_and_removed_with_their_folders(shared) -> None:
    shared.rename("in/a", "x/y/b")
    assert (shared.root / "x" / "y" / "b").read_text() == "ours"
    assert shared.remove_if_empty("in")
    assert not shared.remove_if_empty("x/y")
    assert [(folder, names) for folder, names in shared.walk("x")] == [("x/y", ["b"]), ("x", [])]
    shared.remove_tree("x")
    shared.unlink("x/y/b")
    assert shared.names() == []


def test_the_folder_itself_may_be_a_link(shared, tmp_path) -> None:
    (tmp_path / "here").symlink_to(shared.root)
    with SafeFolder(Path(tmp_path / "here")).open("in/a") as file:
        assert file.read() == b"ours"
