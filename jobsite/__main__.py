"""The command `jobsite`; in a checkout it is `manage.py`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line, get_commands, load_command_class

from jobsite import demo
from jobsite.installation import COMMAND
from jobsite.version import VERSION

OWN = ("jobsite", "training", "downloads")
INTERNAL = ("housekeeping",)  # a part of `up`
ALSO = {
    "createsuperuser": "Add a person who may do everything.",
    "demo": "Try it on a scratch folder: a training and a download.",
}


def main() -> None:
    """Run the command that the words of the command line name."""
    match sys.argv[1:]:
        case ["--version" | "version"]:
            sys.stdout.write(f"jobsite {VERSION}\n")
        case ["demo", *words]:  # on a folder of its own: it needs no settings
            sys.exit(demo.main(words))
        case [] | ["help" | "--help" | "-h"]:
            with settings_explained():
                sys.stdout.write(overview())
        case words:
            with settings_explained():
                execute_from_command_line([COMMAND, *words])


@contextmanager
def settings_explained() -> Iterator[None]:
    """Work with the settings of the site; exits with a sentence if one of them is wrong."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jobsite.settings")
    try:
        yield
    except ImproperlyConfigured as error:
        sys.exit(f"The configuration is wrong. {error}")


def overview() -> str:
    """Return a line for each command of this program, without those of its libraries."""
    django.setup()
    own = {
        name: load_command_class(app, name).help
        for name, app in get_commands().items()
        if app.partition(".")[0] in OWN and name not in INTERNAL
    }
    lines = [
        f"  {name:<16}  {text.partition('. ')[0].rstrip('.')}"
        for name, text in sorted({**own, **ALSO}.items())
    ]
    return (
        f"jobsite {VERSION}: training models on tables, and downloads.\n\n"
        + "\n".join(lines)
        + f"\n\n{COMMAND} COMMAND --help says more. Django's own: {COMMAND} help --commands\n"
    )


if __name__ == "__main__":
    main()
