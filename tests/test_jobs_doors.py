"""Every address of the site, tried by everybody: drawn from the URL configuration itself."""

import re

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from downloads.models import Category, Download
from jobsite.jobs.models import ApiToken, Channel
from training.models import Dataset, TrainingJob
from training.prediction import Prediction

pytestmark = pytest.mark.django_db

# The addresses that are open to people who are not signed in, each with its reason.
OPEN = {
    "login": "the sign-in itself",
    "sign-in-link": "a one-time link signs in",
    "health-live": "watched by machines",
    "health-ready": "watched by machines",
    "metrics": "behind a key of its own",
    "qbittorrent:login": "the sign-in of programs that speak to qBittorrent",
    "api-schema": "the description of the API holds nobody's data",
    "admin:login": "the sign-in of the admin panel",
}
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


@pytest.fixture
def belongings(ann, tmp_path):
    """One object of each kind that belongs to ann."""
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(30)))
    dataset = Dataset.copy(table, ann, {})
    training = TrainingJob.objects.create(owner=ann, name="t", dataset=dataset, target="y")
    download = Download.objects.create(owner=ann, name="d", info_hash="a" * 40)
    prediction = Prediction.objects.create(
        owner=ann, name="p", training=training, algorithm="linear", rows=[]
    )
    channel = Channel.objects.create(owner=ann, method="webhook", url="https://example.org/")
    return {
        "accounts": channel,
        "notifications": channel,
        "datasets": dataset,
        "training": training,
        "predictions": prediction,
        "downloads": download,
        "categories": Category.objects.create(owner=ann, name="c"),
    }


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


def test_strangers_to_the_site_get_nothing_but_the_sign_in(client, belongings):
    for name, route in ALL:
        if is_regex(route) or name in OPEN:
            continue
        path = fill(route, belongings)
        for method in (client.get, client.post):
            response = method(path)
            expected = {401} if path.startswith("/api/v1/") else {302, 403, 404, 405}
            assert response.status_code in expected, f"{path}: {response.status_code}"
            if response.status_code == 302:
                assert "/login/" in response.headers["Location"], path


def test_what_belongs_to_somebody_else_does_not_exist(client, belongings, bob):
    _, secret = ApiToken.objects.create(bob)
    client.force_login(bob)
    personal = [route for _, route in ALL if re.search(r"<(uuid:|(int:)?pk>)", route)]
    assert len(personal) > 20
    for route in personal:
        path = fill(route, belongings)
        for method in (client.get, client.post, client.delete):
            response = method(path, headers={"Authorization": f"Bearer {secret}"})
            assert response.status_code in {404, 405}, f"{path}: {response.status_code}"
    for thing in belongings.values():
        thing.refresh_from_db()
    jobs = [belongings[kind] for kind in ("training", "predictions", "downloads")]
    assert [(job.status, job.delete_requested) for job in jobs] == [("queued", False)] * 3


def test_reading_changes_nothing(client, belongings, ann):
    """A GET by the owner, who also is an administrator, leaves every row as it was."""
    ann.is_staff = ann.is_superuser = True
    ann.save()
    client.force_login(ann)
    _, secret = ApiToken.objects.create(ann)

    def rows():
        return [list(type(thing).objects.values_list()) for thing in belongings.values()]

    before = rows()
    for name, route in ALL:
        if not is_regex(route):
            path = fill(route, belongings)
            response = client.get(path, headers={"Authorization": f"Bearer {secret}"})
            assert response.status_code < 500 or name == "health-ready", path
            assert rows() == before, path


@pytest.mark.parametrize("kind", ["training", "downloads"])
@pytest.mark.parametrize("place", ["", "{pk}/"])
def test_a_poll_costs_three_queries(
    client, ann, belongings, kind, place, django_assert_max_num_queries
):
    client.force_login(ann)
    path = f"/{kind}/" + place.format(pk=belongings[kind].pk)
    client.get(path)  # the first page of a session looks for a second factor
    with django_assert_max_num_queries(3):
        response = client.get(path, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert b"<html" not in response.content
    assert b"hx-get" in response.content, "an active job goes on being polled"


def test_every_change_needs_the_token_of_a_form(belongings, ann):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ann)
    for path in (
        "/training/new/",
        "/downloads/new/",
        f"/training/{belongings['training'].pk}/cancel/",
    ):
        assert strict.post(path).status_code == 403, path
