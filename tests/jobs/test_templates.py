"""What the shared partials write: forms, logs, heads of jobs, the dashboard, error pages."""

import json
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.conf import settings as site
from django.contrib.auth import get_user_model
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory
from django.utils import timezone

from jobsite.jobs.api.errors import server_error
from jobsite.jobs.status import Status
from tests.support.rendering import render, static_text


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
    assert "Some fields need a correction; they are marked below. Choose the file again." in html


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
        "user": get_user_model()(is_staff=True),
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


def test_the_page_of_an_error_of_the_site_finds_its_look_below_a_path(settings) -> None:
    settings.BASE_PATH = "/jobs"
    page = server_error(RequestFactory().get("/jobs/training/"))
    assert (page.status_code, page["Content-Type"].split(";")[0]) == (500, "text/html")
    assert 'href="/jobs/static/jobsite/site.css"' in page.content.decode()
    answer = server_error(RequestFactory().get("/jobs/api/v1/training/"))
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/json")
    assert "administrator" in json.loads(answer.content)["detail"]


def test_no_template_of_the_look_needs_what_the_security_policy_forbids() -> None:
    folder = site.BASE_DIR / "templates"
    forbidden = re.compile(r'\sstyle="|\son[a-z]+="|hx-on|javascript:|<script>|<style', re.I)
    for path in folder.rglob("*.html"):
        text = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text("utf-8"), flags=re.S)
        assert not forbidden.search(text), path


def test_no_script_of_a_page_replaces_a_function_of_another() -> None:
    named = [
        name
        for script in ("site.js", "uploads.js", "table.js")
        for name in re.findall(
            r"^(?:async )?(?:function|const|let) (\w+)", static_text(script), re.MULTILINE
        )
    ]
    assert len(named) == len(set(named)) > 40


def test_the_stylesheet_and_the_script_stay_at_home() -> None:
    for name in ("site.css", "site.js", "uploads.js", "table.js", "admin.css"):
        text = static_text(name)
        assert "http://" not in text
        assert "https://" not in text
        assert "eval(" not in text
