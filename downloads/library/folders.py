"""A folder of the library as a person enters it -> one that may be written to, or a sentence."""

from pathlib import Path

from downloads.names import display_name

LONGEST = 200


class BadFolder(ValueError):
    """The folder cannot be used; the text is the reason, as a sentence."""


def clean_folder(text: str) -> str:
    """Return the folder as a relative path, "" for the library itself. Raises BadFolder."""
    text = text.strip()
    if "\\" in text or text.startswith(("/", "~")):
        raise BadFolder(
            "Name a folder under the library, with / between its parts: Films/HD, for example."
        )
    parts = [part.strip() for part in text.split("/") if part.strip()]
    for part in parts:
        if part in {".", ".."}:
            raise BadFolder(f"“{part}” leads elsewhere; write the folder without it.")
        if part.startswith("."):
            raise BadFolder(f"“{part}” would be hidden; choose a name that begins otherwise.")
        if display_name(part) != part:
            raise BadFolder(f"“{display_name(part)}” holds characters that a folder may not have.")
    folder = "/".join(parts)
    if len(folder.encode()) > LONGEST:
        raise BadFolder(f"The path of this folder is longer than {LONGEST} bytes; shorten it.")
    return folder


def clean_path(text: str) -> str:
    """Return the path of a file within a folder. Raises BadFolder."""
    path = clean_folder(text)
    if not path:
        raise BadFolder("Give the file a name.")
    return path


def parents(path: str) -> list[str]:
    """Return the folders above a file, as paths."""
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def check_folder(library: Path, folder: str) -> None:
    """Check that data can go there by rename and stays in the library. Raises BadFolder.

    The folder need not exist; what exists of its path must not lead out of the library or onto
    another file system.
    """
    at = library.resolve()
    for part in folder.split("/") if folder else []:
        inner = at / part
        if inner.is_symlink():
            raise BadFolder(f"“{part}” is a link to elsewhere; a category needs a real folder.")
        if not inner.exists():
            return
        if not inner.is_dir():
            raise BadFolder(f"“{part}” is a file; choose another name for the folder.")
        if inner.stat().st_dev != at.stat().st_dev:
            raise BadFolder(
                f"“{part}” lies on another disk than the library; finished files appear by rename, "
                "which needs one file system. Choose a folder on the library's own."
            )
        at = inner
