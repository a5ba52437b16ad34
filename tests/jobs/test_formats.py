"""How quantities and times read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobsite.jobs import formats
from tests.support.rendering import render

NO_NUMBERS = [None, "", "many", float("nan"), float("inf"), True, [], object()]


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
        (2.22e-16, "0.0000"),
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


def test_elapsed_time_ticks_while_running_and_stands_once_finished(monkeypatch: Any) -> None:
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)  # a second may pass while it is rendered
    start = now - timedelta(seconds=65)
    running = render("{% elapsed start %}", start=start)
    assert 'data-seconds="65"' in running
    assert "data-elapsed-since=" in running
    assert ">1:05</time>" in running
    end = start + timedelta(seconds=125)
    assert render("{% elapsed start end %}", start=start, end=end) == "2 min 05 s"


def test_elapsed_time_is_never_negative() -> None:
    start = timezone.now() + timedelta(seconds=65)
    assert ">0:00</time>" in render("{% elapsed start %}", start=start)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0123, "+0.0123"), (-0.0123, "−0.0123"), (-1234.56, "−1,234.6"), (0, ""), (None, "")],
)
def test_a_difference_has_its_sign(number: Any, text: str) -> None:
    assert formats.difference(number) == text
