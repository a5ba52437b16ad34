"""Requests that no browser sends: each is answered in words, none with a server error."""

import json

import pytest
from django.test import Client

from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.models.submission import FIELD
from tests.support.addresses import ALL, fill, is_regex

pytestmark = pytest.mark.django_db

BODIES = {
    "nothing": "",
    "no object": "[]",
    "null": "null",
    "text": '"x"',
    "half": '{"links": ',
    "deep": "[" * 100_000,
    "deep object": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "no numbers": '{"links": NaN, "time_limit": NaN, "ratio": NaN, "seed": Infinity}',
    "infinite": '{"links": 1e999, "time_limit": 1e999, "ratio": -1e999, "seed": 1e999}',
    "huge": '{{"seed": {0}, "time_limit": {0}, "priority": {0}}}'.format("9" * 4000),
    "longer than a number may be": '{"seed": %s}' % ("9" * 5000),
    "no text": b'{"links": "\xff\xfe"}',
    "other encoding": '{"links": "x"}'.encode("utf-16"),
}
# Every field that any call takes, with something else than it expects.
FIELDS = [
    "action",
    "algorithms",
    "category",
    "columns",
    "dataset",
    "down_kb",
    "exclude",
    "filter",
    "folds",
    "ids",
    "links",
    "method",
    "name",
    "kind",
    "note",
    "order",
    "position",
    "problem",
    "program",
    "ratio",
    "rows",
    "seed",
    "seed_hours",
    "sheet",
    "tags",
    "target",
    "time_limit",
    "torrents",
    "tune",
    "up_kb",
    "url",
    "where",
    "with_data",
    "keep",
    "save_as",
    "hold",
    "cancelled",
]
VALUES = [None, [[]], {"a": {}}, -1, 1e308, "", "\0", "\ud800", "x" * 100_000, [None]]
TYPES = [
    "",
    "text/xml",
    "x" * 500,
    "application/json; charset=utf-16",
    "application/json; charset=nonsense",
    "application/x-www-form-urlencoded; charset=rot13",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=a\0b",
]
QUERY = [
    "category",
    "data",
    "dataset",
    "format",
    "hash",
    "hashes",
    "job",
    "kind",
    "limit",
    "metric",
    "name",
    "offset",
    "order",
    "page",
    "priority",
    "q",
    "rid",
    "search",
    "since",
    "sort",
    "state",
    "status",
    "tag",
    "target",
    "training",
]
ODD = ["\0", b"\xff", "9" * 400, "-1\r\nX: y"]


SPECIAL = {"health-ready", "logout"}  # rightly says 503 here; ends the session


@pytest.fixture
def call(client, ann):
    """A call of ann to the API."""
    headers = {"Authorization": f"Bearer {ApiToken.make(ann, 'test')}"}

    def send(verb, path, body="", content_type="application/json"):
        return client.generic(verb, path, body, content_type=content_type, headers=headers)

    return send


@pytest.fixture
def anns(ann):
    """A client that is signed in as ann, with a token for both APIs."""
    client = Client(headers={"Authorization": f"Bearer {ApiToken.make(ann, 'test')}"})
    client.force_login(ann)
    return client


def filled(belongings, prefix=""):
    """Every address below the prefix, with ann's objects in it."""
    routes = {route for name, route in ALL if route.startswith(prefix) and name not in SPECIAL}
    assert len(routes) > 30
    return sorted(fill(route, belongings) for route in routes if not is_regex(route))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_object_is_refused_in_words(call, belongings, body):
    for path in filled(belongings, "api/v1/"):
        for verb in ("POST", "PATCH"):
            answer = call(verb, path, body)
            assert answer.status_code < 500, f"{verb} {path}"
            assert answer.status_code != 400 or answer.json(), f"{verb} {path}"


@pytest.mark.parametrize("value", VALUES, ids=[repr(value)[:12] for value in VALUES])
def test_a_field_of_another_kind_is_refused_in_words(call, belongings, value):
    body = json.dumps(dict.fromkeys(FIELDS, value))
    for path in filled(belongings, "api/v1/"):
        for verb in ("POST", "PATCH"):
            assert call(verb, path, body).status_code < 500, f"{verb} {path}"


@pytest.mark.parametrize("content_type", TYPES)
def test_a_body_of_another_type_is_refused_in_words(call, belongings, content_type):
    for path in filled(belongings, "api/v1/"):
        assert call("POST", path, '{"links": "x"}', content_type).status_code < 500, path


@pytest.mark.parametrize("odd", ODD, ids=[repr(odd)[:12] for odd in ODD])
def test_a_query_that_means_nothing_finds_nothing(anns, belongings, odd):
    for path in filled(belongings):
        assert anns.get(path, dict.fromkeys(QUERY, odd)).status_code < 500, path


@pytest.mark.parametrize("odd", ODD, ids=[repr(odd)[:12] for odd in ODD])
def test_a_form_of_nonsense_is_refused_in_words(anns, belongings, odd):
    fields = dict.fromkeys((*FIELDS, *QUERY, "next", "choice", "query", "all", "code", FIELD), odd)
    for path in filled(belongings):
        assert anns.post(path, fields).status_code < 500, path


def test_a_form_of_ten_thousand_fields_is_refused(client, ann, belongings):
    client.force_login(ann)
    fields = {f"field{number}": "x" for number in range(10_000)}
    for path in ("/accounts/login/", "/downloads/bulk/", "/training/new/"):
        assert client.post(path, fields).status_code == 400, path


def test_another_host_gets_no_page_and_is_in_no_link(client, ann):
    client.force_login(ann)
    for path in ("/", "/downloads/", "/api/v1/downloads/", "/health/live"):
        assert client.get(path, headers={"Host": "evil.example"}).status_code == 400, path
        forwarded = client.get(path, headers={"X-Forwarded-Host": "evil.example"})
        assert b"evil.example" not in forwarded.content, path


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "///evil.example",
        "/\r\nSet-Cookie: a=b",
    ],
)
def test_no_button_leads_to_another_site(client, ann, belongings, target):
    client.force_login(ann)
    cancel = f"/downloads/{belongings['downloads'].pk}/cancel/"
    bulk = {"action": "pause", "ids": "x", "next": target}
    signed_out = Client()
    sign_in = {"username": "ann", "password": "ann-secret-1", "next": target}
    for answer in (
        client.post(cancel, {"next": target}),
        client.post("/downloads/bulk/", bulk),
        signed_out.post("/accounts/login/", sign_in),
    ):
        assert answer.status_code == 302
        to = answer.headers["Location"]
        assert to.startswith("/") and "evil" not in to.split("?")[0].split("/")[1:2], to
        assert not to.startswith(("//", "/\\")), to
        assert "\t" not in to and "\n" not in to and "Set-Cookie" not in answer.headers
