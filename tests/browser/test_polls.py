"""A page that lives leaves the person alone: focus, selection and what was typed stay."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from downloads.metainfo.magnet import Link
from downloads.models.download import Download
from downloads.models.download_queryset import Entry
from jobsite.jobs.models.job import Job
from tests.support.waiting import wait_until
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

HELD = timedelta(seconds=55)  # a lease that ends later is taken back
pytestmark = [pytest.mark.browser, pytest.mark.tree, pytest.mark.xdist_group("tree")]


@pytest.fixture
def running(owner, tmp_path) -> TrainingJob:
    """A training that a worker elsewhere holds; each message renews its lease."""
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(30)))
    return TrainingJob.objects.create(
        owner=owner,
        name="slow training",
        dataset=Dataset.copy(table, owner, {}),
        target="y",
        status="running",
        started_at=timezone.now(),
        lease_expires_at=timezone.now() + HELD,
    )


def say(job: Job, message: str) -> None:
    row = type(job).objects.filter(pk=job.pk)
    row.update(message=message, lease_expires_at=timezone.now() + HELD)


def polls_with_news(page: Page, job: Job, times: int = 3) -> None:
    """Wait until the page has shown as many new messages of the job."""
    for number in range(times):
        say(job, f"step {number}")
        expect(page.get_by_text(f"step {number}").first).to_be_visible()


def sign_in(page: Page, owner) -> None:
    page.get_by_label("User name").or_(page.get_by_label("Username")).fill(owner.username)
    page.get_by_label("Password").fill("site-secret-1")
    page.get_by_role("button", name="Sign in").click()


def test_cancel_keeps_the_focus_over_polls_and_cancels(signed_in: Page, running) -> None:
    page = signed_in
    page.goto(running.get_absolute_url())
    page.get_by_role("button", name="Cancel").focus()
    polls_with_news(page, running)
    page.keyboard.press("Enter")
    expect(page.get_by_text("is being cancelled")).to_be_visible()
    running.refresh_from_db()
    assert running.cancel_requested


@pytest.mark.parametrize("address", ["/", "/training/"])
def test_a_link_of_a_list_keeps_the_focus_over_polls(signed_in: Page, running, address) -> None:
    page = signed_in
    page.goto(address)
    page.get_by_role("link", name="slow training").focus()
    polls_with_news(page, running)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{running.get_absolute_url()}")


def test_selected_text_stays_selected_over_polls(signed_in: Page, running) -> None:
    page = signed_in
    page.goto(running.get_absolute_url())
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.job-head h1'))")
    polls_with_news(page, running)
    assert page.evaluate("getSelection().toString()") == "slow training"


def test_ticks_and_open_details_stay_over_polls(signed_in: Page, running, owner) -> None:
    other = TrainingJob.objects.create(
        owner=owner,
        name="done",
        dataset=running.dataset,
        target="y",
        status="succeeded",
        finished_at=timezone.now(),
    )
    page = signed_in
    page.goto("/training/")
    page.get_by_label("Select done").check()
    polls_with_news(page, running)
    assert page.get_by_label("Select done").is_checked()
    TrainingJob.objects.filter(pk=other.pk).update(status="failed")
    expect(page.locator("#status-tabs").get_by_text("Failed 1")).to_be_visible()


@pytest.mark.swarm
def test_the_list_of_downloads_keeps_focus_and_what_is_typed(signed_in: Page, owner) -> None:
    link = Link(v1="d" * 40, name="a film of long ago")
    job = Download.objects.add(owner, [Entry(link)])[0].job
    page, row = signed_in, Download.objects.filter(pk=job.pk)
    page.goto("/downloads/")
    page.get_by_label(f"Select {job.name}").check()
    page.locator("#bulk-more summary").click()
    page.locator("#bulk-tags").press_sequentially("old, si")
    row.update(name="a film of this year")
    expect(page.get_by_role("link", name="a film of this year")).to_be_visible()
    page.keyboard.type("lent")
    expect(page.locator("#bulk-tags")).to_have_value("old, silent")
    page.locator("#bulk-pause").focus()
    row.update(name="a film of next year")
    expect(page.get_by_role("link", name="a film of next year")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 1 download paused.")).to_be_visible()


def test_a_poll_that_finds_nothing_new_is_empty_and_polls_grow_rarer(
    signed_in: Page, running
) -> None:
    page = signed_in
    answers: list[tuple[int, str]] = []
    page.on("response", lambda answer: answers.append((answer.status, answer.url)))
    page.goto(running.get_absolute_url())
    wait_until(lambda: page.wait_for_timeout(200) or _unchanged(answers) >= 3)
    polls = "[...polls.values()][0].same"
    wait_until(lambda: page.evaluate(polls) >= 3)
    say(running, "at last")
    expect(page.get_by_text("at last").first).to_be_visible()
    wait_until(lambda: page.evaluate(polls) == 0)


def test_the_tab_and_a_status_line_tell_the_end(signed_in: Page, running) -> None:
    page = signed_in
    row = TrainingJob.objects.filter(pk=running.pk)
    row.update(progress=0.42)
    page.goto(running.get_absolute_url())
    expect(page).to_have_title("42 % · slow training · jobsite")
    row.update(progress=0.5, lease_expires_at=timezone.now() + HELD)
    expect(page).to_have_title("50 % · slow training · jobsite")
    expect(page.locator("progress").first).to_have_js_property("value", 0.5)
    row.update(status="succeeded", finished_at=timezone.now(), worker=None, lease_expires_at=None)
    expect(page).to_have_title("✓ slow training · jobsite")
    expect(page.locator("#announcement")).to_have_text("slow training: succeeded.")
    assert "favicon-succeeded" in page.locator("link[rel=icon]").get_attribute("href")


def test_a_session_that_ends_loses_neither_the_page_nor_the_words(
    signed_in: Page, running, owner
) -> None:
    page = signed_in
    page.goto("/downloads/new/")
    page.locator("textarea").first.fill("not a link, but written with care")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Download", exact=True).or_(
        page.get_by_role("button", name="Add")
    ).first.click()
    sign_in(page, owner)
    page.wait_for_url("**/downloads/new/")
    expect(page.locator("textarea").first).to_have_value("not a link, but written with care")


def test_a_page_of_a_running_job_reloads_itself_without_scripts(
    plain_page: Page, owner, request
) -> None:
    page = plain_page
    page.goto("/training/")
    sign_in(page, owner)
    running = request.getfixturevalue("running")
    page.goto(running.get_absolute_url())
    expect(page.locator("main noscript p")).to_be_visible()
    say(running, "reloaded")
    expect(page.get_by_text("reloaded").first).to_be_visible()


def _unchanged(answers: list[tuple[int, str]]) -> int:
    return sum(status == 204 for status, _ in answers)
