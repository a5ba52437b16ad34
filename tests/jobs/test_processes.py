"""What a process has started is found, with the help of Linux and without."""

import subprocess
import sys
from pathlib import Path

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
