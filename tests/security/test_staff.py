"""Staff who may do one thing: nothing else opens to them, in the admin panel and beside it."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse
from django.utils import timezone

from downloads.models.category import Category
from downloads.models.download import Download
from downloads.models.seeding_goal import SeedingPlan
from downloads.models.speed_plan import SpeedPlan
from downloads.models.traffic import Traffic
from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.notification import Delivery
from tests.support.addresses import ALL, fill, is_regex, rows
from tests.support.users import permit
from training.models.dataset import Dataset
from training.models.prediction import Prediction
from training.models.training_job import TrainingJob

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
RIGHTS = ["view", "change", "delete"]
JOBS = [TrainingJob, Download]
# Of these only superusers see anything: who could change them could do everything.
GIVE_RIGHTS = {"auth.Group", "jobs.Program"}
FOR_ALL_STAFF = re.compile(r"/admin/(|login/|logout/|jsi18n/|password_change/.*)$")


def label(model) -> str:
    return model._meta.label


@pytest.fixture
def things(belongings, ann):
    """What ann's objects left behind in the tables of the panel, by kind: one row of each."""
    ApiToken.make(ann, "zqx token")
    Group.objects.create(name="zqx group")
    job = belongings["training"]
    job.log("zqx said")
    Traffic.objects.create(owner=ann, day=timezone.localdate(), down=777_000_000, up=1)
    Delivery.objects.create(channel=belongings["accounts"], body={"name": "zqx told"})
    ann.first_name = "zqx ann"
    ann.save()
    return {model: model.objects.order_by("pk").first() for model in MODELS}


def place(route: str, things, model) -> str:
    """An address of the panel with the row of its own model in it."""
    thing = things.get(model)
    found = re.sub(r"<path:object_id>|<id>", str(thing.pk if thing else 1), route)
    return fill(found, {})


def model_of(route: str):
    """The model that an address of the panel is about."""
    for model in MODELS:
        if route.startswith(f"admin/{model._meta.app_label}/{model._meta.model_name}/"):
            return model
    return None


PANEL = sorted({route for name, route in ALL if name.startswith("admin:") and not is_regex(route)})


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_permissions_for_one_model_open_its_pages_and_no_others(client, things, bob, model):
    for right in RIGHTS:
        bob = permit(bob, right, model)
    client.force_login(bob)
    assert len(PANEL) > 80
    for route in PANEL:
        about = model_of(route)
        path = place(route, things, about)
        if FOR_ALL_STAFF.match(path) or route == f"admin/{model._meta.app_label}/":
            continue
        answer = client.get(path)
        if about is not model or label(model) in GIVE_RIGHTS:
            assert answer.status_code in {302, 403, 404}, path
            assert b"zqx " not in answer.content, path


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_who_may_only_look_changes_nothing_at_any_address(client, things, belongings, bob, model):
    client.force_login(permit(bob, "view", model))
    before = [rows(belongings), *everything(things)]
    thing = things[model]
    form = {"post": "yes", "_selected_action": [str(thing.pk if thing else 1)]}
    actions = [*form_actions(model), "delete_selected"]
    for route in PANEL:
        if model_of(route) is not model:
            continue
        for action in actions:
            answer = client.post(place(route, things, model), {**form, "action": action})
            assert answer.status_code in {200, 302, 403, 404, 405}, route
    assert [rows(belongings), *everything(things)] == before


def form_actions(model) -> list[str]:
    return [name for name in admin.site._registry[model].actions or () if isinstance(name, str)]


def everything(things) -> list:
    return [list(model.objects.order_by("pk").values_list()) for model in things]


@pytest.mark.parametrize("model", JOBS, ids=label)
@pytest.mark.parametrize(
    ("rights", "done"),
    [
        (["view"], set()),
        (["change"], {"cancel_selected", "retry_selected"}),
        (["view", "delete"], {"delete_with_files"}),
    ],
)
def test_a_button_for_everybodys_jobs_takes_its_permission(
    client, belongings, bob, model, rights, done
):
    for right in rights:
        bob = permit(bob, right, model)
    client.force_login(bob)
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    job = model.objects.get()
    for action in ("cancel_selected", "retry_selected", "delete_with_files"):
        before = list(model.objects.values_list("status", "delete_requested"))
        client.post(path, {"action": action, "_selected_action": [str(job.pk)]})
        after = list(model.objects.values_list("status", "delete_requested"))
        assert (before != after) == (action in done), action


