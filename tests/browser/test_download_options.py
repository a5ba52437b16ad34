"""A person with a browser: sees the files before the start, chooses, sorts and acts on many."""

import secrets

import pytest
from playwright.sync_api import Page, expect

from downloads.models.category import Category
from downloads.models.download import Download
from downloads.models.download_queryset import Entry
from tests.support.torrent_peers import seeder
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.tree, pytest.mark.swarm]


@pytest.fixture
def album(tmp_path):
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("track 1.flac", "track 2.flac", "cover.jpg"):
        (folder / name).write_bytes(secrets.token_bytes(400_000))
    with seeder(folder) as [one]:
        yield one


def test_from_the_preview_to_the_library(signed_in: Page, owner, site, album) -> None:
    page = signed_in
    page.goto("/downloads/new/")
    page.get_by_label("Links").fill(album.magnet)
    page.get_by_label("Show the files first").check()
    page.get_by_role("button", name="Download").click()
    page.get_by_role("link", name="album").click()
    # Playwright waits for what stands still, and each poll replaces it; a hand is quicker.
    page.get_by_role("link", name="Choose files").evaluate("link => link.click()")
    page.get_by_label("How much track 2.flac is wanted").select_option("skip")
    page.get_by_role("button", name="Start with these").click()
    expect(page.locator(".badge", has_text="Succeeded").first).to_be_visible()
    job = Download.objects.get(owner=owner)
    names = [path.name for path in (site.folder / "library" / job.place).iterdir()]
    assert sorted(names) == ["cover.jpg", "track 1.flac"]


def test_what_is_typed_beside_a_list_that_is_polled_stays(signed_in: Page, owner, album) -> None:
    Category.objects.create(owner=owner, name="Music")
    Download.objects.add(owner, [Entry(album.link)], {"hold": False})
    page = signed_in
    page.goto("/downloads/")
    page.get_by_text("More actions").click()
    page.get_by_label("Tags").fill("new, children")
    page.get_by_label("Select all 1").check()
    expect(page.locator(".badge", has_text="Succeeded").first).to_be_visible()
    expect(page.get_by_label("Tags")).to_have_value("new, children")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("1 of 1 download tagged.")).to_be_visible()
    assert Download.objects.get(owner=owner).tags == ["new", "children"]
    page.get_by_label("Select album").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete 1 download?")).to_be_visible()
    page.get_by_label("Delete the files, too").check()
    page.get_by_role("button", name="Delete 1").click()
    wait_until(lambda: not Download.objects.filter(owner=owner).exists())
