"""Reading of environment variables: typed values, refused with a sentence if they do not fit."""

import contextlib
import difflib
import ipaddress
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

PROXIES = {"socks5", "http"}
# A name, an IPv4 address, or an IPv6 address in brackets.
HOST = re.compile(r"[\w.-]+|\[[0-9a-fA-F:.]+(%\w+)?\]", re.ASCII)
PREFIXES = ("JOBSITE_", "TRAINING_", "DOWNLOAD_")


class Environment(environ.FileAwareEnv):
    """Reads variables, or the files named by their `_FILE` counterparts; remembers the names."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[str] = set()
        self.secret: set[str] = set()
        """Those that hold a password: the code of a job finds them nowhere."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        self.known |= {var, f"{var}_FILE"}
        return super().get_value(var, *args, **kwargs)

    def refuse_unknown(self, names: Iterable[str]) -> None:
        """Refuse a variable of ours that was never read, because a typing error is no default.

        Call it once all settings are read. Raises ImproperlyConfigured.
        """
        for name in sorted(names):
            if name.startswith(PREFIXES) and name not in self.known:
                near = difflib.get_close_matches(name, sorted(self.known), n=1, cutoff=0.8)
                hint = f" Did you mean {near[0]}?" if near else " README.md lists those that exist."
                raise ImproperlyConfigured(f"There is no setting named {name}.{hint}")


env = Environment()


def number(name: str, default: int, least: int, most: int = 2**31) -> int:
    """Return a whole number from the environment. Raises ImproperlyConfigured beyond its bounds."""
    text = env.str(name, default=str(default))
    if not text.strip().lstrip("-").isdigit() or not least <= int(text) <= most:
        raise ImproperlyConfigured(f"{name} is {text!r}; it takes a whole number from {least} on.")
    return int(text)


def absolute(name: str, default: Path) -> Path:
    """Return an absolute path from the environment.

    The environment gets it, too: the processes that are started from here work in another folder,
    where a relative path would mean another file.
    """
    found = Path(env.str(name, default=str(default))).expanduser().absolute()
    if os.environ.get(name):
        os.environ[name] = str(found)
    return found


def choice(name: str, words: Sequence[str]) -> str:
    """Return one of the words from the environment; the first is the default.

    Raises ImproperlyConfigured for any other.
    """
    word = env.str(name, default=words[0]).strip().lower()
    if word not in words:
        raise ImproperlyConfigured(f"{name} is {word!r}; it takes one of {', '.join(words)}.")
    return word


class Proxy(NamedTuple):
    """The parts of a proxy's address."""

    kind: str
    host: str
    port: int
    user: str
    password: str


def proxy(name: str) -> Proxy | None:
    """Return a proxy from the environment; None if it is not set. Raises ImproperlyConfigured."""
    env.secret |= {name, f"{name}_FILE"}
    text = env.str(name, default="").strip()
    if not text:
        return None
    parts = urlsplit(text)
    with contextlib.suppress(ValueError):
        if parts.scheme in PROXIES and parts.hostname and parts.port and parts.path in {"", "/"}:
            user, password = unquote(parts.username or ""), unquote(parts.password or "")
            if max(len(user.encode()), len(password.encode())) < 256:
                return Proxy(parts.scheme, parts.hostname, parts.port, user, password)
    raise ImproperlyConfigured(  # not quoted: it holds a password
        f"{name} cannot be read. It takes an address such as socks5://user:password@host:1080, or "
        "http://host:3128; letters such as @ and : in a password are written %40 and %3A."
    )


def folder(name: str, default: Path) -> Path:
    """Return an absolute folder from the environment, created if it is not there."""
    path = absolute(name, default)
    try:
        path.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} is {path}, which cannot be used as a folder: {error.strerror}. Name a folder "
            "that this user may write to."
        ) from error
    return path


def host_name(name: str, default: str) -> str:
    """Return the name of this host, which is also that of a folder, from the environment."""
    text = env.str(name, default="") or default
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", text):
        raise ImproperlyConfigured(
            f"{name} is {text!r}; it takes up to 63 letters, digits, dots, hyphens and "
            "underscores, such as worker-2."
        )
    return text


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return networks from the environment, separated by commas; none if it is not set."""
    try:
        return [ipaddress.ip_network(text.strip()) for text in env.list(name, default=[])]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name}: {error}. It takes networks such as 192.168.0.0/16,10.0.0.0/8."
        ) from error


def email(name: str) -> dict[str, Any]:
    """Return Django's settings of a mail server from a URL; empty if it is not set."""
    if not env.str(name, default=""):
        return {}
    try:
        return dict(env.email_url(name))
    except (KeyError, ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(
            f"{name} cannot be read. It takes an address such as smtp+tls://user:password@host:587."
        ) from error


def database(default: str) -> dict[str, Any]:
    """Return the database of DATABASE_URL, with the options that many writing processes need."""
    return tuned(env.db_url("DATABASE_URL", default=default))


def database_at(url: str) -> dict[str, Any]:
    """Return the database of a URL like that of `database`. Raises ImproperlyConfigured."""
    try:
        return tuned(env.db_url_config(url))
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(
            f"{url!r} is no address of a database, such as postgres://user:password@host/name."
        ) from error


def tuned(found: dict[str, Any]) -> dict[str, Any]:
    """Return a database with the options that many writing processes need."""
    # The folder of a socket is written %2Fvar%2Frun%2Fpostgresql where a host would stand.
    found["HOST"] = unquote(found.get("HOST") or "")
    found |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    if found["ENGINE"].endswith("sqlite3"):
        found["OPTIONS"] = {
            # A transaction that writes takes the lock at its begin and waits for it there; taken
            # later, SQLite answers "database is locked" at once.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        found["OPTIONS"] = found.get("OPTIONS", {}) | {
            "connect_timeout": 5,
            # A host that is cut off leaves no word. Both ends give up on each other in 20 s, so
            # that its locks, that of the leader among them, are free before its leases end.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "tcp_user_timeout": 20_000,
            "options": "-c lock_timeout=20s -c idle_in_transaction_session_timeout=60s "
            "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2 "
            "-c tcp_user_timeout=20000",
        }
    return found


def listening_address(name: str, default: str) -> tuple[str, int]:
    """Return host and port of a variable such as 127.0.0.1:8000 or [::1]:8000."""
    text = env.str(name, default=default)
    host, _, port = text.strip().rpartition(":")
    is_port = port.isascii() and port.isdigit() and 0 < int(port) < 65_536
    if not is_port or not HOST.fullmatch(host):
        raise ImproperlyConfigured(
            f"{name} is {text!r}; it takes an address and a port from 1 to 65535, "
            f"such as {default}, 0.0.0.0:8000 or [::1]:8000."
        )
    return host, int(port)


def stored_secret(path: Path) -> str:
    """Return the secret key kept in the data folder, created on the first start with mode 600."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return kept_secret(path)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return path.read_text().strip()


def kept_secret(path: Path) -> str:
    """Return the secret key in a file. Raises ImproperlyConfigured if this user may not read it."""
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The secret key {path} cannot be read: {error.strerror}. Give it to the user of the "
            f"site: chown USER {path}"
        ) from error
