"""The API of training: addresses, statuses and documents that scripts rely on."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.status import Status
from tests.support.training_tables import flowers
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]


def client(user) -> APIClient:
    _, secret = ApiToken.objects.create(user, name="test")
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return api


@pytest.fixture
def api(ann) -> APIClient:
    return client(ann)


def send(api: APIClient, data: bytes, **fields):
    file = SimpleUploadedFile("table.csv", data)
    return api.post("/api/v1/datasets/", {"file": file, **fields}, format="multipart")


@pytest.fixture
def dataset(api) -> str:
    return send(api, flowers()).json()["id"]


def ask(api: APIClient, dataset: str, **fields):
    data = {"dataset": dataset, "target": "kind", **fields}
    return api.post("/api/v1/training/", data, format="json")


def test_a_table_is_201_with_its_columns(api):
    answer = send(api, flowers())
    assert answer.status_code == 201
    table = answer.json()
    assert table["name"] == "table.csv"
    assert table["rows"] == 120
    assert table["warnings"] == []
    assert table["columns"][0].keys() >= {"name", "kind", "missing", "left_out"}
    assert table["proposed_target"] == {"name": "kind", "reason": "it is the last column"}
    kinds = [column["kind"] for column in table["columns"]]
    assert kinds == ["number", "number", "category", "date", "text", "category"]


def test_each_column_comes_with_the_spread_of_its_values(api):
    columns = {c["name"]: c for c in send(api, flowers()).json()["columns"]}
    kinds = columns["kind"]
    assert kinds["distribution"] == [{"value": name, "count": 40} for name in "abc"]
    assert (kinds["distinct"], kinds["others"]) == (3, 0)
    width = columns["width"]
    assert sum(bar["count"] for bar in width["distribution"]) + width["missing"] == 120
    assert len(columns["note"]["distribution"]) == 6
    assert columns["note"]["others"] == 114


def test_rows_of_a_long_table_are_not_known_yet(api):
    assert send(api, b"a,b\n" + b"1.5,2\n" * 60_000).json()["rows"] is None


def test_a_bad_table_is_400_with_the_reason(api):
    answer = send(api, b"a,b\n")
    assert answer.status_code == 400
    assert "no rows" in answer.json()["file"][0]
    assert api.post("/api/v1/datasets/", {}, format="multipart").status_code == 400
    assert send(api, flowers(), encoding="klingon").json().keys() == {"encoding"}


def test_a_table_past_the_limit_is_413(api, settings):
    settings.TRAINING_UPLOAD_MB = 1
    answer = send(api, b"a,b\n" + b"1,2\n" * 400_000)
    assert answer.status_code == 413
    assert "larger than 1 MB" in answer.json()["detail"]


def test_a_training_is_202_with_its_place(api, dataset):
    answer = ask(api, dataset, algorithms=["linear"], time_limit=60, seed=3, metric="accuracy")
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["Location"].endswith(f"/api/v1/training/{job['id']}/")
    assert job["status"] == "queued"
    assert job["kind"] == "training"
    assert job["algorithms"] == ["baseline", "linear"]
    assert job["metric"] == "accuracy"
    detail = api.get(answer.headers["Location"]).json()
    assert {"progress", "message", "attempt", "created_at", "started_at", "error"} <= set(detail)


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"target": "nothing"}, "target", "no column named “nothing”"),
        ({"target": "picked"}, "target", "holds dates"),
        ({"algorithms": ["magic"]}, "algorithms", "not a valid choice"),
        ({"algorithms": []}, "algorithms", "may not be empty"),
        ({"time_limit": 1}, "time_limit", "greater than or equal to 10"),
        ({"seed": -1}, "seed", "greater than or equal to 0"),
        ({"dataset": "x"}, "dataset", "valid UUID"),
        ({"target": ""}, "target", "ask for the problem “clustering”"),
        ({"target": ["kind", "soil"]}, "target", "one target"),
        ({"target": "kind, soil"}, "target", "names 2 targets"),
        ({"problem": "clustering"}, "target", "without a target"),
        ({"target": None, "problem": "clustering", "algorithms": ["tree"]}, "algorithms", "k-mean"),
        ({"problem": "regression"}, "target", "holds text"),
        ({"metric": "magic"}, "metric", "not a valid choice"),
        ({"metric": "f1"}, "metric", "F1 does not measure several classes. Here fit: Log loss"),
    ],
)
def test_a_bad_wish_is_400_by_field(api, dataset, fields, field, said):
    answer = ask(api, fields.pop("dataset", dataset), **fields)
    assert answer.status_code == 400
    assert said in str(answer.json()[field])
    assert not TrainingJob.objects.exists()


def test_another_persons_things_are_404(api, dataset, bob):
    job = ask(api, dataset).json()["id"]
    stranger = client(bob)
    assert ask(stranger, dataset).status_code == 404
    assert ask(api, str(uuid.uuid4())).status_code == 404
    for place in ("", "result/", "models/tree/", "plots/tree-roc.svg/"):
        assert stranger.get(f"/api/v1/training/{job}/{place}").status_code == 404
    assert stranger.post(f"/api/v1/training/{job}/cancel/").status_code == 404
    assert stranger.delete(f"/api/v1/training/{job}/").status_code == 404
    assert stranger.get(f"/api/v1/datasets/{dataset}/").status_code == 404
    assert stranger.get("/api/v1/training/").json()["count"] == 0


def test_no_token_is_401_and_a_wrong_method_405(api, dataset):
    assert APIClient().get("/api/v1/training/").status_code == 401
    assert APIClient().post("/api/v1/datasets/").status_code == 401
    assert api.put("/api/v1/training/").status_code == 405


def test_the_result_waits_and_then_has_addresses(api, dataset):
    job = TrainingJob.objects.get(pk=ask(api, dataset).json()["id"])
    place = f"/api/v1/training/{job.pk}/"
    waiting = api.get(f"{place}result/")
    assert waiting.status_code == 202
    assert waiting.headers["Retry-After"]
    result = {
        "problem": "binary",
        "leaderboard": [{"algorithm": "tree", "model": "tree.skops"}],
        "plots": [{"algorithm": "tree", "name": "roc", "file": "tree-roc.svg"}],
    }
    TrainingJob.objects.update(status=Status.SUCCEEDED, finished_at=timezone.now(), result=result)
    job.artifacts.mkdir(parents=True)
    (job.artifacts / "tree.skops").write_bytes(b"model")
    (job.artifacts / "tree-roc.svg").write_text("<svg/>")
    found = api.get(f"{place}result/")
    assert found.status_code == 200
    assert api.get(found.json()["plots"][0]["url"]).getvalue() == b"<svg/>"
    assert api.get(found.json()["models"]["tree"]).getvalue() == b"model"
    assert api.get(f"{place}models/svm/").status_code == 404


def test_what_a_training_has_made_is_there_as_soon_as_it_says_so(api, dataset):
    """Its worker publishes the files a moment after the row."""
    pk = ask(api, dataset).json()["id"]
    job = TrainingJob.objects.filter(pk=pk)
    job.update(status=Status.SUCCEEDED, finished_at=timezone.now(), attempt=1, result={})
    job.get().draft.mkdir(parents=True)
    (job.get().draft / "tree.skops").write_bytes(b"model")
    assert api.get(f"/api/v1/training/{pk}/").json()["status"] == "succeeded"
    assert api.get(f"/api/v1/training/{pk}/models/tree/").getvalue() == b"model"


def test_cancel_retry_and_delete(api, dataset):
    place = f"/api/v1/training/{ask(api, dataset).json()['id']}/"
    assert api.post(f"{place}retry/").status_code == 409
    assert api.post(f"{place}cancel/").json()["status"] == "cancelled"
    assert api.get(f"{place}result/").status_code == 409
    assert api.delete(f"/api/v1/datasets/{dataset}/").status_code == 409
    assert api.post(f"{place}retry/").status_code == 202
    assert api.delete(place).status_code == 204
    assert api.get(place).status_code == 404


def test_a_table_can_be_deleted(api, dataset):
    assert api.delete(f"/api/v1/datasets/{dataset}/").status_code == 204
    assert not Dataset.objects.exists()


def change(api: APIClient, dataset: str, **data):
    return api.patch(f"/api/v1/datasets/{dataset}/", data, format="json")


def test_a_table_is_renamed_and_its_columns_get_kinds_and_roles(api, dataset):
    wanted = {"soil": {"role": "group"}, "picked": {"role": "time"}, "note": {"role": "ignore"}}
    answer = change(api, dataset, name="Flowers", columns={**wanted, "width": {"kind": "category"}})
    assert answer.status_code == 200
    table = answer.json()
    assert table["name"] == "Flowers"
    assert table["roles"] == {"soil": "group", "picked": "time", "note": "ignore"}
    assert table["columns"][0]["kind"] == "category"
    again = change(api, dataset, columns={"kind": {"role": "target"}, "note": {"role": "feature"}})
    assert again.json()["roles"] == {"soil": "group", "picked": "time", "kind": "target"}
    job = TrainingJob.objects.get(pk=ask(api, dataset).json()["id"])
    assert (job.options["group"], job.options["time"]) == ("soil", "picked")
    assert job.options["kinds"] == {"width": "category"}
    refused = api.delete(f"/api/v1/datasets/{dataset}/")
    assert refused.status_code == 409
    assert "One training uses “Flowers”: “kind from Flowers”" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"street": {"role": "ignore"}}, "no column named “street”"),
        ({"soil": {"role": "king"}}, "“king” is no role"),
        ({"soil": {"kind": "colour"}}, "“colour” is no kind"),
        ({"soil": {"size": "2"}}, "“size” of “soil” cannot be set"),
        ({"soil": {"role": "time"}}, "chosen as the time"),
        ({"soil": "time"}, "Expected a dictionary"),
    ],
)
def test_what_does_not_fit_a_column_is_400_and_changes_nothing(api, dataset, columns, said):
    answer = change(api, dataset, name="Other", columns=columns)
    assert answer.status_code == 400
    assert said in str(answer.json()["columns"])
    assert Dataset.objects.get(pk=dataset).name == "table.csv"


def test_the_file_of_a_table_comes_back_as_it_is_kept(api, dataset, bob):
    place = f"/api/v1/datasets/{dataset}/file/"
    answer = api.get(place)
    assert b"".join(answer.streaming_content) == flowers()
    assert "attachment" in answer.headers["Content-Disposition"]
    assert client(bob).get(place).status_code == 404
    assert client(bob).patch(f"/api/v1/datasets/{dataset}/", {}, format="json").status_code == 404
