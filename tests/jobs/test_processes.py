"""What a process has started is found, with the help of Linux and without."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from jobsite.jobs import processes
from tests.support.waiting import wait_until

# A thread starts a process, which starts another.
GRANDPARENT = """
import subprocess, sys, threading
parent = [sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '600'])"]
threading.Thread(target=subprocess.run, args=[parent]).start()
"""


def names_of(pid: int) -> list[str]:
    return [one.name() for one in processes.family(pid)]


@pytest.mark.parametrize("proc", [processes.PROC, Path("/nowhere")], ids=["Linux", "elsewhere"])
def test_the_family_of_a_process_is_all_that_it_started(monkeypatch, proc):
    monkeypatch.setattr(processes, "PROC", proc)
    root = subprocess.Popen([sys.executable, "-c", GRANDPARENT])
    try:
        # A process that was just forked still has the name of its parent.
        wait_until(lambda: names_of(root.pid)[::2] == ["python", "sleep"])
    finally:
        for one in processes.family(root.pid):
            one.kill()
        root.wait()
    assert processes.family(root.pid) == []


def test_a_process_that_ends_while_it_is_looked_at_has_no_children():
    gone = subprocess.Popen(["true"])
    seen = psutil.Process(gone.pid)
    gone.wait()
    assert processes.children(seen) == []


ORPHANS = """
import ctypes, os, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: as process 1, it inherits orphans
import django
django.setup()
import psutil
from jobsite.jobs.server.tree import reap_orphans
own = subprocess.Popen(["true"])
subprocess.run(["sh", "-c", "sleep 0.1 & sleep 0.1 & exit"])
me = psutil.Process()
deadline = time.monotonic() + 20
while {c.status() for c in me.children()} != {"zombie"} and time.monotonic() < deadline:
    time.sleep(0.05)
before = len(me.children())
own_status = None
while len(me.children()) and time.monotonic() < deadline:
    reap_orphans({own.pid})
    own_status = own.poll()
print(before, len(me.children()), own_status)
"""


def test_process_1_of_a_container_reaps_what_it_inherits_and_leaves_its_parts_their_status():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.support.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ORPHANS], capture_output=True, text=True, env=environment
    )
    assert done.stdout.split() == ["3", "0", "0"], done.stderr
