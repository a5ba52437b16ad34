"""`manage.py signin USER`: a link that signs in once."""

from typing import Any

from django.core.management.base import CommandParser

from jobsite.jobs.accounts import second_factor
from jobsite.jobs.accounts.sign_in_links import sign_in_link
from jobsite.jobs.management.base import JobCommand


class Command(JobCommand):
    """Makes a one-time sign-in link, for a new person or a forgotten password."""

    help = "Print a link with which a user signs in once, alone on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER")
        parser.add_argument(
            "--reset-second-factor",
            action="store_true",
            help="turn the second factor off as well, for somebody who lost the phone",
        )

    def handle(self, *, user: str, reset_second_factor: bool, **options: Any) -> None:
        owner = self.owner(user)
        if not owner.is_active:
            self.refuse(f"{user} is not active; an administrator can change that at /admin/.")
        if reset_second_factor:
            was_on = second_factor.remove(owner)
            self.say("The second factor is off." if was_on else "It had no second factor.")
        self.stdout.write(sign_in_link(owner))
