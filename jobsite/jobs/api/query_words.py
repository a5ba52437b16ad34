"""Refusal of query parameters that a list does not know: a typing error is no filter."""

import difflib
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

# As other APIs call what there is here.
OTHER_NAMES = {
    **dict.fromkeys(("limit", "per_page", "pagesize", "size"), "page_size"),
    **dict.fromkeys(("ordering", "order", "order_by", "sort_by"), "sort"),
    **dict.fromkeys(("search", "query", "name"), "q"),
    **dict.fromkeys(("offset", "start"), "page"),
}


class KnownQueryWords(BaseFilterBackend):
    """Refuses unknown parameters of a list, as a backend beside the filters themselves."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        """Return the rows as they are. Raises ValidationError, which is 400."""
        if view.action == "list":
            check_words(request.query_params, known_words(view))
        return queryset


def known_words(view: Any) -> set[str]:
    """Return the parameters that a list knows: its filters, and those of its pages."""
    filters = getattr(view, "filterset_class", None)
    pages = view.paginator
    names = {pages.page_query_param, pages.page_size_query_param} if pages else set()
    return names | set(filters.base_filters if filters else ())


def check_words(given: Iterable[str], known: Collection[str]) -> None:
    """Check the names of parameters. Raises ValidationError that names those which are unknown."""
    refused = {name: [_refusal(name, known)] for name in given if name not in known}
    if refused:
        raise ValidationError(refused)


def _refusal(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    other = OTHER_NAMES.get(name.lower(), "")
    meant = other if other in known else next(iter(near), "")
    if meant:
        return f"There is no query parameter of this name here. Did you mean {meant}?"
    names = ", ".join(sorted(known)) or "none"
    return f"There is no query parameter of this name here. There are: {names}."
