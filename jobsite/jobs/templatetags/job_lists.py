"""`{% load job_lists %}`: the tags of lists: filter_bar moved_tabs sort_th page_numbers."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.core.paginator import Page
from django.template.context import Context

from jobsite.jobs.status import Status

register = template.Library()

STATUSES = tuple(status.value for status in Status)
ALWAYS = tuple(name for name in STATUSES if name != Status.PAUSED)


@register.inclusion_tag("jobs/_filter_bar.html", takes_context=True)
def filter_bar(
    context: Context,
    counts: Mapping[str, int] | None = None,
    placeholder: str = "Search by name",
    statuses: str = "",
) -> dict[str, Any]:
    """`{% filter_bar counts %}`: status tabs with counts and a search box, as links and a GET form.

    `counts` maps statuses to numbers. `paused`, which not every kind of job knows, has a tab where
    a job is paused or it is asked for; `statuses` (words, separated by blanks) names the tabs.
    """
    kept = [
        (key, value)
        for key, values in context["request"].GET.lists()
        if key not in ("q", "page")
        for value in values
    ]
    return {
        "request": context["request"],
        "tabs": _tabs(context, counts, statuses),
        "kept": kept,
        "query": context["request"].GET.get("q", ""),
        "placeholder": placeholder,
    }


@register.inclusion_tag("jobs/_status_tabs.html", takes_context=True)
def moved_tabs(
    context: Context, counts: Mapping[str, int] | None = None, statuses: str = ""
) -> dict[str, Any]:
    """`{% moved_tabs counts %}` in a polled list: the tabs of its filter bar, which is outside."""
    request = context["request"]
    tabs = _tabs(context, counts, statuses) if request.htmx else ()
    return {"request": request, "tabs": tabs, "out_of_band": True}


def _tabs(
    context: Context, counts: Mapping[str, int] | None, statuses: str
) -> list[dict[str, Any]]:
    chosen = context["request"].GET.get("status", "")
    numbers = {str(getattr(key, "value", key)): number for key, number in (counts or {}).items()}
    shown = [name for name in STATUSES if numbers.get(name) or name in (chosen, *ALWAYS)]
    names = statuses.split() or shown
    total = numbers.get("all", sum(numbers.get(name, 0) for name in names))
    return [
        {"name": "", "label": "All", "count": total, "current": not chosen},
        *(
            {
                "name": name,
                "label": name.capitalize(),
                "count": numbers.get(name, 0),
                "current": name == chosen,
            }
            for name in names
        ),
    ]


@register.inclusion_tag("jobs/_sort_th.html", takes_context=True)
def sort_th(
    context: Context,
    field: str,
    label: str,
    numeric: bool = False,
    default: str = "",
    param: str = "sort",
) -> dict[str, Any]:
    """`{% sort_th "created_at" "Created" default="-created_at" %}`: a header cell that sorts.

    The first click on words sorts upwards, on numbers and dates downwards; the next one turns.
    """
    current = context["request"].GET.get(param, "") or default
    downwards_first = numeric or field.endswith("_at")
    if current == field:
        target, direction = f"-{field}", "ascending"
    elif current == f"-{field}":
        target, direction = field, "descending"
    else:
        target, direction = (f"-{field}" if downwards_first else field), ""
    query = context["request"].GET.copy()
    query[param] = target
    query.pop("page", None)
    return {
        "href": f"?{query.urlencode()}",
        "field": field,
        "label": label,
        "numeric": numeric,
        "direction": direction,
    }


@register.simple_tag
def page_numbers(page: Page) -> list[int | str]:
    """Return the page numbers worth showing; gaps are the paginator's ellipsis."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))
