"""The site's settings with a throw-away data folder and a kind of job made for drills."""

import atexit
import os
import shutil
import tempfile

# The suite runs on SQLite, or on the PostgreSQL server that TEST_DATABASE_URL names.
if os.environ.get("TEST_DATABASE_URL"):
    os.environ.setdefault("DATABASE_URL", os.environ["TEST_DATABASE_URL"])
# Each process of pytest has a folder of its own; the processes that its tests start inherit it.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
if "JOBSITE_DATA_DIR" not in os.environ or os.environ.get("TEST_FOLDER_OF", WORKER) != WORKER:
    os.environ["TEST_FOLDER_OF"] = WORKER
    os.environ["JOBSITE_DATA_DIR"] = folder = tempfile.mkdtemp(prefix="jobsite-test-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ.setdefault("DOWNLOAD_DHT", "0")
os.environ.setdefault("DOWNLOAD_ALLOWED_NETWORKS", "127.0.0.0/8")
os.environ.setdefault("JOBSITE_WEBHOOK_NETWORKS", "127.0.0.0/8")
os.environ.setdefault("DOWNLOAD_LISTEN", "127.0.0.1:0")

from jobsite.settings import *  # noqa: F403
from jobsite.settings import (
    ALLOWED_HOSTS,
    DATABASES,
    INSTALLED_APPS,
    Q_CLUSTER,
    WORKERS,
)

INSTALLED_APPS += ["tests.drill"]
WORKERS["drill"] = 2
Q_CLUSTER["ALT_CLUSTERS"]["drill"] = {"workers": 2}
ALLOWED_HOSTS += ["testserver"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # In a file, as on a real site: an in-memory database has no locks to test.
    DATABASES["default"]["TEST"] = {"NAME": f"{DATABASES['default']['NAME']}.test"}
