"""A new kind of job is an app and one line in the settings; the core names none."""

import ast
import json
import re
import zipfile

import pytest

from tests.support.running_site import ROOT, Site

PAGES = """
import json
import re
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
ann = get_user_model().objects.get(username="ann")
client = Client()
client.force_login(ann)
home = client.get("/").content.decode()
tried = client.post("/try/render/cube/", follow=True)
nothing = [client.post(f"/try/{place}/").status_code for place in ("render/x", "nobody/cube")]
scene = SimpleUploadedFile("scene.txt", bytes(2 * 2**20))
too_large = client.post("/render/new/", {"name": "big", "total": 1, "scene": scene})
made = client.post("/render/new/", {"name": "from the page", "total": 2}, follow=True)
print(json.dumps({
    "entry": '<a href="/render/">Renderings</a>' in home,
    "button": '/render/new/' in home and "New rendering" in home,
    "tried": tried.content.decode(),
    "nothing": nothing,
    "too large": too_large.wsgi_request.upload_refusal,
    "page": made.content.decode(),
    "list": client.get("/render/").content.decode(),
}))
"""
PEOPLE = """
from django.contrib.auth import get_user_model
get_user_model().objects.create_superuser("ann", password="ann-secret-1")
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A running site with the app of renderings."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.drill.render.settings"}
    site = Site(tmp_path_factory.mktemp("render"), settings).start()
    site.manage("shell", "--no-imports", "-c", PEOPLE)
    yield site
    site.stop()


@pytest.mark.tree
@pytest.mark.xdist_group("render")
def test_a_new_kind_has_its_workers_pages_api_command_limit_and_place_in_a_backup(site, tmp_path):
    done = site.manage("render", "by command", "3", "--user", "ann", "--wait", "--json")
    job = json.loads(done.stdout)
    assert (job["status"], job["result"]) == ("succeeded", {"frames": 3}), done.stderr
    refused = site.manage("render", "none", "0", "--user", "ann", "--wait", "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"].startswith("There is no frame to draw.")

    status, told = site.get(f"/api/v1/render/{job['id']}/", site.token("ann"))
    assert (status, told["kind"], told["frames"]) == (200, "render", [0, 1, 2])

    shown = json.loads(site.manage("shell", "--no-imports", "-c", PAGES).stdout)
    assert shown["entry"] and shown["button"]
    assert "a cube" in shown["tried"]
    assert shown["nothing"] == [404, 404]
    assert shown["too large"].startswith("The upload is larger than 1 MB")
    assert "RENDER_UPLOAD_MB" in shown["too large"]
    assert "from the page" in shown["page"] and "of 2 frames" in shown["page"]
    assert "by command" in shown["list"]

    scenes = site.folder / "scenes"
    scenes.mkdir()
    (scenes / "one.txt").write_text("a scene")
    target = tmp_path / "site.zip"
    assert site.manage("backup", str(target), "--library").returncode == 0
    with zipfile.ZipFile(target) as archive:
        assert archive.read("scenes/one.txt") == b"a scene"
        assert f"files/render/{job['id']}/result/0.txt" in archive.namelist()


def code_strings(text: str) -> set[str]:
    """The strings of a module that are no docstrings."""
    tree = ast.parse(text)
    # Docstrings, and strings that describe the attribute above them.
    said = {
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {text for text in texts - said if isinstance(text, str)}


def test_the_core_names_no_kind_of_job():
    core = [
        path for path in (ROOT / "jobsite" / "jobs").rglob("*.py") if "migrations" not in path.parts
    ]
    naming = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in core
        for text in code_strings(path.read_text())
        if "training" in text.lower() or "download" in text.lower()
    }
    pages = [ROOT / "templates" / "_header.html", *(ROOT / "templates" / "jobs").glob("*.html")]
    naming |= {
        f"{path.name}: {word}"
        for path in pages
        for word in ("training:", "downloads:", "prediction:")
        if word in path.read_text()
    }
    assert naming == set()


def test_the_recipe_of_contributing_is_the_app_to_the_letter():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    recipe = text.partition("## Add a new kind of job")[2].partition("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", recipe, re.DOTALL)
    app = "".join(path.read_text() for path in (ROOT / "tests/drill/render").glob("*.py"))
    missing = [
        line.strip()
        for block in blocks
        for line in block.splitlines()
        if line.strip() and line.strip() not in app
    ]
    assert len(blocks) == 3
    assert missing == []


def test_contributing_names_modules_that_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:jobsite|training|downloads|tests|templates)/[\w/.]+)`", text)
    assert len(named) > 40
    assert [path for path in named if not (ROOT / path).exists()] == []
