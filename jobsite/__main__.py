"""The command `jobsite`; in a checkout it is `manage.py`."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from jobsite import demo
from jobsite.installation import COMMAND
from jobsite.version import VERSION


def main() -> None:
    """Run the command that the words of the command line name."""
    match sys.argv[1:]:
        case ["--version" | "version"]:
            sys.stdout.write(f"jobsite {VERSION}\n")
        case ["demo", *words]:  # on a folder of its own: it needs no settings
            sys.exit(demo.main(words))
        case words:
            manage(words)


def manage(words: list[str]) -> None:
    """Run a command of the site; a setting that is wrong ends it with a sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jobsite.settings")
    try:
        execute_from_command_line([COMMAND, *words])
    except ImproperlyConfigured as error:
        sys.exit(f"The configuration is wrong. {error}")


if __name__ == "__main__":
    main()
