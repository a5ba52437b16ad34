"""Every address of the site, tried by everybody: drawn from the URL configuration itself."""

import re

import pytest
from django.test import Client

from jobsite.jobs.models.api_token import ApiToken
from tests.support.addresses import ALL, fill, is_regex, rows

pytestmark = pytest.mark.django_db

# The addresses that are open to people who are not signed in, each with its reason.
OPEN = {
    "login": "the sign-in itself",
    "password_reset": "who forgot a password cannot sign in",
    "password_reset_confirm": "a link from an e-mail sets a password",
    "sign-in-link": "a one-time link signs in",
    "manifest": "browsers ask for it without cookies",
    "health-live": "watched by machines",
    "health-ready": "watched by machines",
    "metrics": "behind a key of its own",
    "qbittorrent:login": "the sign-in of programs that speak to qBittorrent",
    "api-schema": "the description of the API holds nobody's data",
    "admin-sign-in": "the sign-in of the admin panel",
    "admin:login": "hidden by the one above",
}
# What a POST may do without being asked whether it is meant.
CHANGES_NOTHING = {"health-live", "health-ready", "metrics", "api-schema"}


@pytest.fixture(params=["stranger", "superuser"])
def other(request, bob):
    """Somebody to whom nothing of ann's belongs, whatever they may do in the admin panel."""
    bob.is_staff = bob.is_superuser = request.param == "superuser"
    bob.save()
    return bob


FRAGMENT = {"HX-Request": "true"}  # how a page asks for its own part anew


@pytest.mark.parametrize("headers", [{}, FRAGMENT], ids=["page", "fragment"])
def test_strangers_to_the_site_get_nothing_but_the_sign_in(client, belongings, headers):
    for name, route in ALL:
        if is_regex(route) or name in OPEN:
            continue
        path = fill(route, belongings)
        for method in (client.get, client.post):
            response = method(path, headers=headers)
            to = response.headers.get("HX-Redirect") or response.headers.get("Location", "")
            expected = {401} if path.startswith("/api/v1/") else {302, 403, 404, 405}
            assert response.status_code in expected or to, f"{path}: {response.status_code}"
            assert "/login/" in to or response.status_code != 302, path
            assert b"zqx of ann" not in response.content, path  # a token may hold three letters


@pytest.mark.parametrize("headers", [{}, FRAGMENT], ids=["page", "fragment"])
def test_what_belongs_to_somebody_else_does_not_exist(client, belongings, other, headers):
    client.force_login(other)
    headers = headers | {"Authorization": f"Bearer {ApiToken.make(other, 'test')}"}
    personal = [route for _, route in ALL if re.search(r"<(uuid:|(int:)?pk>)", route)]
    assert len(personal) > 20
    before = rows(belongings)
    for route in personal:
        path = fill(route, belongings)
        for method in (client.get, client.post, client.put, client.patch, client.delete):
            response = method(path, headers=headers)
            assert response.status_code in {404, 405}, f"{path}: {response.status_code}"
    assert rows(belongings) == before


def test_what_names_somebody_elses_in_its_body_finds_nothing(client, belongings, other):
    """Addresses without an object in them: it stands in the query, the form or the JSON."""
    client.force_login(other)
    ways = names_of(belongings)
    headers = {"Authorization": f"Bearer {ApiToken.make(other, 'test')}"}
    before = rows(belongings)
    for name, route in ALL:
        if is_regex(route) or "<" in route or name == "logout" or name.startswith("admin:"):
            continue
        path = fill(route, belongings)
        for answer in (
            client.get(path, ways, headers=headers),
            client.post(path, ways, headers=headers),
            client.post(path, ways, content_type="application/json", headers=headers),
        ):
            assert b"zqx of ann" not in getattr(answer, "content", b""), path
    assert rows(belongings) == before


def test_a_person_without_rights_gets_no_page_of_the_admin_panel(client, belongings, bob):
    client.force_login(bob)
    panel = [fill(route, belongings) for name, route in ALL if name.startswith("admin:")]
    assert len(panel) > 20
    for path in panel:
        if path not in {"/admin/login/", "/admin/logout/"}:
            for method in (client.get, client.post):
                response = method(path)
                assert response.status_code in {302, 403, 404}, path
                assert "/login/" in response.headers.get("Location", "/login/"), path


