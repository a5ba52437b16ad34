"""`manage.py up`: the whole site in one foreground process tree."""

import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection

from jobsite.jobs import pid_files, processes
from jobsite.jobs.accounts import sign_in_links
from jobsite.jobs.models import site_identity
from jobsite.jobs.models.kinds import clusters
from jobsite.jobs.server import image
from jobsite.jobs.server.part import FORK
from jobsite.jobs.server.site_parts import parts
from jobsite.jobs.server.tree import AlreadyRunning, Tree, alone

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
            "--adopt",
            action="store_true",
            help="take over a database whose data folder is gone; once, and only then",
        )

    def handle(self, *, bind: str, adopt: bool, **options: Any) -> None:
        """Set up what is missing and run until stopped.

        Nothing is changed before it is certain that this site may run here: a second start must
        not migrate the database of the one that runs.
        """
        if bind != settings.BIND:
            # The address is a setting that others follow from: start over with it.
            os.environ["JOBSITE_BIND"] = bind
            words = ["up", *(["--adopt"] if adopt else [])]
            os.chdir(settings.BASE_DIR)
            os.execv(sys.executable, [*settings.MANAGE, *words])  # noqa: S606
        try:
            with alone() as lock:
                for name in pid_files.kill_leftovers():
                    self.say(f"{name}: ended what an earlier run had left behind.")
                with listening() as listener:
                    self.run_on(lock, listener, adopt)
        except AlreadyRunning:
            raise CommandError(
                f"The site runs already on the data folder {settings.DATA_DIR}. "
                "Stop it first, or set JOBSITE_DATA_DIR to another folder."
            ) from None

    def run_on(self, lock: IO[str], listener: socket.socket, adopt: bool) -> None:
        """Run the site on a socket."""
        check_semaphores()
        # In a process of its own: the image gets no connection, and nothing that migrations need.
        with apart(partial(self.enter, adopt)):
            image.load()
        self.say(f"jobsite runs at {settings.BASE_URL} (data in {settings.DATA_DIR}).")
        Tree(parts(listener, clusters()), self.say, own=[lock, listener]).run()

    def enter(self, adopt: bool) -> None:
        """Set up the database, once it is certain that it is that of this site."""
        try:
            self.await_database()
            if not adopt and (sentence := site_identity.conflict()):
                raise CommandError(sentence)
            self.set_up()
        except CommandError as error:
            self.stderr.write(f"CommandError: {error}")
            sys.exit(1)

    def set_up(self) -> None:
        """Migrate, and make the identity of the site and its first administrator."""
        call_command("migrate", interactive=False, verbosity=0)
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
            except OperationalError as error:
                reason = " ".join(str(error).split())
            now = time.monotonic()
            if connection.vendor == "sqlite" or now - began > DATABASE_WITHIN:
                raise CommandError(f"The database does not answer: {reason}")
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


def listening() -> socket.socket:
    """Return the socket of the site, which outlives restarts of the web part.

    Raises CommandError if the address is taken or not of this machine.
    """
    host = settings.BIND_HOST.strip("[]")
    try:
        family, *_, place = socket.getaddrinfo(host, settings.BIND_PORT, type=socket.SOCK_STREAM)[0]
        return socket.create_server(place[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise CommandError(
            f"The site cannot listen at {settings.BIND}: {error.strerror}. Stop what "
            f"uses this address, or choose another: {settings.COMMAND} up --bind HOST:PORT"
        ) from None


def check_semaphores() -> None:
    """Refuse a system on which the queue's processes cannot share a lock. Raises CommandError."""
    try:
        multiprocessing.Lock()
    except OSError as error:
        raise CommandError(
            f"The workers need shared memory, and /dev/shm cannot be used ({error.strerror}). "
            "Mount it: mount -t tmpfs tmpfs /dev/shm"
        ) from None


def first_sign_in() -> str | None:
    """Create the first administrator if there is no user; return the one-time link, else None."""
    users = get_user_model().objects
    if users.exists():
        return None
    return sign_in_links.sign_in_link(users.create_superuser(FIRST_ADMINISTRATOR))
