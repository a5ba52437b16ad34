"""Where the parts of this installation lie: a checkout, or a package that was installed."""

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

PACKAGE = Path(__file__).resolve().parent
BASE_DIR = PACKAGE.parent
"""The checkout, or the folder of installed packages: what Python imports this program from."""
IS_CHECKOUT = (BASE_DIR / "manage.py").is_file()

# A wheel holds the templates and the collected static files inside the package.
TEMPLATE_DIR = (BASE_DIR if IS_CHECKOUT else PACKAGE) / "templates"
STATIC_DIR = BASE_DIR / "build" / "static" if IS_CHECKOUT else PACKAGE / "static"

COMMAND = "manage.py" if IS_CHECKOUT else "jobsite"
"""The command as a person types it."""
MANAGE = (sys.executable, "-m", "jobsite")
"""The same command for a process that is started in BASE_DIR."""


def default_data_dir() -> Path:
    """Return the data folder if no setting names one.

    `var` in a checkout. For a package it is the folder for data of the user (XDG base directory
    specification), because the folder in which somebody happens to type the command is none.
    Raises ImproperlyConfigured for a user without a home.
    """
    if IS_CHECKOUT:
        return BASE_DIR / "var"
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    try:
        return (named if named.is_absolute() else Path.home() / ".local/share") / "jobsite"
    except RuntimeError as error:
        raise ImproperlyConfigured(
            "This user has no home folder for the data of the site. Set JOBSITE_DATA_DIR to a "
            "folder that it may write to."
        ) from error
