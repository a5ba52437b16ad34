"""What a drill does in its child process."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

from jobsite.jobs.execution.outcome import JobFailed


def run(job, report):
    """Carry out the script; the result holds the process ids."""
    helpers = []
    for name, value in job.script:
        if name == "sleep":
            report.stopping.wait(value) if job.stop_grace else time.sleep(value)
        elif name == "await":
            while not Path(value).exists():
                time.sleep(0.1)
        elif name == "progress":
            report.progress(value, f"at {value}")
        elif name == "event":
            report.event(value)
        elif name == "board":
            report.update(board=value, status="succeeded")  # `status` is not reportable
        elif name == "write":
            (report.directory / value).write_text(f"attempt {job.attempt}")
        elif name == "fail":
            raise JobFailed(value)
        elif name == "raise":
            raise KeyError(value)
        elif name == "die":
            os.kill(os.getpid(), value)
        elif name == "exit":
            os._exit(value)
        elif name == "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        elif name == "memory":
            helpers.append(bytearray(os.urandom(2**20) * value))
        elif name == "helper":
            code = f"import time; time.sleep({value})"
            helpers.append(subprocess.Popen([sys.executable, "-c", code]))
            report.update(board={"helper": helpers[-1].pid, "child": os.getpid()})
        elif name == "fill":
            with (report.directory / "large").open("wb") as file:
                for _ in range(value):
                    file.write(bytes(2**20))
        elif name == "surroundings":
            limits = {key: resource.getrlimit(getattr(resource, key)) for key in value}
            report.update(board={"environment": dict(os.environ), "limits": limits})
        elif name == "saved":
            report.update(board={"saved": report.stopping.is_set()})
    return {"pid": os.getpid(), "attempt": job.attempt, "nan": float("nan")}
