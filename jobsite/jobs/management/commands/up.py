"""`manage.py up`: the whole site in one foreground process tree."""

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from jobsite.jobs import pid_files, processes
from jobsite.jobs.accounts import sign_in_links
from jobsite.jobs.backup.upgrade import UpgradeFailed, upgrade
from jobsite.jobs.models import site_identity
from jobsite.jobs.models.host import WEB, Host, own_clusters, own_roles, roles
from jobsite.jobs.server import image, joining
from jobsite.jobs.server.part import FORK, Closable
from jobsite.jobs.server.site_parts import parts
from jobsite.jobs.server.start_checks import StartRefused, check_database, check_place, is_final
from jobsite.jobs.server.tree import AlreadyRunning, Tree, alone
from jobsite.jobs.storage import advisory_locks

FIRST_ADMINISTRATOR = "admin"
DATABASE_WITHIN = 600.0  # seconds: what starts at the boot of a machine may have to be checked
ASK_EVERY = 1.0
SAY_EVERY = 10.0
BACKLOG = 2048


class Command(BaseCommand):
    """Checks, migrates, makes the first administrator, then runs the tree."""

    help = "Run the site: web, workers and housekeeping, until Ctrl-C or SIGTERM."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default=settings.BIND, metavar="HOST:PORT")
        parser.add_argument(
            "--only",
            default=",".join(settings.ROLES),
            metavar="ROLE,…",
            help="what this host does, of several that share a PostgreSQL database: "
            f"{', '.join(roles())}; by default all",
        )
        parser.add_argument(
            "--adopt",
            action="store_true",
            help="take over a database whose data folder is gone; once, and only then",
        )

    def handle(self, *, bind: str, only: str, adopt: bool, **options: Any) -> None:
        """Set up what is missing and run until stopped.

        Nothing is changed before it is certain that this site may run here: a second start must
        not migrate the database of the one that runs.
        """
        if bind != settings.BIND or only != ",".join(settings.ROLES):
            # Settings that others follow from: start over with them.
            os.environ |= {"JOBSITE_BIND": bind, "JOBSITE_ROLES": only}
            words = ["up", *(["--adopt"] if adopt else [])]
            os.chdir(settings.BASE_DIR)
            os.execv(sys.executable, [*settings.MANAGE, *words])  # noqa: S606
        try:
            with alone() as locks:
                for name in pid_files.kill_leftovers():
                    self.say(f"{name}: ended what an earlier run had left behind.")
                with listening() if WEB in own_roles() else nullcontext() as listener:
                    self.run_on(locks, listener, adopt)
        except AlreadyRunning as running:
            raise CommandError(already(str(running))) from None
        except StartRefused as reason:
            raise CommandError(str(reason)) from None

    def run_on(self, locks: list[IO[str]], listener: socket.socket | None, adopt: bool) -> None:
        """Run the site on a socket, if this host answers requests."""
        check_place()
        # In a process of its own: the image gets no connection, and nothing that migrations need.
        with apart(partial(self.enter, adopt)):
            image.load()
        image.rehearse()
        self.say(greeting())
        own: list[Closable] = [*locks, *([listener] if listener else [])]
        Tree(parts(listener, own_clusters()), self.say, own=own).run()
        with suppress(DatabaseError, OSError):  # then its silence tells the others
            Host.leave()

    def enter(self, adopt: bool) -> None:
        """Set up the database, once it is certain that this host belongs to its site."""
        try:
            self.await_database()
            with advisory_locks.alone(advisory_locks.START):
                check_database(adopt)
                self.refuse_strangers()
                self.set_up()
                Host.join()
        except (CommandError, StartRefused, UpgradeFailed) as error:
            self.stderr.write(f"CommandError: {error}")
            sys.exit(1)

    def refuse_strangers(self) -> None:
        """Refuse a host that does not belong here. Raises CommandError."""
        if sentence := joining.check_locks() or joining.refusal(self.say):
            raise CommandError(sentence)

    def set_up(self) -> None:
        """Upgrade the database, and make the identity of the site and its first administrator."""
        upgrade(self.say)
        site_identity.claim()
        if link := first_sign_in():
            self.say(f"The first administrator is {FIRST_ADMINISTRATOR!r}. Sign in once with:")
            self.say(f"  {link}")

    def await_database(self) -> None:
        """Wait for a database server that is not up yet. Raises CommandError."""
        began = said = time.monotonic()
        while True:
            try:
                connection.ensure_connection()
                return
            except DatabaseError as error:
                reason = " ".join(str(error).split())
            now = time.monotonic()
            if is_final(connection.vendor, reason) or now - began > DATABASE_WITHIN:
                raise CommandError(f"The database does not answer: {reason}. Check DATABASE_URL.")
            if now - said > SAY_EVERY or said == began:
                said = now
                self.say(f"Waiting for the database: {reason}")
            time.sleep(ASK_EVERY)

    def say(self, text: str) -> None:
        """Write one line to the log."""
        self.stdout.write(text)
        self.stdout.flush()


@contextmanager
def apart(work: Callable[[], object]) -> Iterator[None]:
    """Do some work in a fork, beside what the block does. Exits as the fork does if that fails."""
    process = FORK.Process(target=with_its_parent, args=[work])
    process.start()
    yield
    process.join()
    if process.exitcode:
        sys.exit(1)


def with_its_parent(work: Callable[[], object]) -> None:
    """Do some work for as long as the process that forked this one lives."""
    processes.die_with_parent()
    work()


def greeting() -> str:
    """Return where the site runs, or what this host does for it."""
    if WEB in own_roles():
        return f"jobsite runs at {settings.BASE_URL} (data in {settings.DATA_DIR})."
    does = ", ".join(own_roles())
    return f"jobsite runs on the host {settings.HOST}: {does} (data in {settings.DATA_DIR})."


def already(host: str) -> str:
    """Return the sentence for a site that runs already, on this host or on another one."""
    runs = f"The site runs already on the data folder {settings.DATA_DIR}"
    if settings.MANY_HOSTS:
        return (
            f"{runs} as the host {host!r}. Stop it first; another host needs another JOBSITE_HOST."
        )
    if host in {"", settings.HOST}:
        return f"{runs}. Stop it first, or set JOBSITE_DATA_DIR to another folder."
    return (
        f"{runs}, on the host {host!r}. SQLite serves one host. For several, stop it, move to "
        f"PostgreSQL ({settings.COMMAND} movedatabase) and set DATABASE_URL on each."
    )


def listening() -> socket.socket:
    """Return the socket of the site, which outlives restarts of the web part.

    Raises CommandError if the address is taken or not of this machine.
    """
    host = settings.BIND_HOST.strip("[]")
    try:
        family, *_, place = socket.getaddrinfo(host, settings.BIND_PORT, type=socket.SOCK_STREAM)[0]
        return socket.create_server(place[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        hint = (
            "Only root may listen below port 1024"
            if isinstance(error, PermissionError)
            else "Stop what uses this address"
        )
        raise CommandError(
            f"The site cannot listen at {settings.BIND}: {error.strerror}. {hint}, or choose "
            f"another: {settings.COMMAND} up --bind HOST:PORT"
        ) from None


def first_sign_in() -> str | None:
    """Create the first administrator if there is no user; return the one-time link, else None."""
    users = get_user_model().objects
    if users.exists():
        return None
    return sign_in_links.sign_in_link(users.create_superuser(FIRST_ADMINISTRATOR))