@pytest.mark.parametrize("right", [*RIGHTS, "add"])
def test_a_permission_for_people_is_no_way_to_more_rights(client, ann, bob, root, right):
    bob = permit(permit(bob, right, User), "view", User)
    client.force_login(bob)
    every_right = [one.pk for one in Permission.objects.all()]
    gift = {"is_staff": "on", "is_superuser": "on", "user_permissions": every_right}
    word = "tangerine-42-sky"
    secret = {"password1": word, "password2": word, "usable_password": "true"}
    for person in (ann, bob, root):
        known = {"username": person.username, "is_active": "on", "date_joined_0": "2026-01-01"}
        change = f"/admin/auth/user/{person.pk}/change/"
        client.post(change, {**known, "date_joined_1": "10:00", **gift, **NO_ALLOWANCE})
        assert client.get(f"/admin/auth/user/{person.pk}/password/").status_code == 403
        client.post(f"/admin/auth/user/{person.pk}/password/", secret)
        if person != ann:
            client.post(f"/admin/auth/user/{person.pk}/delete/", {"post": "yes"})
    client.post("/admin/auth/user/add/", {"username": "new", **secret, **gift, **NO_ALLOWANCE})
    people = get_user_model().objects
    assert [one.username for one in people.filter(is_superuser=True)] == ["root"]
    assert set(people.filter(is_staff=True)) == {bob, root}
    assert set(people.get(pk=bob.pk).user_permissions.all()) == set(bob.user_permissions.all())
    assert people.get(pk=root.pk).check_password("root-secret-1")
    assert people.get(pk=ann.pk).check_password("ann-secret-1")


NO_ALLOWANCE = {"allowance-TOTAL_FORMS": "0", "allowance-INITIAL_FORMS": "0"}


def test_who_may_change_people_changes_ordinary_people(client, ann, bob):
    client.force_login(permit(bob, "change", User))
    form = {"username": "ann", "email": "ann@example.org", "date_joined_0": "2026-01-01"}
    form |= {"date_joined_1": "10:00:00", **NO_ALLOWANCE}
    client.post(f"/admin/auth/user/{ann.pk}/change/", form)
    ann.refresh_from_db()
    assert (ann.email, ann.is_active) == ("ann@example.org", False)


def test_the_first_page_tells_of_everybodys_jobs_to_those_who_may_see_them(client, belongings, bob):
    long_ago = timezone.now() - timezone.timedelta(minutes=25)
    for model in JOBS:
        model.objects.update(queued_at=long_ago)
    Download.objects.update(name="zqx download")
    client.force_login(permit(bob, "view", Dataset))
    assert b"zqx " not in client.get("/").content
    client.force_login(permit(bob, "view", Download))
    page = client.get("/").content
    assert b"zqx download" in page
    assert b"zqx of ann" not in page


@pytest.mark.parametrize(
    ("path", "right", "model"),
    [
        ("/downloads/speed/", "change", SpeedPlan),
        ("/downloads/seeding/", "change", SeedingPlan),
    ],
)
def test_what_holds_for_the_whole_site_is_changed_by_those_who_may(client, bob, path, right, model):
    bob = permit(bob, "view", model)
    client.force_login(bob)
    assert client.get(path).status_code == client.post(path).status_code == 404
    assert path not in client.get("/downloads/").content.decode()
    client.force_login(permit(bob, right, model))
    assert client.get(path).status_code == 200
    assert path in client.get("/downloads/").content.decode()


def test_everybodys_traffic_is_seen_by_those_who_may(client, things, bob):
    client.force_login(permit(bob, "view", Category))
    assert b"777 MB" not in client.get("/downloads/traffic/").content
    client.force_login(permit(bob, "view", Traffic))
    assert b"777 MB" in client.get("/downloads/traffic/").content


def test_beside_the_panel_staff_are_strangers_to_what_is_somebody_elses(client, belongings, bob):
    bob.is_staff = True
    bob.save()
    bob.user_permissions.set(Permission.objects.all())
    client.force_login(bob)
    headers = {"Authorization": f"Bearer {ApiToken.make(bob, 'test')}"}
    before = rows(belongings)
    for _, route in ALL:
        if re.search(r"<(uuid:|(int:)?pk>)", route):
            path = fill(route, belongings)
            for method in (client.get, client.post, client.delete):
                assert method(path, headers=headers).status_code in {404, 405}, path
    assert rows(belongings) == before


def test_there_is_something_to_see_and_to_change(things):
    """The tests above try nothing where a table of the panel is empty."""
    empty = {label(model) for model, thing in things.items() if thing is None}
    assert len(empty) < len(MODELS) / 2, empty
    seen = (TrainingJob, Prediction, Dataset, Download, JobEvent, Delivery, ApiToken, User)
    assert not empty & {label(model) for model in seen}
