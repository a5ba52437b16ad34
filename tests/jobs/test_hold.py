"""A restored copy runs nothing and sends nothing until an administrator says so."""

import pytest
from django.core.management import call_command

from jobsite.jobs.execution import worker
from jobsite.jobs.queue import submit
from jobsite.jobs.recovery.housekeeper import Housekeeper
from jobsite.jobs.storage import hold
from tests.drill.models import Drill

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]


def test_a_held_site_claims_no_job_and_restarts_no_cluster(ann):
    submit(Drill(owner=ann, name="a"))
    mine = worker.Registration("drill")
    hold.hold()
    assert worker.claim(mine) is None
    keeper = Housekeeper()
    keeper.tend_clusters()
    assert not keeper.watch.idle
    hold.release()
    assert worker.claim(mine) is not None


def test_only_an_administrator_releases_the_site(client, ann, root):
    hold.hold()
    client.force_login(ann)
    page = client.get("/").content.decode()
    assert "restored from a backup and is held" in page
    assert "Release the site" not in page
    assert client.post("/release/").status_code == 403
    assert hold.is_held()
    client.force_login(root)
    assert "Release the site" in client.get("/").content.decode()
    assert client.post("/release/", follow=True).status_code == 200
    assert not hold.is_held()
    assert "is held" not in client.get("/").content.decode()


def test_the_command_releases_the_site(capsys):
    hold.hold()
    call_command("release")
    assert "The site works again" in capsys.readouterr().err
    assert not hold.is_held()
    call_command("release")
    assert "was not held" in capsys.readouterr().err
