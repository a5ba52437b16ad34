"""Every algorithm on every problem: fits messy columns, and survives its file unchanged."""

import io
import pickle
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from training.algorithms import model_file
from training.algorithms.catalogue import ALGORITHMS, chosen
from training.evaluation.scoring import predict
from training.modelling.preprocessing import make_pipeline_for, make_plan
from training.problem.problem_type import TargetError
from training.tables.schema import Column

ROWS = 240


@pytest.fixture(scope="module")
def messy() -> tuple[pd.DataFrame, list[Column]]:
    """One column of each kind, with gaps, and names that are a nuisance."""
    chance = np.random.default_rng(0)
    number = chance.normal(size=ROWS)
    number[::7] = np.nan
    frame = pd.DataFrame(
        {
            "$\\frac{$": number,
            "few <b>": pd.Categorical(chance.choice(["a", "b", None], ROWS)),
            "many": pd.Categorical(chance.choice([f"m{n}" for n in range(60)], ROWS)),
            "crowded": pd.Categorical(chance.choice([f"c{n}" for n in range(400)], ROWS)),
            "day": pd.to_datetime("2024-01-01")
            + pd.to_timedelta(chance.integers(0, 900, ROWS), unit="D"),
            "words": pd.array(
                chance.choice(["one small thing", "two big things", None], ROWS), dtype="str"
            ),
            "nothing": np.full(ROWS, np.nan),
        }
    )
    kinds = ["number", "category", "category", "category", "date", "text", "number"]
    distinct = [200, 2, 60, 300, 200, 2, 0]
    return frame, [
        Column(name, kind, distinct=count)
        for name, kind, count in zip(frame.columns, kinds, distinct, strict=True)
    ]


def answers(problem: str, frame: pd.DataFrame) -> np.ndarray:
    base = frame.iloc[:, 0].fillna(0).to_numpy()
    if problem == "regression":
        return base * 3 + 1
    words = np.array(["no", "yes"] if problem == "binary" else ["p", "q", "r"], dtype=object)
    return words[np.digitize(base, [0.2] if problem == "binary" else [-0.5, 0.5])]


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("key", ALGORITHMS)
def test_a_model_is_the_same_after_its_file(key, problem, messy, tmp_path):
    frame, columns = messy
    plan = make_plan(columns)[0].of_filled(frame)
    truth = answers(problem, frame)
    classes = () if problem == "regression" else tuple(sorted(set(truth)))
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make_pipeline_for(ALGORITHMS[key], plan, problem, ROWS, len(classes), 0)
        model.fit(frame, truth)
        model_file.save(model, tmp_path / "model.skops")
        again = model_file.load(tmp_path / "model.skops")
        before = predict(model, frame, classes)
        strange = frame.assign(many=pd.Categorical(["never seen"] * ROWS))
        assert np.array_equal(before, predict(again, frame, classes))
        assert np.isfinite(predict(again, strange, classes)).all()
    if classes:
        assert np.allclose(before.sum(axis=1), 1)


def test_a_model_file_is_deflated_and_no_pickle(messy, tmp_path):
    frame, columns = messy
    plan = make_plan(columns)[0].of_filled(frame)
    model = make_pipeline_for(ALGORITHMS["tree"], plan, "regression", ROWS, 0, 0)
    model.fit(frame, answers("regression", frame))
    path = tmp_path / "model.skops"
    model_file.save(model, path)
    with zipfile.ZipFile(path) as archive:
        assert "schema.json" in archive.namelist()
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        assert not any(name.endswith((".pkl", ".pickle")) for name in archive.namelist())


def test_a_type_that_is_not_on_the_list_is_refused(tmp_path):
    path = tmp_path / "model.skops"
    skops.io.dump(FunctionTransformer(func=io.open_code), path)
    with pytest.raises(model_file.ModelFileError, match="It was not opened"):
        model_file.load(path)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"PK\x05\x06" + bytes(18), pickle.dumps(LogisticRegression())]
)
def test_what_is_no_model_file_is_refused(tmp_path, data):
    path = tmp_path / "model.skops"
    path.write_bytes(data)
    with pytest.raises(model_file.ModelFileError, match="not a model file"):
        model_file.load(path)


def test_columns_that_say_nothing_are_left_out_with_a_sentence():
    columns = [
        Column("key", "number", distinct=90, hints=("id",)),
        Column("same", "category", distinct=1, hints=("constant",)),
        Column("x", "number", distinct=9),
    ]
    plan, warnings_ = make_plan(columns)
    assert plan.features == ("x",)
    assert len(warnings_) == 2
    with pytest.raises(TargetError, match="no column left to learn from"):
        make_plan(columns[:2])


def test_the_baseline_always_runs_and_an_unknown_key_is_named():
    assert [entry.key for entry in chosen(["svm", "linear"])] == ["baseline", "linear", "svm"]
    with pytest.raises(ValueError, match="no algorithm named “magic”"):
        chosen(["magic"])
