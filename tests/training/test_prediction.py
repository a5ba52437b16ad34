"""Rows that a model has not seen: what does not fit is said, and the answers come out safe."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from jobsite.jobs import formats
from jobsite.jobs.execution.outcome import JobFailed
from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.status import Status
from tests.support.training_runs import report
from tests.support.training_tables import flowers, houses
from training.models.dataset import Dataset
from training.models.prediction import Prediction, answer_text
from training.models.training_job import TrainingJob
from training.results.formulas import guarded, guarded_lines
from training.tasks import predict, train

pytestmark = pytest.mark.django_db
ROWS = "soil,height,width,picked,note\n"


_TRAINED: dict[str, tuple[Path, dict]] = {}


def trained(factory, owner, folder: Path, data: bytes, target: str, **told) -> TrainingJob:
    """A training that is over; each target is really trained once, and copied from then on."""
    (folder / "sent.csv").write_bytes(data)
    dataset = Dataset.copy(folder / "sent.csv", owner, told)
    job = TrainingJob.of(dataset, target, ["tree"], folds=2)
    if target not in _TRAINED:
        result = train.run(job, report(job.draft))
        kept = factory.mktemp("trained") / "result"
        _TRAINED[target] = (shutil.copytree(job.draft, kept), json.loads(json.dumps(result)))
    artifacts, job.result = _TRAINED[target]
    shutil.copytree(artifacts, job.artifacts)
    job.status, job.finished_at = Status.SUCCEEDED, timezone.now()
    job.save(force_insert=True)
    return job


@pytest.fixture
def garden(tmp_path_factory, ann, folder) -> TrainingJob:
    return trained(tmp_path_factory, ann, folder, flowers(150), "kind")


def page(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def carried_out(job: Prediction) -> dict:
    result = predict.run(job, report(job.draft))
    job.publish()
    return json.loads(json.dumps(result))


def of_file(training: TrainingJob, text: str, folder: Path, **told) -> dict:
    path = folder / "rows-sent.csv"
    path.write_text(text)
    upload = SimpleUploadedFile("rows.csv", b"")
    upload.temporary_file_path = lambda: str(path)
    return carried_out(Prediction.receive(training, "tree", upload, told))


def sentences(result: dict, what: str) -> list[str]:
    return [finding["sentence"] for finding in result["findings"] if finding["what"] == what]


def answers(job: TrainingJob) -> list[dict]:
    made = Prediction.objects.count()
    assert not made
    path = next(job.artifacts.parent.parent.parent.glob("prediction/*/result/predictions.csv"))
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_form_is_made_from_the_columns_and_answered(garden, ann):
    client = page(ann)
    address = reverse("training:predict", args=[garden.pk])
    text = client.get(address).content.decode()
    assert ">soil<" in text.replace("\n", "").replace(" ", "")
    assert '<option value="peat"' in text
    assert "in training" in text
    form = {"algorithm": "tree", "c0": "4.1", "c1": "8", "c2": "clay", "c3": "2024-05-01"}
    answer = client.post(address, form)
    job = Prediction.objects.get()
    assert answer.headers["Location"] == job.get_absolute_url()
    result = carried_out(job)
    assert result["predictions"][0]["answer"] == "c"
    assert sum(result["predictions"][0]["probabilities"].values()) == pytest.approx(1)
    Prediction.objects.update(status=Status.SUCCEEDED, finished_at=timezone.now(), result=result)
    shown = client.get(job.get_absolute_url()).content.decode()
    assert "kind: c" in shown
    assert client.get(reverse("prediction:list")).status_code == 200
    file = client.get(reverse("prediction:file", args=[job.pk]))
    assert "attachment" in file.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"c0": "wide"}, "“wide” is no number"),
        ({"c3": "tomorrow"}, "“tomorrow” is no date"),
        ({"c2": "moss"}, "moss is not one of the available choices"),
        ({"algorithm": "magic"}, "magic is not one of the available choices"),
    ],
)
def test_a_cell_that_cannot_be_read_is_said_beside_its_field(garden, ann, cells, said):
    address = reverse("training:predict", args=[garden.pk])
    text = page(ann).post(address, {"algorithm": "tree", **cells}).content.decode()
    assert said in text
    assert not Prediction.objects.exists()


def test_columns_in_any_order_are_found_and_others_named(garden, folder):
    text = "shop,soil,height,picked,width,note\nA,clay,8,2024-05-01,4.1,x 1\n"
    result = of_file(garden, text, folder)
    assert result["predictions"][0]["answer"] == "c"
    assert sentences(result, "extra") == ["“shop” was not used by the model."]


def test_a_missing_column_is_named(garden, folder):
    result = of_file(garden, "soil,width,note\nclay,4.1,x\nsand,1,y\n", folder)
    assert "“height” and “picked” are not in the file" in sentences(result, "absent")[0]


def test_rows_of_another_table_are_refused_with_both_sets_of_names(garden, folder):
    with pytest.raises(JobFailed, match=r"lack 4 of the 5 columns.*“height”.*They have “town”"):
        of_file(garden, "town,soil\nBonn,clay\nCork,sand\n", folder)


def test_what_the_model_has_never_seen_is_counted(garden, folder):
    rows = "clay,8,4.1,2024-05-01,x\nmoss,8,4.1,2024-05-02,x\nmoss,n/k,999,someday,x\n"
    result = of_file(garden, ROWS + rows, folder)
    assert "2 of 3 cells hold “moss”" in sentences(result, "unseen")[0]
    assert any("“n/k” in row 3" in text for text in sentences(result, "unreadable"))
    assert any("“someday” in row 3" in text for text in sentences(result, "unreadable"))
    assert "1 of 3 numbers lie outside" in sentences(result, "outside")[0]
    assert result["rows"] == 3


def test_an_empty_cell_where_training_had_none_is_said(garden, folder):
    result = of_file(garden, ROWS + "clay,,4.1,2024-05-01,x\nsand,8,1,2024-05-01,x\n", folder)
    assert "has no value in 1 of 2 rows" in sentences(result, "empty")[0]


def test_cells_come_back_as_sent_and_guarded_for_a_spreadsheet_if_asked(garden, folder):
    hostile = '"=HYPERLINK(""http://x"")"'
    rows = f"clay,8,4.1,2024-05-01,{hostile}\nsand,8,-3,2024-05-01,@SUM(A1)\n"
    of_file(garden, ROWS + rows, folder)
    found = answers(garden)
    assert found[0]["note"].startswith("=HYPERLINK")
    assert found[1]["note"] == "@SUM(A1)"
    path = next(folder.rglob("predictions.csv"))
    safe = list(csv.DictReader(b"".join(guarded_lines(path)).decode().splitlines()))
    assert safe[0]["note"].startswith("'=HYPERLINK")
    assert safe[1]["note"] == "'@SUM(A1)"
    assert safe[1]["width"] == "-3"
    assert found[0]["predicted kind"] == "c"
    assert float(found[0]["probability of c"]) > 0.5


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd", "-a", "@x", "\tx", "  =x", "-1+cmd|' /C calc'!A0"]
)
def test_text_that_begins_like_a_formula_is_quoted(text):
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+1.5e-3", "a=b", "-1,234.5", ""])
def test_numbers_and_other_text_stay(text):
    assert guarded(text) == text


def test_a_number_is_predicted_as_one(tmp_path_factory, ann, folder):
    job = trained(tmp_path_factory, ann, folder, houses(200), "price")
    result = of_file(job, "size,rooms,town\n100;5;Bonn\n".replace(",", ";"), folder)
    assert 200 < result["predictions"][0]["answer"] < 500
    assert result["summary"].keys() == {"low", "mean", "high"}


def test_a_table_without_names_is_known_by_its_places(tmp_path_factory, ann, folder):
    data = b"\n".join(houses(100).splitlines()[1:]) + b"\n"
    job = trained(tmp_path_factory, ann, folder, data, "column 4", header=False)
    with pytest.raises(JobFailed, match="That table has 4 columns and this one 3"):
        of_file(job, "100,5,Bonn\n50,2,Ayr\n", folder, header=False)
    assert of_file(job, "100,5,Bonn,\n50,2,Ayr,\n", folder, header=False)["rows"] == 2


def test_a_model_that_is_gone_or_is_no_model_is_said(garden, folder):
    job = Prediction.of(garden, "tree", [{"width": 1, "height": 2, "soil": "clay"}])
    kept = job.model_path.read_bytes()
    job.model_path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(JobFailed, match="changed on disk"):
        predict.run(job, report(folder / "changed"))
    garden.result.pop("model_sha256")  # as trainings of earlier versions have none
    job.model_path.write_bytes(b"no model")
    with pytest.raises(JobFailed, match="is not a model file of this site"):
        predict.run(job, report(folder / "a"))
    job.model_path.unlink()
    with pytest.raises(JobFailed, match="is gone from the data folder"):
        predict.run(job, report(folder / "b"))


def api(user) -> APIClient:
    _, secret = ApiToken.objects.create(user, name="test")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_the_api_takes_rows_and_files(garden, ann, bob):
    place = f"/api/v1/training/{garden.pk}/predict/"
    client = api(ann)
    answer = client.post(place, {"rows": [{"width": 4.1, "height": None}]}, format="json")
    assert answer.status_code == 202
    assert client.get(answer.headers["Location"]).json()["algorithm"] == "tree"
    assert client.get(f"{answer.headers['Location']}result/").status_code == 202
    file = SimpleUploadedFile("rows.csv", (ROWS + "clay,8,4,2024-05-01,x\n").encode())
    assert client.post(place, {"file": file}, format="multipart").status_code == 202
    assert Prediction.objects.filter(rows__isnull=True).get().input_path.is_file()
    assert client.post(place, {"rows": []}, format="json").status_code == 400
    bad = client.post(place, {"rows": [{}], "algorithm": "magic"}, format="json")
    assert "There are: tree" in bad.json()["algorithm"][0]
    empty = SimpleUploadedFile("rows.csv", b"")
    refused = client.post(place, {"file": empty}, format="multipart")
    assert "file is empty" in refused.json()["file"][0]
    assert api(bob).post(place, {"rows": [{"a": 1}]}, format="json").status_code == 404
    TrainingJob.objects.update(result=None)
    assert client.post(place, {"rows": [{"a": 1}]}, format="json").status_code == 409


def test_predictions_of_another_person_are_not_there(garden, ann, bob):
    job = Prediction.of(garden, "tree", [{"width": 1}])
    job.save(force_insert=True)
    stranger = page(bob)
    for name in ("detail", "file", "delete"):
        assert stranger.get(reverse(f"prediction:{name}", args=[job.pk])).status_code == 404
    assert stranger.get(reverse("training:predict", args=[garden.pk])).status_code == 404


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such-id", "rows.csv"], "no training with the id"),
        (["{job}", "missing.csv"], "cannot be read"),
        (["{job}", "empty.csv"], "file is empty"),
        (["{job}", "rows.csv", "--model", "magic"], "There are: tree"),
        (["{job}", "rows.csv", "--output", "nowhere/out.csv"], "folder of"),
    ],
)
def test_bad_input_ends_the_command_with_2_and_a_sentence(garden, folder, capsys, words, said):
    (folder / "rows.csv").write_text(ROWS + "clay,8,4.1,2024-05-01,x\n")
    (folder / "empty.csv").write_text("")
    words = [word.format(job=garden.pk) for word in words]
    words[1] = str(folder / words[1])
    with pytest.raises(SystemExit) as ended:
        call_command("predict", *words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert not Prediction.objects.exists()


def test_predictions_go_with_their_training(garden):
    job = Prediction.of(garden, "tree", [{"width": 1}])
    job.save(force_insert=True)
    job.directory.mkdir(parents=True)
    garden.purge()
    assert not Prediction.objects.exists()
    assert not job.directory.exists()


# --- inputs, scores and what lists say ---


def briefed(job: Prediction) -> dict:
    """The result, with what the child reports for lists stored in the row."""
    heard = report(job.draft)
    told = {}
    heard.update = lambda **fields: told.update(fields)
    result = json.loads(json.dumps(predict.run(job, heard)))
    job.publish()
    job.brief = told["brief"]
    Prediction.objects.filter(pk=job.pk).update(
        status=Status.SUCCEEDED, finished_at=timezone.now(), result=result, brief=job.brief
    )
    return result


def test_rows_that_hold_the_target_get_the_measures_of_the_leaderboard(garden, folder, ann):
    rows = flowers(30).decode()
    path = folder / "rows-sent.csv"
    path.write_text(rows)
    upload = SimpleUploadedFile("rows.csv", b"")
    upload.temporary_file_path = lambda: str(path)
    job = Prediction.receive(garden, "tree", upload, {})
    job.save(force_insert=True)
    result = briefed(job)
    assert result["score"]["rows"] == 30
    assert set(result["score"]["metrics"]) == set(garden.result["leaderboard"][0]["metrics"])
    assert result["score"]["metrics"]["accuracy"] >= 0.8
    first = result["predictions"][0]
    assert first["actual"] in garden.result["classes"]
    assert set(first["inputs"]) == set(rows.splitlines()[0].split(",")) - {"kind"}
    text = page(ann).get(job.get_absolute_url()).content.decode()
    assert "Of 30 rows, “kind” is in the file" in text
    assert "Macro F1" in text
    head = text[text.index("<thead>") : text.index("</thead>")]
    assert head.index("Predicted kind") < head.index("Actual") < head.index("soil")
    api = APIClient()
    api.force_authenticate(ann)
    told = api.get(f"/api/v1/predictions/{job.pk}/result/").json()
    assert told["score"] == result["score"]


@pytest.mark.parametrize(
    ("texts", "score"),
    [
        ("", None),
        (",kind\n4.1,8,clay,2024-05-01,x,c\n", None),  # one row tells nothing
        (",kind\n4.1,8,clay,2024-05-01,x,\n4.1,8,clay,2024-05-01,x,moon\n", None),
    ],
)
def test_without_a_known_target_there_is_no_score(garden, folder, texts, score):
    text = ROWS.rstrip("\n") + (texts or "\n4.1,8,clay,2024-05-01,x\n")
    text = text.replace("soil,height,width", "height,width,soil")
    assert of_file(garden, text, folder)["score"] is score


def test_lists_show_the_answer(garden, ann):
    row = {"height": "4.1", "width": "8", "soil": "clay", "picked": "2024-05-01"}
    job = Prediction.of(garden, "tree", [row])
    job.save(force_insert=True)
    assert job.headline == "kind of 1 row"
    result = briefed(job)
    sure = max(result["predictions"][0]["probabilities"].values())
    said = f"kind: c, {formats.percent(sure)} sure"
    assert job.headline == said
    client = page(ann)
    places = ["prediction:list", "dashboard"]
    assert all(said in client.get(reverse(place)).content.decode() for place in places)
    assert said in client.get(reverse("training:predict", args=[garden.pk])).content.decode()
    assert reverse("prediction:list") in client.get(reverse("training:list")).content.decode()
    shown = client.get(job.get_absolute_url()).content.decode()
    assert shown.index(said) < shown.index("Probability") < shown.index("<dt>soil</dt>")


@pytest.mark.parametrize(
    ("brief", "text"),
    [
        ({}, ""),
        ({"target": "price", "rows": 1, "answer": 12345.678}, "price: 12,346"),
        ({"target": "y", "rows": 1, "answer": "0", "sure": 0.894}, "y: 0, 89 % sure"),
        ({"target": "y", "rows": 4, "counts": {"a": 3, "b": 1}}, "y of 4 rows: a (75 %), b (25 %)"),
        (
            {"target": "y", "rows": 2000, "low": 1.0, "mean": 2.5, "high": 4.0},
            "y of 2,000 rows: 2.5000 on average, 1.0000 to 4.0000",
        ),
    ],
)
def test_what_came_of_a_prediction_in_one_line(brief, text):
    assert answer_text(brief) == text
