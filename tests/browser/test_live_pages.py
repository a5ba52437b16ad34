"""A person looks at a download while it runs, and plays it before it is whole."""

import secrets
import wave

import pytest
from playwright.sync_api import Page, expect

from downloads.metainfo.magnet import Link
from downloads.models.download import Download
from downloads.models.download_queryset import Entry
from tests.support.torrent_peers import seeder
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.tree, pytest.mark.swarm]
HERTZ = 8000
SECONDS = 1500


@pytest.fixture
def album(tmp_path):
    """More files than a page shows, in another order than that of their numbers."""
    folder = tmp_path / "album"
    folder.mkdir()
    for number in range(120):
        (folder / f"{number}.mp3").write_bytes(secrets.token_bytes(30_000))
    with seeder(folder, "--max-up-kb", "120") as [one]:
        yield one


@pytest.fixture
def song(tmp_path):
    """24 MB of noise that a browser plays, from somebody who sends them in two minutes."""
    path = tmp_path / "song.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(HERTZ)
        file.writeframes(secrets.token_bytes(2 * HERTZ * SECONDS))
    with seeder(path, "--max-up-kb", "200") as [one]:
        yield one


def add(owner, one) -> Download:
    return Download.objects.add(owner, [Entry(one.link)])[0].job


def test_the_page_of_a_new_download_is_never_blank(signed_in: Page, owner, album) -> None:
    page = signed_in
    job = add(owner, album)
    page.goto(job.get_absolute_url())
    page.evaluate(
        """() => {
            window.blank = 0;
            const look = () => {
                if (!document.querySelector("#download h1")) window.blank += 1;
                requestAnimationFrame(look);
            };
            look();
        }"""
    )
    expect(page.get_by_role("heading", name="Files")).to_be_visible()
    page.get_by_text("More", exact=True).click()
    expect(page.get_by_role("button", name="Force start")).to_be_visible()
    expect(page.get_by_role("link", name="Save the .torrent")).to_be_visible()
    shown = page.locator(".file-progress")
    expect(shown).to_have_count(100)
    # More bars move than there are small numbers among the files that are shown.
    moved = "[...document.querySelectorAll('.file-progress')].filter((bar) => bar.value > 0).length"
    wait_until(lambda: page.evaluate(moved) > 50)
    expect(page.locator(".badge", has_text="Succeeded").first).to_be_visible()
    expect(page.get_by_role("button", name="Force start")).to_have_count(0)
    expect(page.locator("#rates polyline").first).to_be_attached()
    assert page.evaluate("window.blank") == 0


def test_music_plays_and_is_skipped_through_while_it_is_fetched(
    signed_in: Page, owner, song
) -> None:
    page = signed_in
    job = add(owner, song)
    page.goto(job.get_absolute_url())
    page.get_by_role("link", name="Play").click()
    played = page.locator("audio")
    expect(played).to_be_visible()
    page.evaluate("() => { const a = document.querySelector('audio'); a.muted = true; a.play(); }")
    wait_until(lambda: played.evaluate("(audio) => audio.currentTime") > 0.5)
    assert played.evaluate("(audio) => Math.round(audio.duration)") == SECONDS
    far = 0.9 * SECONDS
    played.evaluate("(audio, to) => { audio.currentTime = to; }", far)
    wait_until(lambda: played.evaluate("(audio) => audio.currentTime") > far + 0.5)
    job.refresh_from_db()
    assert job.status == "running" and job.progress < 0.9, "what is played came before the rest"
    assert played.evaluate("(audio) => audio.error") is None


def test_without_javascript_every_button_works(plain_page: Page, owner) -> None:
    for digit in "ab":
        Download.objects.add(owner, [Entry(Link(v1=digit * 40, name=f"film {digit}"))])
    page = plain_page
    page.goto("/downloads/")
    page.get_by_label("User name").or_(page.get_by_label("Username")).fill(owner.username)
    page.get_by_label("Password").fill("site-secret-1")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Select film a").check()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("1 of 1 download paused.")).to_be_visible()
    page.get_by_role("link", name="film a").click()
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Force start").click()
    expect(page.get_by_text("1 of 1 download started past the queue.")).to_be_visible()
    page.get_by_role("link", name="Downloads", exact=True).first.click()
    page.get_by_label("Select all 2").check()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete 2").click()
    expect(page.get_by_text("2 of 2 downloads deleted.")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Delete 2").click()
    expect(page.get_by_text("Nothing was selected.")).to_be_visible()


def test_what_is_deleted_in_one_tab_says_so_in_the_other(signed_in: Page, owner) -> None:
    [placed] = Download.objects.add(owner, [Entry(Link(v1="c" * 40, name="film"))])
    other = signed_in.context.new_page()
    other.goto(placed.job.get_absolute_url())
    signed_in.goto(f"{placed.job.get_absolute_url()}delete/")
    signed_in.get_by_role("button", name="Delete").click()
    expect(other.get_by_text("This is no longer here.")).to_be_visible()
    other.get_by_text("More", exact=True).click()
    other.get_by_role("button", name="Force start").click()
    expect(other.get_by_text("Nothing was selected.")).to_be_visible()
