"""What is noticed in a table before training, each thing in a sentence."""

import random
from pathlib import Path

import pytest

from training.modelling.data_checks import check_table
from training.modelling.task import make_learning_task
from training.problem.column_roles import Roles
from training.reading.reader import read
from training.tables.preview import HEAD_BYTES, preview

chance = random.Random(1)
NOISE = [
    (f"{chance.gauss(0, 1):.4f}", f"{chance.gauss(5, 2):.4f}", chance.choice(["yes", "no"]))
    for _ in range(200)
]


def found(folder: Path, header: str, rows: list[str], target: str, **roles: str) -> str:
    data = "\n".join([header, *rows, ""]).encode()
    (folder / "table.csv").write_bytes(data)
    seen = preview(data[:HEAD_BYTES], len(data))
    table = read(folder / "table.csv", seen.dialect, seen.columns)
    chosen = Roles(**roles)
    return " ".join(
        check_table(make_learning_task(table.frame, table.columns, target, roles=chosen), chosen)
    )


def test_a_table_without_oddities_has_no_notice(tmp_path):
    assert found(tmp_path, "a,b,y", [",".join(row) for row in NOISE], "y") == ""


PLANTED = {
    "repeated rows": ("a,b,y", "{half},{half},{odd}", "repeat"),
    "repeated columns": ("a,b,y", "{a},{a},{y}", "the same as “a”"),
    "mostly missing": ("a,b,y", "{a},{sometimes},{y}", "in 75 %"),
    "a copied target": ("a,b,y", "{a},{y}!,{y}", "“b” alone decides “y”"),
    "a rare class": ("a,b,y", "{a},{b},{rare}", "Only 5.0 %"),
    "dates": ("a,day,y", "{a},2024-01-{day:02},{y}", "role “time”"),
    "entities": ("a,client_id,y", "{a},K{client},{y}", "role “group”"),
    "many classes": ("a,b,y", "{a},{b},c{class_}", "fewer than 10 rows a class"),
}


def planted(n: int, pattern: str) -> str:
    a, b, y = NOISE[n]
    return pattern.format(
        a=a,
        b=b,
        y=y,
        half=n // 2,
        odd="yn"[n // 2 % 2],
        sometimes=b if n % 4 == 0 else "",
        rare="no" if n % 20 else "yes",
        day=n % 28 + 1,
        client=n % 50,
        class_=n % 25,
    )


@pytest.mark.parametrize("case", PLANTED)
def test_what_is_planted_is_noticed(tmp_path, case):
    header, pattern, said = PLANTED[case]
    rows = [planted(n, pattern) for n in range(len(NOISE))]
    assert said in found(tmp_path, header, rows, "y")


def test_a_number_that_gives_a_number_away_is_noticed(tmp_path):
    rows = [f"{a},{float(b) * 3:.3f},{b}" for a, b, _ in NOISE]
    assert "“b” alone decides “price”" in found(tmp_path, "a,b,price", rows, "price")


def test_what_has_a_role_is_not_offered_again(tmp_path):
    rows = [f"{a},K{n % 50},2024-01-{n % 28 + 1:02},{y}" for n, (a, _, y) in enumerate(NOISE)]
    said = found(tmp_path, "a,client_id,day,y", rows, "y", group="client_id", time="day")
    assert "role" not in said
