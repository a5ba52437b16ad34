"""What every file of the code and of its tests keeps to."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imported(path: Path) -> set[str]:
    """The names of the modules that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_no_test_depends_on_another_test() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        for name in imported(path):
            tests = [part for part in name.split(".") if part.startswith("test_")]
            assert not (name.startswith("tests.") and tests), f"{path}: {name}"


def test_no_folder_of_product_code_holds_more_than_16_modules() -> None:
    for package in ("jobsite", "training", "downloads"):
        for folder in {path.parent for path in (ROOT / package).rglob("*.py")}:
            if folder.name != "migrations":
                modules = [path for path in folder.glob("*.py") if path.stem != "__init__"]
                assert len(modules) <= 16, folder
