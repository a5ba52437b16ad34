"""What the shared template tags write."""

import re

import pytest
from django.conf import settings as site
from django.core.paginator import Paginator

from jobsite.jobs.status import Status
from tests.support.rendering import render, static_text


@pytest.mark.parametrize("status", list(Status))
def test_each_status_has_a_shape_and_a_word(status: Status) -> None:
    text = render("{% status_badge status %}", status=status)
    assert f"#status-{status.value}" in text
    assert f"badge--{status.value}" in text
    assert f">{status.value.capitalize()}</span>" in text


def test_every_icon_that_a_template_names_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', static_text("icons.svg")))
    assert {f"status-{status.value}" for status in Status} <= drawn
    for path in (site.BASE_DIR / "templates").rglob("*.html"):
        named = re.findall(r'(?:{% icon |icon=|symbol=)"([\w-]+)"', path.read_text("utf-8"))
        assert set(named) <= drawn, path


def test_an_unknown_status_still_shows_its_word_escaped() -> None:
    text = render("{% status_badge status %}", status="<b>")
    assert "<b>" not in text
    assert "badge--queued" in text


@pytest.mark.parametrize(
    ("value", "attribute", "text"),
    [
        (0.42, 'value="0.4200"', "42 %"),
        (1.7, 'value="1.0000"', "100 %"),
        (-1, 'value="0.0000"', "0 %"),
    ],
)
def test_a_progress_bar_says_its_share(value: float, attribute: str, text: str) -> None:
    html = render("{% progress_bar value 'running' text %}", value=value, text="fold <3")
    assert attribute in html
    assert text in html
    assert "fold &lt;3" in html


def test_unknown_progress_has_no_value() -> None:
    assert "value=" not in render("{% progress_bar None 'running' %}")


def test_polling_ends_with_the_job() -> None:
    assert "hx-get" not in render("{% poll '/x/' False %}")
    active = render("{% poll url True every='2s' %}", url="/x/?a=1&b=2")
    assert 'hx-get="/x/?a=1&amp;b=2"' in active
    assert 'hx-trigger="every 2s"' in active
    assert 'hx-swap="morph"' in active


def test_a_button_is_a_form_that_posts_with_its_token() -> None:
    html = render(
        "{% post_button '/x/cancel/' label icon='stop' kind='danger' next='/x/' %}",
        label="Cancel <it>",
    )
    assert '<form method="post" action="/x/cancel/"' in html
    assert re.search(r'name="csrfmiddlewaretoken" value="\w{64}"', html)
    assert 'name="next" value="/x/"' in html
    assert "Cancel &lt;it&gt;" in html
    assert "button--danger" in html


def test_a_copy_button_stays_hidden_without_the_script() -> None:
    html = render("{% copy_button text %}", text='"><script>')
    assert " hidden>" in html
    assert "<script>" not in html


def test_filter_tabs_keep_the_search_and_forget_the_page() -> None:
    html = render(
        "{% filter_bar counts %}",
        path="/training/?q=wine&status=failed&page=4&sort=name",
        counts={"queued": 1, "failed": 1200, "paused": 0, Status.SUCCEEDED: 2},
    )
    assert "1,203" in html
    assert "Paused" not in html
    assert 'value="wine"' in html
    assert '<input type="hidden" name="status" value="failed">' in html
    assert '<input type="hidden" name="sort" value="name">' in html
    assert "page=" not in html
    assert re.search(r'aria-current="true"[^>]*>Failed', html)
    assert "q=wine&amp;status=queued" in html


def test_the_paused_tab_appears_where_it_is_needed() -> None:
    assert "Paused" in render("{% filter_bar counts %}", counts={"paused": 1})
    assert "Paused" in render("{% filter_bar counts %}", path="/?status=paused", counts={})


@pytest.mark.parametrize(
    ("path", "target", "direction"),
    [
        ("/?page=3", "-created_at", None),
        ("/?sort=-created_at", "created_at", "descending"),
        ("/?sort=created_at", "-created_at", "ascending"),
        ("/?sort=name", "-created_at", None),
    ],
)
def test_a_sort_link_turns_the_order(path: str, target: str, direction: str | None) -> None:
    html = render("{% sort_th 'created_at' 'Created' %}", path=path)
    assert f'href="?sort={target}"' in html
    assert ("aria-sort" in html) == (direction is not None)
    if direction:
        assert f'aria-sort="{direction}"' in html


def test_the_default_order_is_marked_without_a_query() -> None:
    html = render("{% sort_th 'created_at' 'Created' default='-created_at' %}")
    assert 'aria-sort="descending"' in html


def test_words_sort_upwards_first_and_numbers_downwards() -> None:
    assert 'href="?sort=name"' in render("{% sort_th 'name' 'Name' %}")
    assert 'href="?sort=-size"' in render("{% sort_th 'size' 'Size' numeric=True %}")


def test_the_pager_keeps_the_query() -> None:
    page = Paginator(range(3000), 50).get_page(7)
    html = render('{% include "jobs/_pager.html" %}', path="/?q=a&page=7", page_obj=page)
    assert "301–350 of 3,000" in html
    assert 'href="?q=a&amp;page=8"' in html
    assert re.search(r'aria-current="page"[^>]*>7<', html)
    assert "…" in html


def test_one_page_needs_no_links() -> None:
    page = Paginator(range(3), 50).get_page(1)
    html = render('{% include "jobs/_pager.html" %}', page_obj=page)
    assert "1–3 of 3" in html
    assert "<a" not in html


def test_a_spread_lies_inside_its_axis() -> None:
    html = render("{% spread 0.9 0.3 0 1 %}")
    assert 'cx="104.8"' in html
    assert 'x2="116.0"' in html
    assert "0.9000 ± 0.3000" in html
    assert render("{% spread None 0.1 0 1 %}") == ""
    assert render("{% spread 0.5 0.1 1 1 %}") == ""


def test_a_score_without_spread_has_its_words_too():
    html = render("{% spread 0.5 0 0 1 %}")
    assert 'aria-label="0.5000 ± 0.0000"' in html
