"""How quantities read, and what the shared tags and partials write."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.conf import settings as site
from django.contrib.staticfiles.finders import find
from django.core.paginator import Paginator
from django.template import RequestContext, Template
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory
from django.utils import timezone

from jobsite.jobs.status import Status
from jobsite.jobs.templatetags import formats

NO_NUMBERS = [None, "", "many", float("nan"), float("inf"), True, [], object()]


def render(source: str, path: str = "/", **context: Any) -> str:
    """The text of a template with this site's tags; runs of blanks count as one."""
    page = RequestContext(RequestFactory().get(path), context)
    text = Template("{% load jobs %}" + source).render(page)
    return re.sub(r"\s+", " ", text).strip()


# --- quantities ---


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (999.4, "999 B"),
        (999.6, "1.0 kB"),
        (1000, "1.0 kB"),
        (1500, "1.5 kB"),
        (99_949, "99.9 kB"),
        (99_951, "100 kB"),
        (999_949, "1000 kB"),
        (999_951, "1.0 MB"),
        (1_234_567, "1.2 MB"),
        (12_300_000_000, "12.3 GB"),
        (212_400_000_000, "212 GB"),
        (5 * 10**12, "5.0 TB"),
        (2**63 - 1, "9.2 EB"),
        (10**24, "1000000 EB"),
        ("2048", "2.0 kB"),
        (-1, "–"),
    ],
)
def test_bytes_read_in_decimal_units(number: Any, text: str) -> None:
    assert formats.byte_size(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B/s"), (3_400_000, "3.4 MB/s"), (950, "950 B/s"), (118_000_000, "118 MB/s"), (-5, "–")],
)
def test_rates_read_per_second(number: Any, text: str) -> None:
    assert formats.byte_rate(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.004, "< 0.1 s"),
        (0.05, "0.1 s"),
        (0.94, "0.9 s"),
        (2.5, "2.5 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (10.4, "10 s"),
        (59, "59 s"),
        (59.6, "1 min 00 s"),
        (60, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599, "59 min 59 s"),
        (3599.7, "1 h 00 min"),
        (3600, "1 h 00 min"),
        (7384, "2 h 03 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d 00 h"),
        (90_000, "1 d 01 h"),
        (400 * 86_400, "400 d 00 h"),
        (timedelta(minutes=2, seconds=5), "2 min 05 s"),
        (-3, "–"),
    ],
)
def test_durations_have_two_units_at_most(seconds: Any, text: str) -> None:
    assert formats.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "a few seconds"),
        (9.9, "a few seconds"),
        (10, "about 10 s"),
        (33, "about 35 s"),
        (54.9, "about 55 s"),
        (55, "about 1 min"),
        (89, "about 1 min"),
        (125, "about 2 min"),
        (3400, "about 57 min"),
        (3450, "about 1 h"),
        (5400, "about 1 h 30 min"),
        (10_400, "about 3 h"),
        (34_100, "about 9 h 30 min"),
        (34_200, "about 10 h"),
        (86_400, "about 24 h"),
        (129_600, "about 2 days"),
        (40 * 86_400, "about 40 days"),
        (100 * 86_400, "more than 3 months"),
        (8_640_000_000, "more than 3 months"),
        (-1, "–"),
    ],
)
def test_remaining_time_is_an_estimate_in_words(seconds: Any, text: str) -> None:
    assert formats.about(seconds) == text


