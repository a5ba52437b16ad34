"""A person looks at a download while it runs, and plays it before it is whole."""

import secrets
import wave

import pytest
from playwright.sync_api import Page, expect

from downloads.models import Download
from downloads.querysets import Entry
from tests.swarm import seeder
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.tree, pytest.mark.swarm]
LONG = 45_000  # milliseconds
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
    """24 MB of noise that a browser plays, from somebody who sends them in half a minute."""
    path = tmp_path / "song.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(HERTZ)
        file.writeframes(secrets.token_bytes(2 * HERTZ * SECONDS))
    with seeder(path, "--max-up-kb", "800") as [one]:
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
    expect(page.get_by_role("heading", name="Files")).to_be_visible(timeout=LONG)
    page.get_by_text("More", exact=True).click()
    expect(page.get_by_role("button", name="Force start")).to_be_visible()
    expect(page.get_by_role("link", name="Save the .torrent")).to_be_visible()
    shown = page.locator(".file-progress")
    expect(shown).to_have_count(100)
    # More bars move than there are small numbers among the files that are shown.
    moved = "[...document.querySelectorAll('.file-progress')].filter((bar) => bar.value > 0).length"
    wait_until(lambda: page.evaluate(moved) > 50, 45)
    expect(page.locator(".badge", has_text="Succeeded").first).to_be_visible(timeout=LONG)
    expect(page.get_by_role("button", name="Force start")).to_have_count(0)
    expect(page.locator("#rates polyline").first).to_be_attached()
    assert page.evaluate("window.blank") == 0


def test_music_plays_and_is_skipped_through_while_it_is_fetched(
    signed_in: Page, owner, song
) -> None:
    page = signed_in
    job = add(owner, song)
    page.goto(job.get_absolute_url())
    page.get_by_role("link", name="Play").click(timeout=LONG)
    played = page.locator("audio")
    expect(played).to_be_visible()
    page.evaluate("() => { const a = document.querySelector('audio'); a.muted = true; a.play(); }")
    wait_until(lambda: played.evaluate("(audio) => audio.currentTime") > 0.5, 45)
    assert played.evaluate("(audio) => Math.round(audio.duration)") == SECONDS
    far = 0.9 * SECONDS
    played.evaluate("(audio, to) => { audio.currentTime = to; }", far)
    wait_until(lambda: played.evaluate("(audio) => audio.currentTime") > far + 0.5, 45)
    job.refresh_from_db()
    assert job.status == "running" and job.progress < 0.9, "what is played came before the rest"
    assert played.evaluate("(audio) => audio.error") is None
