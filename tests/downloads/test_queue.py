"""The order of the queue, and limits: rules, pages, API, and the rates of real torrents."""

import os
import re
import time
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from downloads.models.download import Download
from downloads.models.speed_plan import PersonSpeed, SpeedPlan
from downloads.rate_limits import Speed, Speeds, share_out, tightest
from downloads.sync.rows import Rows
from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.status import Status
from tests.factories import a_download
from tests.support.torrent_peers import Client, seeder
from tests.support.users import permit

MIB = 2**20


def test_the_tightest_limit_is_the_smallest_that_is_one() -> None:
    assert tightest(0, 0) == 0
    assert tightest(0, 7, 5) == 5


def test_who_uses_little_leaves_the_rest_to_the_others() -> None:
    shares = share_out(900_000, {"idle": 0, "small": 10_000, "big": 600_000})
    assert shares["small"] >= 10_000
    assert shares["big"] > 600_000
    assert sum(shares.values()) <= 900_000
    assert share_out(900_000, {"a": 10**6, "b": 10**6}) == {"a": 450_000, "b": 450_000}
    assert share_out(100, {}) == {}


def order(owner) -> str:
    wanted = Rows(Worker.of_this_process("downloads")).wanted()
    rows = Download.objects.filter(owner=owner, status=Status.RUNNING)
    return "".join(row.name for row in sorted(rows, key=lambda row: wanted[row.info_hash].rank))


@pytest.fixture
def line(ann) -> dict[str, Download]:
    """Three waiting downloads of one person."""
    made = {}
    for number, name in enumerate("abc", start=1):
        made[name] = a_download(ann, f"{number:040x}")
        Download.objects.filter(pk=made[name].pk).update(name=name)
    return made


@pytest.mark.parametrize(
    ("name", "to", "then"),
    [
        ("c", "up", "acb"),
        ("a", "down", "bac"),
        ("c", "first", "cab"),
        ("a", "last", "bca"),
        ("a", "up", "abc"),
        ("c", "down", "abc"),
    ],
)
def test_a_button_moves_it_in_the_queue(client, ann, line, name, to, then) -> None:
    client.force_login(ann)
    client.post("/downloads/bulk/", {"ids": line[name].pk, "action": to})
    assert order(ann) == then


def test_the_api_moves_sets_priority_and_refuses_what_is_finished(client, ann, line) -> None:
    _, secret = ApiToken.objects.create(ann)
    key = {"Authorization": f"Bearer {secret}"}

    def post(name: str, verb: str, **data):
        path = f"/api/v1/downloads/{line[name].pk}/{verb}/"
        return client.post(path, data, content_type="application/json", headers=key)

    assert post("c", "move", to="first").status_code == 202
    assert post("c", "move", to="sideways").status_code == 400
    answer = post("b", "limits", priority=5, down_kb=100)
    assert (answer.json()["priority"], answer.json()["down_kb"]) == (5, 100)
    assert post("b", "limits", down_kb=-1).status_code == 400
    assert order(ann) == "bca"
    Download.objects.filter(pk=line["a"].pk).transition(Status.CANCELLED)
    assert post("a", "move", to="up").status_code == 409


def test_a_download_is_started_past_the_queue_by_button_api_and_bulk(client, ann, line) -> None:
    client.force_login(ann)
    job = line["c"]
    assert "Force start" in client.get(job.get_absolute_url()).content.decode()
    job.pause()
    client.post("/downloads/bulk/", {"ids": job.pk, "action": "force"})
    job.refresh_from_db()
    assert (job.status, job.forced) == ("queued", True), "it goes on from a pause, too"
    assert "Force start" not in client.get(job.get_absolute_url()).content.decode()
    wanted = Rows(Worker.of_this_process("downloads")).wanted()
    assert [one.forced for one in sorted(wanted.values(), key=lambda one: one.rank)] == [
        *(False, False, True)
    ]
    _, secret = ApiToken.objects.create(ann)
    key = {"Authorization": f"Bearer {secret}"}
    words: Any = {"content_type": "application/json", "headers": key}
    path = "/api/v1/downloads/"
    assert client.patch(f"{path}{job.pk}/", {"forced": False}, **words).json()["forced"] is False
    done = client.post(f"{path}bulk/", {"action": "force", "filter": ""}, **words).json()
    assert done["detail"] == "3 of 3 downloads started past the queue."
    Download.objects.filter(pk=job.pk).transition(Status.CANCELLED)
    form = {"ids": job.pk, "action": "force"}
    assert "does not allow it" in client.post("/downloads/bulk/", form, follow=True).text


