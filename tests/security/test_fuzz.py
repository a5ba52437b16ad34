"""The API tried from its own schema: whatever is sent, the answer is no server error."""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings

from downloads.models.download import Download
from jobsite.jobs.models.api_token import ApiToken
from tests.support.waiting import PATIENCE
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

pytestmark = [pytest.mark.tree, pytest.mark.timeout(3600)]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
SEED = int(os.environ.get("FUZZ_SEED", "20"))


@pytest.fixture
def belongings(site, owner, tmp_path, settings_of_site):
    """Something of each kind, made anew where a call has deleted it."""
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{n * n % 7},{n % 2}\n" for n in range(30)))

    def of(path: str) -> str:
        if "/downloads/" in path:
            known, _ = Download.objects.get_or_create(
                owner=owner,
                info_hash="a" * 40,
                delete_requested=False,
                defaults={"name": "d", "link": f"magnet:?xt=urn:btih:{'a' * 40}"},
            )
            return str(known.pk)
        dataset = Dataset.objects.filter(owner=owner).first() or Dataset.copy(table, owner, {})
        if "/datasets/" in path:
            return str(dataset.pk)
        job = TrainingJob.objects.filter(owner=owner, delete_requested=False).first()
        job = job or TrainingJob.objects.create(owner=owner, name="t", dataset=dataset, target="y")
        return str(job.pk)

    yield of
    for job in [*TrainingJob.objects.filter(owner=owner), *Download.objects.filter(owner=owner)]:
        job.request_delete()


@pytest.fixture
def settings_of_site(site, settings):
    """Files go where the site looks for them."""
    settings.DATA_DIR = site.folder / "data"


def test_no_call_is_answered_with_a_server_error(site, owner, belongings):
    address = f"{site.url}/api/v1/schema/?format=json"
    schema = schemathesis.openapi.from_url(address, timeout=PATIENCE)
    token = ApiToken.make(owner, "fuzz")
    tried, kept = 0, 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @seed(SEED)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def call(case):
            nonlocal tried, kept
            if "id" in (case.path_parameters or {}):
                case.path_parameters["id"] = belongings(case.path)
            headers = {"Authorization": f"Bearer {token}"}
            answer = case.call(headers=headers, timeout=PATIENCE)
            shown = f"{case.method} {case.path} {case.body!r}: {answer.status_code}"
            assert answer.status_code < 500, shown
            assert answer.status_code != 401, shown
            tried += 1
            kept += answer.status_code < 300

        call()
    assert tried > 100
    assert kept > 20, "the calls must get past the validation, too"