@pytest.mark.parametrize(
    ("share", "places", "text"),
    [
        (0, 0, "0 %"),
        (0.001, 0, "< 1 %"),
        (0.423, 0, "42 %"),
        (0.423, 1, "42.3 %"),
        (0.996, 0, "99 %"),
        (0.9999, 1, "99.9 %"),
        (1, 0, "100 %"),
        (1, 1, "100.0 %"),
        (0.0001, 1, "< 0.1 %"),
        (1.5, 0, "150 %"),
        (-0.2, 0, "-20 %"),
    ],
)
def test_percentages_are_whole_only_when_all_is_done(share: Any, places: int, text: str) -> None:
    assert formats.percent(share, places) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0000"),
        (0.91234, "0.9123"),
        (-0.05, "-0.0500"),
        (0.00034, "3.40e-04"),
        (9.99999, "10.0000"),
        (48.217, "48.22"),
        (1482.24, "1,482.2"),
        (48_213.7, "48,214"),
        (123_456_789, "1.235e+08"),
        ("0.5", "0.5000"),
    ],
)
def test_scores_show_four_digits_that_mean_something(value: Any, text: str) -> None:
    assert formats.score(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (1_234_567, "1,234,567"), (-4000.4, "-4,000")]
)
def test_whole_numbers_are_grouped(value: Any, text: str) -> None:
    assert formats.whole(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (9, "just now"),
        (-9, "just now"),
        (10, "10 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "1 day ago"),
        (2 * 86_400, "2 days ago"),
        (59 * 86_400, "59 days ago"),
        (60 * 86_400, "2 months ago"),
        (729 * 86_400, "24 months ago"),
        (730 * 86_400, "2 years ago"),
        (-7200, "in 2 h"),
    ],
)
def test_relative_times_round_down(seconds: float, text: str) -> None:
    assert formats.ago(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.9, "0:59"), (60, "1:00"), (3599, "59:59"), (3600, "1:00:00"), (-1, "–")],
)
def test_a_stopwatch_reads_like_a_clock(seconds: float, text: str) -> None:
    assert formats.clock(seconds) == text


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize(
    "function",
    [
        formats.byte_size,
        formats.byte_rate,
        formats.duration,
        formats.about,
        formats.percent,
        formats.whole,
        formats.score,
        formats.clock,
    ],
)
def test_what_is_no_number_reads_as_a_dash(function: Any, value: Any) -> None:
    assert function(value) == formats.DASH


# --- times ---


def test_a_moment_carries_its_exact_time() -> None:
    moment = timezone.now() - timedelta(minutes=3, seconds=5)
    text = render("{{ moment|ago }}", moment=moment)
    assert text.endswith(">3 min ago</time>")
    assert f'datetime="{timezone.localtime(moment).isoformat()}"' in text
    assert f"{timezone.localtime(moment):%H:%M:%S}" in text


def test_a_date_reads_without_a_leading_zero(settings: Any) -> None:
    settings.TIME_ZONE = "UTC"
    moment = datetime(2026, 11, 1, 14, 5, 9, tzinfo=UTC)
    with timezone.override("UTC"):
        assert ">1 Nov 2026, 14:05</time>" in render("{{ moment|when }}", moment=moment)


@pytest.mark.parametrize("source", ["{{ x|ago }}", "{{ x|when }}", "{% elapsed x %}"])
def test_no_moment_reads_as_a_dash(source: str) -> None:
    assert render(source, x=None) == formats.DASH


def test_elapsed_time_ticks_while_running_and_stands_once_finished() -> None:
    start = timezone.now() - timedelta(seconds=65)
    running = render("{% elapsed start %}", start=start)
    assert 'data-seconds="65"' in running
    assert "data-elapsed-since=" in running
    assert ">1:05</time>" in running
    end = start + timedelta(seconds=125)
    assert render("{% elapsed start end %}", start=start, end=end) == "2 min 05 s"


def test_elapsed_time_is_never_negative() -> None:
    start = timezone.now() + timedelta(seconds=65)
    assert ">0:00</time>" in render("{% elapsed start %}", start=start)


# --- tags ---


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


def static_text(name: str) -> str:
    """The text of one static file of the job core."""
    return Path(find(f"jobsite/{name}")).read_text("utf-8")


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
    assert 'hx-swap="outerHTML"' in active


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


# --- partials ---


