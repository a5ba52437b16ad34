"""What every file of the code and of its tests keeps to."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from jobsite.jobs.models.kinds import job_models

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


BANNED = {
    *("swarm", "moves", "heed", "turns", "tell", "told", "telling", "wish", "wishes", "wished"),
    *("heard", "look", "looks", "lane", "lanes", "race", "story", "contest", "blend", "blending"),
    *("weigh", "remark", "remarks", "notice", "notices", "noticed", "takeaway", "dress", "clothes"),
    *("settle", "settled"),
}
BANNED_IN = {"training": BANNED | {"piece", "pieces"}, "downloads": BANNED | {"rounds"}}


def product_modules() -> Iterator[tuple[Path, ast.Module]]:
    """Each module of the product with its syntax tree."""
    for package in ("jobsite", "training", "downloads"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text())


def words(text: str) -> set[str]:
    """The words of a name or of a sentence, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)}


def named(tree: ast.Module) -> Iterator[str]:
    """The public names that a module defines, and the texts that it logs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="log")), args=[ast.Constant(value=text), *_]
            ):
                yield str(text)


def test_names_and_log_lines_use_the_terms_of_the_glossary() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, tree in product_modules()
        for name in (path.stem, *named(tree))
        if words(name) & BANNED_IN.get(path.relative_to(ROOT).parts[0], BANNED)
    }
    assert found == set()


def test_a_docstring_says_something() -> None:
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Module)
    short = {
        f"{path.relative_to(ROOT)}: {text}"
        for path, tree in product_modules()
        for node in ast.walk(tree)
        if isinstance(node, kinds) and (text := ast.get_docstring(node)) and len(text.split()) < 4
    }
    assert short == set()


def test_no_name_is_handed_on_under_its_own_name_and_no_import_is_hidden() -> None:
    for path, tree in product_modules():
        text = path.read_text()
        assert "TYPE_CHECKING" not in text and "self: Any" not in text, path
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and path.stem != "__init__":
                assert all(alias.asname != alias.name for alias in node.names), path


def test_each_path_in_the_settings_and_each_runner_can_be_imported() -> None:
    paths = [
        *settings.MIDDLEWARE,
        *settings.FILE_UPLOAD_HANDLERS,
        *settings.AUTHENTICATION_BACKENDS,
        settings.Q_CLUSTER["broker_class"],
        settings.AXES_CLIENT_IP_CALLABLE,
        settings.AXES_USERNAME_CALLABLE,
        *settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"],
        *settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"],
        *settings.REST_FRAMEWORK["DEFAULT_PARSER_CLASSES"],
        settings.REST_FRAMEWORK["DEFAULT_PAGINATION_CLASS"],
        settings.REST_FRAMEWORK["EXCEPTION_HANDLER"],
        *(model.runner for model in job_models() if model.runner),
    ]
    for path in paths:
        assert callable(import_string(path)), path
    assert callable(import_string(import_module(settings.ROOT_URLCONF).handler404))
