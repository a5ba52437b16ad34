"""`python -m jobsite.demo`: the whole site on a scratch folder, with one real job of each kind.

It only uses what any user has: the commands and the process tree. The table is one that comes
with scikit-learn; the torrent is seeded by a second process on loopback.
"""

import argparse
import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jobsite.installation import BASE_DIR

READY_WITHIN = 180.0  # seconds, on a machine that is busy
MANAGE = ("-m", "jobsite")
ALGORITHMS = ["baseline", "linear", "tree", "forest", "boosting"]
TABLE = """
import pathlib, sys
from training.sample_tables import TABLES
pathlib.Path(sys.argv[1]).write_text(TABLES["wine"].text())
"""


class DemoFailed(Exception):
    """The demo did not work; its text says what, as a sentence."""


def free_port(preferred: int) -> int:
    """Return the preferred port of 127.0.0.1, or any other that is free."""
    for port in (preferred, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise DemoFailed("No TCP port of 127.0.0.1 is free.")


class Demo:
    """The scratch folder, the processes in it and their output."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        port = free_port(8000)
        self.url = f"http://127.0.0.1:{port}"
        foreign = ("JOBSITE_", "TRAINING_", "DOWNLOAD_", "DATABASE_URL")
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(foreign)},
            "JOBSITE_DATA_DIR": str(folder / "data"),
            "JOBSITE_BIND": f"127.0.0.1:{port}",
            # The download comes from this machine, and nothing outside is asked for it.
            "DOWNLOAD_ALLOWED_NETWORKS": "127.0.0.0/8",
            "DOWNLOAD_LISTEN": f"127.0.0.1:{free_port(0)}",
            "DOWNLOAD_DHT": "0",
            "DOWNLOAD_FREE_MB": "0",
        }
        self.processes: list[subprocess.Popen] = []

    def start(self, *words: str, **options: Any) -> subprocess.Popen:
        """Start a Python process that ends with the demo."""
        process = subprocess.Popen(
            [sys.executable, *words], cwd=BASE_DIR, env=self.environment, **options
        )
        self.processes.append(process)
        return process

    def command(self, *words: str) -> str:
        """Run a command of the site, showing its progress; return what it printed."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=BASE_DIR,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise DemoFailed(f"“{' '.join(words)}” ended with status {done.returncode}.")
        return done.stdout

    def await_site(self, site: subprocess.Popen) -> None:
        """Wait until the workers are alive."""
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if site.poll() is not None:
                raise DemoFailed("The site ended during its start; its log above says why.")
            with (
                contextlib.suppress(OSError, http.client.HTTPException),
                urllib.request.urlopen(f"{self.url}/health/ready", timeout=5),  # noqa: S310
            ):
                return
            time.sleep(0.1)
        raise DemoFailed(f"The site was not ready within {READY_WITHIN:.0f} s.")

    def train(self) -> None:
        """Train on the wines that come with scikit-learn."""
        table = self.folder / "wine.csv"
        self.command("-c", TABLE, str(table))
        say("Training: 178 wines, 13 measurements each; which grape are they from?")
        words = ["--target", "cultivar", "--algorithms", *ALGORITHMS, "--wait", "--json"]
        answer = json.loads(self.command(*MANAGE, "train", str(table), *words))
        result = answer["result"]
        say(f"Trained. Leaderboard by {result['metric']}:")
        for row in result["leaderboard"]:
            if row["status"] == "succeeded":
                say(f"  {row['algorithm']:<12} {row['score']:.4f} ± {row['score_std']:.4f}")
        say(f"  best: {result['best']}; see {self.url}/training/{answer['id']}/")

    def download(self) -> None:
        """Fetch a torrent from a seeder on this machine."""
        seeds = self.folder / "seeder"
        seeds.mkdir()
        (seeds / "holiday-pictures.bin").write_bytes(secrets.token_bytes(16 * 2**20))
        seeder = self.start(
            *("-m", "downloads.seeder", str(seeds / "holiday-pictures.bin")),
            *("--port", str(free_port(0))),
            stdin=subprocess.PIPE,  # its end stops the seeder, however this process ends
            stdout=subprocess.PIPE,
            text=True,
        )
        assert seeder.stdout is not None
        line = seeder.stdout.readline()
        if not line:
            raise DemoFailed("The seeder on loopback did not start.")
        say("Downloading: 16 MiB from a seeder on this machine.")
        magnet = json.loads(line)[0]["magnet"]
        answer = json.loads(self.command(*MANAGE, "download", magnet, "--wait", "--json"))
        job = answer["added"][0]
        say(f"Downloaded: {job['name']}, {job['size']:,} bytes.")
        say(f"  see {self.url}/downloads/{job['id']}/")

    def stop(self) -> None:
        """End what was started, the site first."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(25)
            except subprocess.TimeoutExpired:
                process.kill()


def say(text: str) -> None:
    """Print a line of the demo."""
    print(text, flush=True)  # noqa: T201 (this is a program of the command line)


def run(demo: Demo, stay: bool) -> None:
    """Start the site, run both jobs, then stay up or not."""
    site = demo.start(*MANAGE, "up")
    demo.await_site(site)
    demo.train()
    demo.download()
    say("Both jobs succeeded.")
    if stay:
        link = demo.command(*MANAGE, "signin", "admin").split()[-1]
        say(f"The site is at {demo.url} - sign in once with\n  {link}")
        say("It stays up until Ctrl-C; its folder is removed then.")
        site.wait()


def main(words: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 if both jobs succeeded."""
    parser = argparse.ArgumentParser(prog="demo", description="Try jobsite on a scratch folder.")
    parser.add_argument("--exit", action="store_true", help="stop once both jobs succeeded")
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="jobsite-demo-"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    demo = None
    try:
        demo = Demo(folder)
        run(demo, stay=not options.exit)
    except DemoFailed as failure:
        say(f"The demo failed: {failure}")
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        if demo is not None:
            demo.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
