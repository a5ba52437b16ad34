"""Submissions, each sent twice at once, while web workers are killed: one job for each.

Whoever gets no answer sends the same again, as a browser's reload or a script would.
"""

import http.client
import json
import os
import random
import signal
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.support.running_site import Site
from training.models.training_job import TrainingJob

pytestmark = [pytest.mark.tree, pytest.mark.timeout(3600)]

PRESSES = int(os.environ.get("CHAOS_PRESSES", "1000"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(10**6))))


def press(site: Site, token: str, body: bytes, key: str) -> str:
    """Send one submission until it is acknowledged; the job that it made."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": key,
    }
    while True:
        request = urllib.request.Request(f"{site.url}/api/v1/training/", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read())["id"]
        except urllib.error.HTTPError as error:
            assert error.code >= 500, error.read()
        except (OSError, ValueError, http.client.HTTPException):  # hung up on, half an answer
            pass
        time.sleep(0.1)


def kill_web_workers(
    site: Site, over: threading.Event, chance: random.Random, killed: list
) -> None:
    """SIGKILL for one of gunicorn's workers every now and then."""
    while not over.wait(chance.uniform(0.3, 1.5)):
        try:
            victim = chance.choice(site.parts()["web"].children())
            victim.send_signal(signal.SIGKILL)
            killed.append(victim.pid)
        except (psutil.Error, KeyError, IndexError):
            continue


def test_one_job_for_each_press_while_web_workers_are_killed(tmp_path, point_at):
    print(f"CHAOS_SEED={SEED}")
    site = Site(tmp_path, {"TRAINING_WORKERS": "1"}).start()
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(30)))
    over, killed = threading.Event(), []
    try:
        with point_at(site) as owner:
            token = site.token(owner.username)
            words = ["train", str(table), "--target", "y", "--user", owner.username, "--json"]
            first = json.loads(site.manage(*words).stdout)["id"]
            dataset = TrainingJob.objects.get(pk=first).dataset_id
            body = json.dumps({"dataset": str(dataset), "target": "y", "time_limit": 10}).encode()
            killer = threading.Thread(
                target=kill_web_workers, args=[site, over, random.Random(SEED), killed]
            )
            killer.start()
            began = time.monotonic()
            with ThreadPoolExecutor(8) as senders:
                asked = [
                    senders.submit(press, site, token, body, f"press {number}")
                    for number in range(PRESSES)
                    for _ in range(2)
                ]
                answers = [one.result() for one in asked]
            taken = time.monotonic() - began
            over.set()
            killer.join()
            pairs = set(zip(answers[::2], answers[1::2], strict=True))
            assert all(one == two for one, two in pairs), "both clicks get the same job"
            made = {str(pk) for pk in TrainingJob.objects.values_list("pk", flat=True)} - {first}
            assert made == set(answers)
            assert len(made) == PRESSES
            print(f"{PRESSES} presses, twice each, in {taken:.0f} s; {len(killed)} workers killed")
    finally:
        over.set()
        site.stop()
