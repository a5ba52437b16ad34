"""Fixtures that several test modules share."""

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from downloads.models.category import Category
from downloads.models.download import Download
from jobsite.jobs.models.notification import Channel
from tests.support.failure_report import account
from tests.support.running_site import Site
from training.models.dataset import Dataset
from training.models.prediction import Prediction
from training.models.training_job import TrainingJob


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Let the trees that a failed test used have their say in its report."""
    report = yield
    on_a_tree = "running_site" in item.fixturenames or item.get_closest_marker("tree")
    if report.failed and on_a_tree:
        report.sections += [("the site", account(site)) for site in Site.started]
    if report.when == "teardown":
        Site.started[:] = [site for site in Site.started if site.is_running]
    return report


@pytest.fixture(autouse=True)
def plain_static_files(settings) -> None:
    """Unit tests need no collected static files; a real tree uses those of `make setup`."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def own_folders(settings, tmp_path) -> None:
    """A data folder of this test, where uploads arrive as well."""
    settings.DATA_DIR = tmp_path
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path


@pytest.fixture
def ann(db):
    """A person."""
    return get_user_model().objects.create_user("ann", password="ann-secret-1")


@pytest.fixture
def bob(db):
    """Another person, a stranger to the first."""
    return get_user_model().objects.create_user("bob", password="bob-secret-1")


@pytest.fixture
def root(db):
    """An administrator who may do everything."""
    return get_user_model().objects.create_superuser("root", password="root-secret-1")


@pytest.fixture(scope="session")
def running_site(tmp_path_factory) -> Iterator[Site]:
    """One real process tree for all tests that need one; they must leave it working."""
    site = Site(tmp_path_factory.mktemp("site")).start()
    yield site
    site.stop()


@pytest.fixture
def point_at(django_db_blocker):
    """`with point_at(site) as owner`: this process's models look at the site's own database."""

    @contextlib.contextmanager
    def point(site: Site) -> Iterator[Any]:
        own = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = site.database
        with django_db_blocker.unblock():
            name = f"owner-{secrets.token_hex(4)}"
            yield get_user_model().objects.create_user(name, password="site-secret-1")
            connection.close()
        connection.settings_dict["NAME"] = own

    return point


@pytest.fixture
def owner(running_site: Site, point_at) -> Iterator[Any]:
    """A person of the running site, one for each test, whose rows this process's models see."""
    with point_at(running_site) as user:
        yield user


@pytest.fixture
def site(running_site: Site, owner: Any) -> Site:
    """The running tree."""
    return running_site


@pytest.fixture
def belongings(ann, tmp_path):
    """One object of each kind that belongs to ann."""
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(30)))
    dataset = Dataset.copy(table, ann, {})
    training = TrainingJob.objects.create(owner=ann, name="zqx of ann", dataset=dataset, target="y")
    download = Download.objects.create(
        owner=ann, name="zqx of ann", info_hash="a" * 40, link="magnet:?xt=urn:btih:" + "a" * 40
    )
    prediction = Prediction.objects.create(
        owner=ann, name="zqx of ann", training=training, algorithm="linear", rows=[]
    )
    channel = Channel.objects.create(owner=ann, method="webhook", url="https://example.org/")
    return {
        "accounts": channel,
        "notifications": channel,
        "datasets": dataset,
        "training": training,
        "predictions": prediction,
        "downloads": download,
        "categories": Category.objects.create(owner=ann, name="films of ann"),
    }
