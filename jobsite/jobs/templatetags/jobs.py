"""`{% load jobs %}`: the filters and tags that every page of the site uses.

Filters: bytes rate duration about percent whole score difference ago when
Tags:    icon status_badge progress_bar elapsed poll post_button copy_button
         spread nav_link command_name site_version
"""

from datetime import datetime
from importlib import import_module
from typing import Any

from django import template
from django.conf import settings
from django.template.context import Context
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from jobsite.jobs import formats
from jobsite.jobs.models import submission
from jobsite.jobs.models.kinds import job_models
from jobsite.jobs.status import Status

register = template.Library()
register.filter("bytes", formats.byte_size)
register.filter("rate", formats.byte_rate)
register.filter("duration", formats.duration)
register.filter("about", formats.about)
register.filter("percent", formats.percent)
register.filter("whole", formats.whole)
register.filter("score", formats.score)
register.filter("difference", formats.difference)

STATUSES = tuple(status.value for status in Status)


@register.simple_tag
def command_name() -> str:
    """`{% command_name %} up`: the command as the operator of this installation types it."""
    return str(settings.COMMAND)


@register.simple_tag
def site_version() -> str:
    """`{% site_version %}`: the version of the program."""
    return str(settings.VERSION)


@register.filter
def ago(moment: datetime | None) -> str:
    """`{{ job.created_at|ago }}`: "3 min ago", with the exact time on hover and for machines."""
    if not isinstance(moment, datetime):
        return formats.DASH
    seconds = (timezone.now() - moment).total_seconds()
    return _time(moment, formats.ago(seconds), format_html(' data-ago="{}"', int(seconds)))


@register.filter
def when(moment: datetime | None) -> str:
    """`{{ job.created_at|when }}`: "21 Nov 2026, 14:05", exact to the second on hover."""
    if not isinstance(moment, datetime):
        return formats.DASH
    local = timezone.localtime(moment)
    return _time(moment, f"{local.day} {local:%b %Y, %H:%M}")


def _time(moment: datetime, text: str, more: str = "") -> SafeString:
    local = timezone.localtime(moment)
    exact = f"{local.day} {local:%b %Y, %H:%M:%S %Z}"
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>', local.isoformat(), exact, more, text
    )


@register.simple_tag
def elapsed(start: datetime | None, end: datetime | None = None) -> str:
    """`{% elapsed job.started_at job.finished_at %}`: how long it took, or a ticking stopwatch.

    The seconds are carried beside the start, so that a browser whose clock is wrong counts right.
    """
    if not isinstance(start, datetime):
        return formats.DASH
    if end:
        return formats.duration(max(0.0, (end - start).total_seconds()))
    seconds = max(0, int((timezone.now() - start).total_seconds()))
    return format_html(
        '<time datetime="PT{}S" data-elapsed-since="{}" data-seconds="{}">{}</time>',
        seconds,
        start.isoformat(),
        seconds,
        formats.clock(seconds),
    )


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """`{% icon "retry" %}`: one drawing of icons.svg; silent unless a label says what it means."""
    target = f"{static('jobsite/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>',
            label,
            target,
        )
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', target
    )


@register.simple_tag
def status_badge(status: str, text: str = "") -> SafeString:
    """`{% status_badge job.status %}`: a shape and a word for each status, not a colour alone."""
    name = str(getattr(status, "value", status))
    known = name if name in STATUSES else "queued"
    return format_html(
        '<span class="badge badge--{}" data-status="{}">{}{}</span>',
        known,
        name,
        icon(f"status-{known}"),
        text or name.capitalize(),
    )


_MARKS = {"succeeded": "✓", "failed": "✗", "cancelled": "–", "queued": "…", "paused": "…"}


@register.simple_tag
def job_title(job: Any) -> str:
    """`{% job_title job %}`: the title of its page: "42 % · wine" while it runs, then "✓ wine"."""
    if job.status == Status.RUNNING:
        return f"{formats.percent(job.progress)} · {job.name}" if job.progress else str(job.name)
    return f"{_MARKS.get(job.status, '')} {job.name}".strip()


@register.simple_tag
def status_favicon(status: str) -> str:
    """`{% status_favicon job.status %}`: the address of the site's icon with the status on it."""
    known = status if status in ("succeeded", "failed", "running") else ""
    return static(f"jobsite/favicon{known and '-'}{known}.svg")


