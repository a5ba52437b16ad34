"""A person who is here for the first time: from a link to a first result, with nothing lost."""

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.training_tables import flowers
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

pytestmark = [pytest.mark.browser, pytest.mark.tree, pytest.mark.xdist_group("tree")]

MAGNET = f"magnet:?xt=urn:btih:{'c' * 40}&dn=pasted"
DROP = """([name, content, type]) => {
    const carried = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], name, {type}));
    const event = new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true});
    document.querySelector("h1").dispatchEvent(event);
}"""
PASTE = """(text) => {
    const carried = new DataTransfer();
    carried.setData("text/plain", text);
    const event = new ClipboardEvent("paste", {clipboardData: carried, bubbles: true});
    document.querySelector("h1").dispatchEvent(event);
}"""


@pytest.fixture
def table(owner, tmp_path: Path) -> Dataset:
    file = tmp_path / "flowers.csv"
    file.write_bytes(flowers())
    return Dataset.copy(file, owner, {})


def test_a_sample_is_two_presses_from_the_sign_in_link(page: Page, owner, site):
    link = site.manage("signin", owner.username).stdout.split()[-1]
    page.goto(link)
    page.get_by_role("button", name="Sign in as").click()
    page.goto("/training/datasets/")  # the dashboard has what other tests have left
    page.get_by_role("button", name="Several classes: wine").click()
    expect(page).to_have_url(re.compile(r"/training/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", name="Leaderboard")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (375, 812)])
def test_what_is_chosen_on_the_page_of_a_table_is_what_is_trained(
    signed_in: Page, table: Dataset, width: int, height: int
):
    page = signed_in
    page.set_viewport_size({"width": width, "height": height})
    page.goto(table.get_absolute_url())
    start = page.get_by_role("button", name="Start training")
    assert start.bounding_box()["y"] < height * (1 if width > 1000 else 3)
    page.get_by_label("Role of soil").select_option("target")
    expect(page.get_by_label("Target", exact=True)).to_have_value("soil")
    expect(page.get_by_label("Role of kind")).to_have_value("feature")
    page.get_by_label("Target", exact=True).select_option("kind")
    expect(page.get_by_label("Role of soil")).to_have_value("feature")
    page.get_by_label("Role of note").select_option("ignore")
    page.get_by_label("Own time in seconds").fill("45")
    expect(page.get_by_label("Own", exact=True)).to_be_checked()
    page.get_by_text("All 10 algorithms").click()
    page.locator("input[value=svm]").uncheck()
    expect(page.get_by_text("9 of 10 algorithms")).to_be_visible()
    start.click()
    expect(page).to_have_url(re.compile(r"/training/[0-9a-f-]{36}/$"))
    job = TrainingJob.objects.filter(dataset=table).get()
    assert (job.target, job.time_limit, job.options["ignore"]) == ("kind", 45, ["note"])
    assert "svm" not in job.algorithms
    job.cancel()


def test_a_refused_upload_stays_and_one_press_goes_on(signed_in: Page, tmp_path: Path):
    page = signed_in
    messy = tmp_path / "messy.csv"
    messy.write_bytes(b"a,b,c\n1,2,3\n4,5\n" + b"6,7,8\n" * 30)
    page.goto("/training/new/")
    page.set_input_files("input[type=file]", messy)
    page.get_by_role("button", name="Upload and preview").click()
    expect(page.get_by_text("You need not send it again")).to_be_visible()
    page.get_by_role("button", name="Leave out 1 line and go on").click()
    expect(page.get_by_role("heading", name="messy.csv")).to_be_visible()


def test_an_upload_shows_how_far_it_is_and_can_be_stopped(signed_in: Page, tmp_path: Path):
    page = signed_in
    large = tmp_path / "large.csv"
    large.write_bytes(b"a,b\n" + b"1,2\n" * 4_000_000)
    page.goto("/training/new/")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.set_input_files("input[type=file]", large)
    page.get_by_role("button", name="Upload and preview").click()
    expect(page.get_by_text(re.compile(r"of 16\.0 MB, .*B/s, \d+ s left"))).to_be_visible()
    page.get_by_role("button", name="Cancel upload").click()
    expect(page.get_by_text("The upload was cancelled")).to_be_visible()
    expect(page.get_by_role("button", name="Upload and preview")).to_be_enabled()


def test_what_is_dropped_or_pasted_on_a_list_goes_to_its_form(signed_in: Page):
    page = signed_in
    page.goto("/downloads/")
    page.evaluate(DROP, ["dropped.csv", base64.b64encode(flowers()).decode(), "text/csv"])
    expect(page).to_have_url(re.compile("/training/new/$"))
    expect(page.get_by_text("dropped.csv")).to_be_visible()
    page.goto("/training/")
    page.evaluate(PASTE, MAGNET)
    expect(page).to_have_url(re.compile("/downloads/new/$"))
    expect(page.get_by_label("Links")).to_have_value(MAGNET)
    page.goto(f"/downloads/new/?links={MAGNET.replace('&', '%26')}")
    expect(page.get_by_label("Links")).to_have_value(MAGNET)
