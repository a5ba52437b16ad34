"""The steps of a Dockerfile, carried out in folders by chroot where there is no container engine.

Each stage is a copy of a bare Debian. A command runs in a mount and a PID namespace of its own, as
in a container; the network is that of the machine.
"""

import json
import os
import shlex
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jobsite.jobs.processes import die_with_parent

MOUNTS = """\
mount --make-rprivate /
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=755 tmpfs "$ROOT/dev"
for name in null zero full random urandom; do
    touch "$ROOT/dev/$name"
    mount --bind "/dev/$name" "$ROOT/dev/$name"
done
ln -s /proc/self/fd "$ROOT/dev/fd"
mkdir "$ROOT/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/dev/shm"
"""


@dataclass
class Stage:
    """A file system that is being made, with what else a Dockerfile says of it."""

    root: Path
    environment: dict[str, str] = field(
        default_factory=lambda: {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        }
    )
    folder: str = "/"
    words: dict[str, list[str]] = field(default_factory=dict)
    """ENTRYPOINT, CMD, HEALTHCHECK, VOLUME and so on."""

    def start(
        self, *words: str, user: str = "0:0", volume: Path | None = None, **environment: str
    ) -> list[str]:
        """The command line that runs words in it, with a folder of ours at /data."""
        shared = f'mount --bind {shlex.quote(str(volume))} "$ROOT/data"\n' if volume else ""
        inside = {**self.environment, **environment}
        return [
            *("env", f"ROOT={self.root}", "unshare", "--mount", "--pid", "--fork", "--kill-child"),
            *("sh", "-ec", f'{MOUNTS}{shared}exec chroot "$@"', "sh"),
            *(f"--userspec={user}", "--groups=", str(self.root), "env", "-i"),
            *(f"--chdir={self.folder}", *(f"{key}={value}" for key, value in inside.items())),
            *words,
        ]

    def run(self, *words: str, **options: str) -> str:
        """Run words in it; the output. Fails with all of it."""
        done = subprocess.run(self.start(*words, **options), capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def popen(self, *words: str, log: Path, **options) -> subprocess.Popen:
        """Start words in it, as process 1."""
        with log.open("w") as file:
            return subprocess.Popen(
                self.start(*words, **options),
                stdout=file,
                stderr=file,
                preexec_fn=die_with_parent,
            )


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction of a Dockerfile and the rest of its line."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word.upper(), rest.strip()


def build(context: Path, base: Path, place: Path) -> Stage:
    """Carry out the Dockerfile of a folder; the last stage. `base`: a bare Debian for FROM."""
    stages: dict[str, Stage] = {}
    stage = Stage(base)
    for word, rest in instructions((context / "Dockerfile").read_text()):
        match word:
            case "FROM":
                name = rest.partition(" AS ")[2] or "last"
                stage = stages[name] = Stage(place / name)
                copy_tree(base, stage.root)
            case "ENV":
                stage.environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
            case "WORKDIR":
                stage.folder = rest
                (stage.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "RUN":
                stage.run("sh", "-c", rest, **certificates(stage.root))
            case "COPY":
                copy(rest.split(), context, stages, stage)
            case _:
                _, _, exec_form = (
                    rest.rpartition("CMD ") if word == "HEALTHCHECK" else ("", "", rest)
                )
                stage.words[word] = (
                    json.loads(exec_form) if exec_form.startswith("[") else exec_form.split()
                )
    return stage


def certificates(root: Path) -> dict[str, str]:
    """The certificates that this machine trusts, for programs in a chroot that use the network."""
    place = "/tmp/certificates.pem"
    trusted = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    if not trusted:
        return {}
    shutil.copy(trusted, root / place.lstrip("/"))
    return {"SSL_CERT_FILE": place, "PIP_CERT": place}


def copy(words: list[str], context: Path, stages: dict[str, Stage], stage: Stage) -> None:
    """COPY, from a stage or from the context without what .dockerignore names."""
    *sources, target = [word for word in words if not word.startswith("--from=")]
    place = stage.root / str(Path(stage.folder) / target).lstrip("/")
    origin = next((word.removeprefix("--from=") for word in words if word.startswith("--from")), "")
    for source in sources:
        if origin:
            copy_tree(stages[origin].root / source.lstrip("/"), place)
        elif source == ".":
            for path in in_context(context):
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(context / path, place / path)
        else:
            shutil.copy(context / source, place)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a file system with its owners, links and modes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def in_context(context: Path) -> list[Path]:
    """The files that a build sees: those of git, without what .dockerignore names at the top."""
    ignored = {
        line
        for line in (context / ".dockerignore").read_text().splitlines()
        if not line.startswith("#")
    }
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=context,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [Path(name) for name in listed.stdout.splitlines()]
    return [path for path in paths if path.parts[0] not in ignored and (context / path).is_file()]