class Sample(forms.Form):
    """One field of each sort that the site uses."""

    name = forms.CharField(max_length=3, help_text="Three letters.")
    kind = forms.MultipleChoiceField(
        choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple, required=False
    )
    agreed = forms.BooleanField(required=False)
    file = forms.FileField(required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_form_keeps_what_was_typed_beside_what_is_wrong() -> None:
    form = Sample({"name": "<long>", "kind": ["b"], "agreed": "on", "secret": "s"})
    html = render('{% include "jobs/_form.html" %}', form=form)
    assert 'value="&lt;long&gt;"' in html
    assert 'id="id_name_error"' in html
    assert re.search(r'aria-describedby="[^"]*id_name_error[^"]*"', html)
    assert 'id="id_name_helptext"' in html
    assert re.search(r'value="b"[^>]*checked', html)
    assert "data-drop" in html
    assert 'type="hidden" name="secret" value="s"' in html
    assert "What you typed is kept; a file has to be chosen again." in html


def test_log_lines_are_escaped_and_named_by_level() -> None:
    events = [SimpleNamespace(at=timezone.now(), level="warning", text="<script>alert(1)</script>")]
    html = render('{% include "jobs/_events.html" %}', events=events)
    assert "<script>" not in html
    assert "log__line--warning" in html


def job(status: str, **fields: Any) -> SimpleNamespace:
    """What the partials read of a job."""
    now = timezone.now()
    started = None if status == "queued" else now - timedelta(seconds=90)
    finished = now if status in ("succeeded", "failed", "cancelled") else None
    known: dict[str, Any] = {
        "name": "wine.csv",
        "kind": "training",
        "status": status,
        "progress": 0.5,
        "message": "fold 3 of 5",
        "error": "",
        "attempt": 1,
        "created_at": now,
        "started_at": started,
        "finished_at": finished,
        "cancel_requested": False,
        "get_absolute_url": "/training/1/",
    }
    return SimpleNamespace(**{**known, **fields})


@pytest.mark.parametrize("status", [status.value for status in Status])
def test_the_head_of_a_job_shows_progress_only_before_its_end(status: str) -> None:
    html = render('{% include "jobs/_job_head.html" %}', job=job(status))
    assert f"job-head--{status}" in html
    assert ("<progress" in html) == (status in ("queued", "running", "paused"))


def test_the_head_of_a_failed_job_says_why() -> None:
    html = render('{% include "jobs/_job_head.html" %}', job=job("failed", error="No <target>."))
    assert "No &lt;target&gt;." in html
    assert 'role="alert"' in html


def test_the_dashboard_fragment_polls_and_stands_alone() -> None:
    context = {
        "request": RequestFactory().get("/"),
        "running": [job("running")],
        "waiting": [job("queued")],
        "finished": [job("failed", error="Because.")],
        "workers": [],
        "warnings": ["No training worker is alive."],
        "disk_free": 5e9,
        "disk_total": 1e12,
    }
    html = render_to_string("jobs/_dashboard.html", context)
    assert "<html" not in html
    assert 'hx-trigger="every 2s"' in html
    for words in ("No training worker is alive.", "Because.", "5.0 GB", "fold 3 of 5"):
        assert words in html


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_an_error_page_renders_for_a_stranger(name: str) -> None:
    html = get_template(f"{name}.html").render({}, RequestFactory().get("/nowhere/"))
    assert "<h1>" in html
    assert "Sign out" not in html


def test_no_template_of_the_look_needs_what_the_security_policy_forbids() -> None:
    folder = site.BASE_DIR / "templates"
    forbidden = re.compile(r'\sstyle="|\son[a-z]+="|hx-on|javascript:|<script>|<style', re.I)
    for path in folder.rglob("*.html"):
        text = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text("utf-8"), flags=re.S)
        assert not forbidden.search(text), path


def test_the_stylesheet_and_the_script_stay_at_home() -> None:
    for name in ("site.css", "site.js", "admin.css"):
        text = static_text(name)
        assert "http://" not in text
        assert "https://" not in text
        assert "eval(" not in text
