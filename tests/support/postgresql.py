"""`python -m tests.support.postgresql ARGUMENTS`: the tests on a throw-away PostgreSQL server.

Debian's server is started on a free port of loopback with its data in a temporary folder. Where
it is not installed this says so and ends with status 0: `make test` names it, and goes on.
"""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.support.ports import free_port
from tests.support.waiting import wait_until

MISSING = "Not tested on PostgreSQL: its server is not installed (apt-get install postgresql)."
VARIABLE = "TEST_DATABASE_SERVER"


def programs() -> Path | None:
    """The folder of the newest server that Debian has installed, or that is on PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[-3])
    found = installed[-1] if installed else shutil.which("initdb")
    return Path(found).parent if found else None


def as_server() -> dict[str, str]:
    """How to run the server: it refuses to run as root."""
    if os.getuid():
        return {}
    return {"user": "postgres", "group": "postgres"}


@dataclass
class Server:
    """A server of our own, which tests may also kill."""

    folder: str
    programs: str
    port: int = field(default_factory=free_port)
    network: str = ""
    """Of other hosts that may connect, such as 10.7.0.0/24; empty: loopback alone."""

    @classmethod
    def of_environment(cls) -> "Server | None":
        """The server on which this test run works, if it is one of ours."""
        told = os.environ.get(VARIABLE)
        return cls(**json.loads(told)) if told else None

    def environment(self) -> dict[str, str]:
        """What tells a test run of it."""
        address = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        return {**os.environ, "TEST_DATABASE_URL": address, VARIABLE: json.dumps(asdict(self))}

    def make(self) -> None:
        """Create its files."""
        if not os.getuid():
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        words = ["-D", f"{self.folder}/data", "-A", "trust", "-U", "postgres", "-E", "UTF8"]
        self.run("initdb", *words)
        if self.network:
            with Path(self.folder, "data", "pg_hba.conf").open("a") as file:
                file.write(f"host all all {self.network} trust\n")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = (
            f"-p {self.port} -c listen_addresses={'*' if self.network else '127.0.0.1'} "
            f"-k {self.folder} "
            "-c fsync=off -c max_connections=300"
        )
        self.control("-o", options, "start")

    def stop(self) -> None:
        """Stop it without ceremony."""
        self.control("-m", "immediate", "stop")

    def kill(self) -> None:
        """SIGKILL for its first process; the others notice and end."""
        main = int(Path(self.folder, "data", "postmaster.pid").read_text().split()[0])
        os.kill(main, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{main}").exists())

    def control(self, *words: str) -> None:
        """pg_ctl."""
        log = f"{self.folder}/log"
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", log, *words)

    def run(self, program: str, *words: str) -> None:
        """One of its programs."""
        subprocess.run(
            [Path(self.programs, program), *words],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            **as_server(),
        )


def main() -> int:
    """The exit status."""
    bin_dir = programs()
    if bin_dir is None:
        print(MISSING)
        return 0
    with tempfile.TemporaryDirectory(prefix="jobsite-postgresql-") as folder:
        server = Server(folder, str(bin_dir))
        server.make()
        server.start()
        try:
            words = [sys.executable, "-m", "pytest", *sys.argv[1:]]
            return subprocess.run(words, env=server.environment()).returncode
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
