"""Every address of the site, from the URL configuration itself."""

import re

from django.urls import URLPattern, URLResolver, get_resolver

SAMPLE = {"uid": "MQ", "token": "x-y", "digest": "0" * 128, "object_id": "1", "app_label": "auth"}


def addresses(patterns=None, prefix="", namespace=""):
    """(name, route) of every address below the root."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern.url_patterns, route, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name or ''}", route


ALL = sorted(set(addresses()))


def fill(route: str, belongings) -> str:
    """An address with ann's objects in its places."""
    first = route.replace("api/v1/", "").split("/")[0]
    kind = next((word for word in ("datasets", "categories") if word in route), first)
    assert kind in belongings or "<uuid:" not in route, f"{route}: give ann one of these above"
    own = str(belongings[kind].pk) if kind in belongings else "1"

    def value(match):
        kind_of, name = match["kind"], match["name"]
        if kind_of == "uuid" or name in {"pk", "id"}:
            return own
        return SAMPLE.get(name, "0" if kind_of == "int" else "x")

    filled = re.sub(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>", value, route)
    return "/" + filled.replace("^", "").replace("$", "").replace("\\Z", "")


def is_regex(route: str) -> bool:
    return "(?P" in route


def rows(belongings) -> list:
    """Every row of ann's, of every kind."""
    kinds = {type(thing): thing.owner for thing in belongings.values()}
    return [
        list(kind.objects.filter(owner=ann).order_by("pk").values_list())
        for kind, ann in kinds.items()
    ]
