"""A real `manage.py up` process tree on a data folder of its own, for tests."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import psutil
import psycopg
from urllib3.filepost import encode_multipart_formdata

from jobsite.jobs.processes import die_with_parent
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Site:
    """The tree, its data folder and its address."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None
    has_database: bool = False
    address: str = "127.0.0.1"
    inside: list[str] = field(default_factory=list)
    """The words before each of its commands, such as those that enter a namespace."""

    started: ClassVar[list["Site"]] = []
    """Those that run, and those that the current test has ended."""

    @property
    def database(self) -> str:
        """The name of the tree's own database, as Django's settings have it."""
        if os.environ.get("TEST_DATABASE_URL"):
            return f"site_{self.port}"
        return str(self.folder / "data" / "jobsite.sqlite3")

    def database_url(self) -> str:
        """The address of that database."""
        server = os.environ.get("TEST_DATABASE_URL")
        if server:
            return f"{server.rpartition('/')[0]}/{self.database}"
        return f"sqlite:///{self.database}"

    @property
    def url(self) -> str:
        """The address of the site."""
        return f"http://{self.address}:{self.port}"

    @property
    def log(self) -> str:
        """Everything that the tree has printed."""
        return (self.folder / "up.log").read_text()

    def settings(self) -> dict[str, str]:
        """The environment of the tree and of commands beside it."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.support.settings",
            "JOBSITE_DATA_DIR": str(self.folder / "data"),
            "JOBSITE_BIND": f"{self.address}:{self.port}",
            "DATABASE_URL": self.database_url(),
            "DOWNLOAD_DIR": str(self.folder / "library"),
            **self.environment,
        }

    def start(self, wait: bool = True) -> "Site":
        """Start the tree and wait until it is ready for work, unless somebody else does."""
        if self not in self.started:
            self.started.append(self)
        self.make_database()
        with (self.folder / "up.log").open("a") as log:
            self.process = subprocess.Popen(
                [*self.inside, sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=self.settings(),
                stdout=log,
                stderr=log,
                start_new_session=True,
                # A run that is killed has no teardown, and its trees would stay for ever.
                preexec_fn=die_with_parent,
            )
        if wait:
            wait_until(self.is_ready, every=0.25)  # each look costs the site some work
        return self

    def make_database(self) -> None:
        """On a PostgreSQL server: an empty database of its own, once."""
        if not self.has_database and os.environ.get("TEST_DATABASE_URL"):
            with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as server:
                server.execute(f'CREATE DATABASE "{self.database}"')
        self.has_database = True

    def is_ready(self) -> bool:
        """Whether the site says that it can work."""
        assert self.process is not None
        assert self.process.poll() is None, f"the tree has ended:\n{self.log}"
        try:
            return self.get("/health/ready")[0] == 200
        except OSError:
            return False

    def get(self, path: str, token: str = "") -> tuple[int, dict]:
        """GET of a JSON address: status and document."""
        return self.call("GET", path, token)

    def call(
        self, method: str, path: str, token: str = "", data: object = None
    ) -> tuple[int, dict]:
        """One request to a JSON address: status and document."""
        request = urllib.request.Request(self.url + path, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        body = None
        if data is not None:
            request.add_header("Content-Type", "application/json")
            body = json.dumps(data).encode()
        try:
            with urllib.request.urlopen(request, body, timeout=PATIENCE) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else {}
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def upload(
        self, path: str, token: str, field: str, files: Mapping[str, bytes], url: str = ""
    ) -> dict:
        """Send files, by name, in one field of a form; the answer. `url`: of a proxy before it."""
        parts = [(field, (name, data)) for name, data in files.items()]
        body, content_type = encode_multipart_formdata(parts)
        request = urllib.request.Request((url or self.url) + path, body)
        request.add_header("Authorization", f"Bearer {token}")
        request.add_header("Content-Type", content_type)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def manage(self, *words: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess:
        """Run a command beside the tree."""
        return subprocess.run(
            [*self.inside, sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.settings(),
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def token(self, user: str) -> str:
        """A new API token, made by the command as a person would."""
        return self.manage("token", user).stdout.split()[-1]

    def parts(self) -> dict[str, psutil.Process]:
        """The parts of the site that are alive, by name; clusters by that of their queue."""
        found = {}
        for file in (self.folder / "data" / "run").rglob("*.json"):
            with contextlib.suppress(psutil.Error, OSError, ValueError):  # one that just died
                process = psutil.Process(json.loads(file.read_text())["pid"])
                if process.status() != psutil.STATUS_ZOMBIE:
                    found[file.stem.removeprefix("cluster-")] = process
        return found

    @property
    def root(self) -> psutil.Process:
        """The process of `up`; what enters a namespace before it is its parent."""
        assert self.process is not None
        outer = psutil.Process(self.process.pid)
        return outer.children()[0] if self.inside else outer

    @property
    def is_running(self) -> bool:
        """Whether the root of the tree is alive."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int:
        """SIGTERM, and wait for the end. Returns the exit status."""
        assert self.process is not None
        if self.is_running:
            self.root.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)
