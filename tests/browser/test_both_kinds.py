"""A person with a browser: signs in, hands over both kinds of jobs and watches them to the end."""

import json
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.running_site import ROOT
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.tree, pytest.mark.xdist_group("tree")]

DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The penguins where the sample tables are at hand, otherwise a table of the same kind."""
    real = DATA / "penguins.csv"
    if real.exists():
        return real
    rows = [f"{'ab'[n % 2]},{n % 7},{n * n % 11},{n % 2 * 3 + n % 3}" for n in range(200)]
    made = tmp_path / "made.csv"
    made.write_text("\n".join(["species,length,depth,mass", *rows]))
    return made


@pytest.fixture
def seeder(tmp_path: Path):
    """What reaches 4 MiB of random bytes in a file, seeded by another process on loopback."""
    file = tmp_path / "lecture.mp4"
    file.write_bytes(secrets.token_bytes(4 * 2**20))
    process = subprocess.Popen(
        [sys.executable, "-m", "downloads.seeder", str(file)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    yield json.loads(process.stdout.readline())[0] | {"file": file}
    process.stdin.close()
    process.wait(PATIENCE)


def badge(page: Page, status: str):
    return page.locator(".badge", has_text=re.compile(status, re.I)).first


def test_a_training_job_from_the_upload_to_the_plots(signed_in: Page, table: Path):
    page = signed_in
    page.get_by_role("link", name="New training").first.click()
    page.set_input_files("input[type=file]", table)
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("heading", name="First rows")).to_be_visible()
    page.get_by_label("Target").select_option("species")
    page.locator("details:has(input[name=algorithms]) > summary").first.click()
    for box in page.locator("input[name=algorithms]").all():
        if box.get_attribute("value") not in {"baseline", "linear"}:
            box.uncheck()
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile(r"/training/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", name="Leaderboard")).to_be_visible()
    expect(badge(page, "succeeded")).to_be_visible()
    # Nobody reloaded: what follows came by polling.
    expect(page.locator("table").get_by_text("Linear model")).to_be_visible()
    picture = page.locator("img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 100
    expect(page.get_by_text("Confusion matrix").first).to_be_visible()
    with page.expect_download() as file:
        page.get_by_role("link", name="Download the model").first.click()
    assert Path(file.value.path()).stat().st_size > 1000
    expect(page.locator(".headline")).to_contain_text("Linear model is best")
    assert "linear-confusion" in page.content()
    page.get_by_label("Models").get_by_role("link", name="Baseline").click()
    expect(page).to_have_url(re.compile(r"\?model=baseline#models$"))
    assert "baseline-confusion" in page.content()
    assert "linear-confusion" not in page.content(), "only the open tab loads its plots"
    page.get_by_role("link", name="Predict", exact=True).click()
    page.get_by_role("button", name="Predict", exact=True).click()
    answer = page.get_by_role("heading", name=re.compile(r"^species: .+ % sure$"))
    expect(answer).to_be_visible()
    said = answer.inner_text()
    page.goto("/predictions/")
    expect(page.get_by_role("link", name=said)).to_be_visible()


def test_a_download_from_the_paste_to_the_file(signed_in: Page, seeder: dict):
    page = signed_in
    page.get_by_role("link", name="New downloads").first.click()
    page.get_by_label("Links").fill(f"{seeder['magnet']}\nnot a link\n")
    page.get_by_role("button", name="Download", exact=True).click()
    expect(page.get_by_text("not a link").first).to_be_visible()
    page.goto("/downloads/")
    page.get_by_role("link", name="lecture.mp4").first.click()
    expect(badge(page, "succeeded")).to_be_visible()
    with page.expect_download() as file:
        page.get_by_role("link", name="lecture.mp4").last.click()
    assert Path(file.value.path()).read_bytes() == seeder["file"].read_bytes()


def test_everything_works_without_javascript(plain_page: Page, owner, table: Path):
    page = plain_page
    page.goto("/")
    page.locator("input[name=username]").fill(owner.username)
    page.locator("input[name=password]").fill("site-secret-1")
    page.get_by_role("button", name="Sign in").click()
    page.goto("/training/new/")
    page.set_input_files("input[type=file]", table)
    page.locator("main form button[type=submit]").first.click()
    page.get_by_label("Target").select_option("species")
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("button", name="Cancel").first.click()
    page.wait_for_load_state()
    page.reload()
    expect(page.locator("main")).to_contain_text(re.compile("cancel", re.I))


def test_an_upload_that_is_no_table_keeps_the_person_on_the_form(signed_in: Page, tmp_path: Path):
    page = signed_in
    picture = tmp_path / "photo.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    page.goto("/training/new/")
    page.set_input_files("input[type=file]", picture)
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("main")).to_contain_text(re.compile("PNG|image|picture", re.I))
    page.get_by_role("link", name="Upload another file").click()
    expect(page.locator("input[type=file]")).to_be_visible()


def test_the_back_button_shows_the_whole_page_after_polls(signed_in: Page):
    page = signed_in
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        page.goto("/")
    page.get_by_role("link", name="Training").first.click()
    page.go_back()
    expect(page.locator("header.site-header")).to_be_visible()