def test_people_take_turns_and_priority_goes_first(ann, bob, line) -> None:
    a_download(bob, "d" * 40)
    urgent = a_download(ann, "e" * 40)
    urgent.limit(priority=1)
    wanted = Rows(Worker.of_this_process("downloads")).wanted()
    ranked = sorted(wanted, key=lambda key: (wanted[key].rank, key))
    assert ranked[0] == "e" * 40
    assert "d" * 40 in ranked[1:3]


def test_a_change_is_noticed_at_once(ann, line) -> None:
    engine_rows = Rows(Worker.of_this_process("downloads"))
    engine_rows.wanted()
    engine_rows.is_behind()
    assert not engine_rows.is_behind()
    line["a"].limit(down_kb=50)
    assert engine_rows.is_behind()
    assert engine_rows.wanted()[line["a"].info_hash].speed == Speed(down=50 * 1024)
    assert not engine_rows.is_behind()


def test_limits_of_one_download_are_set_on_a_page(client, ann, line) -> None:
    client.force_login(ann)
    path = f"/downloads/{line['a'].pk}/options/"
    assert "Most down" in client.get(path).content.decode()
    client.post(path, {"name": "a", "priority": 3, "down_kb": 200, "up_kb": 10})
    job = Download.objects.get(pk=line["a"].pk)
    assert (job.priority, job.down_kb, job.up_kb) == (3, 200, 10)
    assert "greater than or equal" in client.post(path, {"down_kb": -1}).content.decode()


def test_staff_tick_the_slow_hours_and_others_do_not_know_the_page(client, ann, settings) -> None:
    settings.DOWNLOAD_MAX_DOWN_KB = 700
    client.force_login(ann)
    assert client.get("/downloads/speed/").status_code == 404
    staff = get_user_model().objects.create_user("staff")
    client.force_login(permit(staff, "change", SpeedPlan))
    assert 'value="700"' in client.get("/downloads/speed/").content.decode()
    rates = {"down_kb": 900, "up_kb": 0, "slow_down_kb": 100, "slow_up_kb": 10}
    client.post("/downloads/speed/", {**rates, "slow": ["0", "25"]})
    plan = SpeedPlan.current()
    monday = datetime(2026, 11, 16, 0, 30)
    assert plan.speed_at(monday) == Speed(100 * 1024, 10 * 1024)
    assert plan.speed_at(monday.replace(hour=1)) == Speed(900 * 1024)
    assert plan.speed_at(monday.replace(day=17, hour=1)) == Speed(100 * 1024, 10 * 1024)
    page = client.get("/downloads/speed/").content.decode()
    assert len(re.findall(r'name="slow"[^>]*checked', page)) == 2
    client.post("/downloads/speed/", rates)
    assert SpeedPlan.objects.count() == 1
    assert not SpeedPlan.current().is_slow(monday)


def test_a_persons_limit_reaches_the_engine(ann) -> None:
    PersonSpeed.objects.create(user=ann, down_kb=100)
    speeds = Rows(Worker.of_this_process("downloads")).speeds()
    assert speeds == Speeds(Speed(), {str(ann.pk): Speed(down=100 * 1024)})


@pytest.mark.swarm
@pytest.mark.parametrize("whose", ["everything", "owner", "torrent"])
def test_a_limit_holds_and_its_end_is_felt(tmp_path, whose: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("a", "b"):
        (source / f"{name}.bin").write_bytes(os.urandom(6 * MIB))
    limit = Speed(down=MIB // (2 if whose == "torrent" else 1))
    mine = Client(tmp_path / "client")
    try:
        with seeder(source, "--each") as torrents:
            if whose == "everything":
                mine.reconciler.limit(Speeds(limit))
            if whose == "owner":
                mine.reconciler.limit(Speeds(owners={"ann": limit}))
            speed = limit if whose == "torrent" else Speed()
            mine.want(*(one.link for one in torrents), owner="ann", speed=speed)
            began = time.monotonic()
            mine.until(lambda me: sum(one.done for one in me.seen.values()) > 4 * MIB)
            # 4 MiB at 1 MiB/s, of which the first second is a burst.
            assert time.monotonic() - began > 2
            mine.reconciler.limit(Speeds())
            mine.want(*(one.link for one in torrents), owner="ann", speed=Speed())
            mine.finish(*(one.info_hash for one in torrents))
    finally:
        mine.reconciler.stop(3)
