"""`python -m tests.postgresql PYTEST-ARGUMENTS`: the tests on a throw-away PostgreSQL server.

Debian's server is started on a free port of loopback with its data in a temporary folder. Where
it is not installed this says so and ends with status 0: `make test` names it, and goes on.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.site import free_port

MISSING = "Not tested on PostgreSQL: its server is not installed (apt-get install postgresql)."


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


def run(folder: Path, bin_dir: Path, arguments: list[str]) -> int:
    """Start a server, run pytest with its address, stop it; pytest's exit status."""
    port = free_port()
    if not os.getuid():
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = str(folder / "data")
    quiet = {"stdout": subprocess.DEVNULL, "cwd": folder, **as_server()}
    subprocess.run(
        [bin_dir / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8"],
        check=True,
        **quiet,
    )
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off -c max_connections=300"
    )
    control = [bin_dir / "pg_ctl", "-D", data, "-w", "-l", str(folder / "log")]
    subprocess.run([*control, "-o", options, "start"], check=True, **quiet)
    try:
        address = f"postgres://postgres@127.0.0.1:{port}/postgres"
        environment = {**os.environ, "TEST_DATABASE_URL": address}
        return subprocess.run(
            [sys.executable, "-m", "pytest", *arguments], env=environment
        ).returncode
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, **quiet)


def main() -> int:
    """The exit status."""
    bin_dir = programs()
    if bin_dir is None:
        print(MISSING)
        return 0
    with tempfile.TemporaryDirectory(prefix="jobsite-postgresql-") as folder:
        return run(Path(folder), bin_dir, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
