"""The settings of the tests and the one line that adds the app."""

from tests.support.settings import *  # noqa: F403
from tests.support.settings import DATA_DIR, INSTALLED_APPS

INSTALLED_APPS += ["tests.drill.render"]
# Settings that the kind itself asks for.
RENDER_UPLOAD_MB = 1
RENDER_DIR = DATA_DIR.parent / "scenes"
