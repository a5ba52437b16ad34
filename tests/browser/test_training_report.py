"""The report of a closer look in its frame: it shows what it holds, and nothing breaks out."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.tree, pytest.mark.xdist_group("tree")]

ATTACK = "<img src=x onerror=top.document.title=1><script>top.location='/x'</script>"
TABLE = "n,size,note,kind\n" + "".join(
    f'{n},{n * 7 % 13}.5,"{ATTACK} {n % 5}",{"ab"[n % 2]}\n' for n in range(60)
)
# What a script inside of the frame can reach of the page around it, and of the person's session.
REACH = """() => {
  const tried = [() => top.document.title, () => document.cookie, () => localStorage.length];
  return tried.map(one => { try { return String(one()) } catch (error) { return error.name } });
}"""


def test_the_report_is_seen_in_its_frame_and_reaches_nothing_outside(signed_in: Page, tmp_path):
    page, table = signed_in, tmp_path / "odd.csv"
    table.write_text(TABLE)
    page.goto(reverse("training:new"))
    page.set_input_files("input[type=file]", table)
    page.locator("main form button[type=submit]").first.click()
    page.get_by_role("button", name="Create profile").click()
    frame = page.locator("iframe.report")
    expect(frame).to_be_visible(timeout=PATIENCE * 1000)
    frame.scroll_into_view_if_needed()
    inside = page.frame_locator("iframe.report")
    expect(inside.get_by_text("size").first).to_be_visible()
    expect(inside.get_by_text("onerror=top.document").first).to_be_attached()
    report = next(one for one in page.frames if one.url.endswith("/report/"))
    assert report.evaluate(REACH) == ["SecurityError"] * 3
    assert page.url.endswith("#closer")
    assert "odd.csv" in page.title()
    for width in (1280, 375):
        page.set_viewport_size({"width": width, "height": 800})
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"the page is wider than {width} pixels"