@register.inclusion_tag("jobs/_progress.html")
def progress_bar(value: Any, status: str = "", text: str = "") -> dict[str, Any]:
    """`{% progress_bar job.progress job.status job.message %}`: 0..1, or None for "unknown yet"."""
    share = formats.as_number(value)
    return {
        "share": None if share is None else f"{min(1.0, max(0.0, share)):.4f}",
        "percent": "" if share is None else formats.percent(min(1.0, max(0.0, share))),
        "status": str(getattr(status, "value", status)),
        "text": text,
    }


@register.simple_tag
def poll(url: str, active: Any = True, every: str = "1s") -> SafeString:
    """`<section id="live" {% poll url job.is_active %}>`: see templates/jobs/_fragment.html."""
    if not active:
        return mark_safe("")
    return format_html(
        'hx-get="{}" hx-trigger="every {}" hx-swap="morph" hx-target="this"', url, every
    )


@register.simple_tag
def once() -> SafeString:
    """`{% once %}` inside a form that submits a job: sent twice, it makes one job."""
    return format_html(
        '<input type="hidden" name="{}" value="{}">', submission.FIELD, submission.new_key()
    )


@register.inclusion_tag("jobs/_post_button.html", takes_context=True)
def post_button(context: Context, url: str, label: str, **options: Any) -> dict[str, Any]:
    """`{% post_button url "Cancel" icon="stop" kind="danger" small=True name="x" value="y" %}`."""
    return {**options, "url": url, "label": label, "csrf_token": context.get("csrf_token")}


@register.simple_tag
def copy_button(text: str, label: str = "Copy") -> SafeString:
    """`{% copy_button job.info_hash %}`: shown by site.js only, beside the text that it copies."""
    return format_html(
        '<button type="button" class="button button--small button--quiet" data-copy="{}" hidden>'
        "{}<span data-copy-label>{}</span></button>",
        text,
        icon("copy"),
        label,
    )


@register.inclusion_tag("jobs/_histogram.html")
def spread(value: Any, deviation: Any, low: Any, high: Any) -> dict[str, Any]:
    """`{% spread row.score row.score_std lowest highest %}`: a dot with its whiskers, as SVG."""
    numbers = [formats.as_number(item) for item in (value, deviation, low, high)]
    middle, width, start, end = numbers
    if middle is None or start is None or end is None or end <= start:
        return {}

    def place(number: float) -> float:
        return round(4 + 112 * min(1.0, max(0.0, (number - start) / (end - start))), 1)

    left, right = place(middle - (width or 0)), place(middle + (width or 0))
    return {
        "at": place(middle),
        "left": left,
        "right": right,
        "text": f"{formats.score(middle)} ± {formats.score(width or 0)}",
    }


@register.simple_tag
def job_kinds() -> list[dict[str, str]]:
    """`{% job_kinds as kinds %}`: the kinds that the navigation names, with their pages."""
    return [
        {
            "title": model.title,
            "list": f"{model.kind}:list",
            "new": f"{model.kind}:new",
            "start_label": model.start_label,
            "takes": " ".join(model.takes),
        }
        for model in job_models()
        if model.title
    ]


@register.inclusion_tag("jobs/_first_steps.html", takes_context=True)
def first_steps(context: Context, kind: str = "") -> dict[str, Any]:
    """`{% first_steps %}` on an empty dashboard, `{% first_steps "render" %}` on an empty list."""
    kinds = [
        {
            "name": model.kind,
            "invitation": model.invitation,
            "new": f"{model.kind}:new",
            "start_label": model.start_label,
            "samples": import_module(model.samples).offered() if model.samples else (),
        }
        for model in job_models()
        if model.invitation and kind in ("", model.kind)
    ]
    return {"kinds": kinds, "csrf_token": context.get("csrf_token")}


@register.simple_tag(takes_context=True)
def nav_link(context: Context, view: str, label: str) -> SafeString:
    """`{% nav_link "training:list" "Training" %}`: marked while the reader is below its address.

    A part of the site that is not installed has no address and no link.
    """
    try:
        address = reverse(view)
    except NoReverseMatch:
        return mark_safe("")
    path = getattr(context.get("request"), "path", "")
    here = path == address if view == "dashboard" else path.startswith(address)
    current = mark_safe(' aria-current="page"') if here else ""
    return format_html('<a href="{}"{}>{}</a>', address, current, label)