def names_of(belongings) -> dict:
    """Every way to name ann's objects in a query or a body, with what could be done to them."""
    download, training = str(belongings["downloads"].pk), str(belongings["training"].pk)
    info_hash = belongings["downloads"].info_hash
    return {
        **{"id": download, "ids": [download], "hash": info_hash, "hashes": info_hash},
        **{"job": training, "jobs": [training], "training": training},
        **{"dataset": str(belongings["datasets"].pk), "target": "y"},
        **{"category": "films of ann", "categories": "films of ann", "name": "zqx", "tags": "x"},
        **{"links": info_hash, "action": "delete", "choice": "data", "deleteFiles": "true"},
    }


def test_reading_changes_nothing(client, belongings, ann):
    """A GET by the owner, who also is an administrator, leaves every row as it was."""
    ann.is_staff = ann.is_superuser = True
    ann.save()
    client.force_login(ann)
    _, secret = ApiToken.objects.create(ann)
    before = rows(belongings)
    for name, route in ALL:
        if not is_regex(route):
            path = fill(route, belongings)
            headers = {"Authorization": f"Bearer {secret}"}
            response = client.get(path, names_of(belongings), headers=headers)
            assert response.status_code < 500 or name == "health-ready", path
            assert rows(belongings) == before, path


@pytest.mark.parametrize("kind", ["training", "downloads"])
@pytest.mark.parametrize(("place", "queries"), [("", 3), ("{pk}/", 4)])  # and its place in line
def test_a_poll_costs_few_queries(
    client, ann, belongings, kind, place, queries, django_assert_max_num_queries
):
    client.force_login(ann)
    path = f"/{kind}/" + place.format(pk=belongings[kind].pk)
    client.get(path)  # the first page of a session looks for a second factor
    with django_assert_max_num_queries(queries):
        response = client.get(path, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert b"<html" not in response.content
    assert b"hx-get" in response.content, "an active job goes on being polled"


@pytest.mark.parametrize("kind", ["training", "downloads", "predictions"])
def test_a_link_leads_from_the_top_of_a_list_to_its_rows(client, ann, belongings, kind):
    client.force_login(ann)
    page = client.get(f"/{kind}/").content.decode()
    assert page.index('href="#rows"') < page.index("<header"), "before the navigation"
    assert page.count('id="rows"') == 1


def test_every_change_needs_the_token_of_a_form(belongings, ann):
    """A page elsewhere has the cookie of the session, and neither form token nor API token."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ann)
    before = rows(belongings)
    for name, route in ALL:
        if not is_regex(route) and name not in {"qbittorrent:login", *CHANGES_NOTHING}:
            path = fill(route, belongings)
            expected = {401} if path.startswith("/api/v1/") else {403, 404, 405}
            assert strict.post(path).status_code in expected, path
    assert rows(belongings) == before


def test_a_token_that_may_only_read_changes_nothing_at_any_address(client, belongings, ann):
    headers = {"Authorization": f"Bearer {ApiToken.make(ann, 'look', read_only=True)}"}
    before = rows(belongings)
    for name, route in ALL:
        if is_regex(route) or not route.startswith("api/") or name in CHANGES_NOTHING:
            continue
        path = fill(route, belongings)
        for method in (client.post, client.put, client.patch, client.delete):
            status = method(path, {}, content_type="application/json", headers=headers).status_code
            # Of qBittorrent's calls, those that only look may be sent by POST as well.
            assert status in {403, 405} or path.startswith("/api/v2/"), f"{path}: {status}"
    assert rows(belongings) == before


def test_the_manifest_lets_a_browser_install_the_site(client):
    answer = client.get("/manifest.webmanifest")
    assert answer.headers["Content-Type"] == "application/manifest+json"
    about = answer.json()
    assert (about["start_url"], about["display"]) == ("/", "standalone")
    assert {icon["sizes"] for icon in about["icons"]} == {"192x192", "512x512"}
