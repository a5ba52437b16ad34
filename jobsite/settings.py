"""All settings, read from the environment. README.md lists the variables in a table.

The site needs no configuration to run: each variable has a default that suits one machine, and
everything that a proxy or a browser must agree on (hosts, origins, cookie flags) follows from
JOBSITE_BASE_URL.
"""

import os
import socket
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from jobsite import data_folder, installation, logs, version
from jobsite.environment import (
    absolute,
    database,
    env,
    folder,
    host_name,
    listening_address,
    number,
    stored_secret,
)

# Groups that stand alone: how people prove who they are, how the site tells them of an end, and how
# torrents reach others.
from jobsite.notification_settings import *  # noqa: F403
from jobsite.sign_in_settings import *  # noqa: F403
from jobsite.torrent_settings import *  # noqa: F403

VERSION = version.VERSION
BASE_DIR = installation.BASE_DIR
COMMAND, MANAGE = installation.COMMAND, installation.MANAGE
IS_CHECKOUT = installation.IS_CHECKOUT

# --- where things lie ---------------------------------------------------------------------------
DATA_DIR = folder("JOBSITE_DATA_DIR", installation.default_data_dir())
DATABASES = {"default": database(f"sqlite:///{DATA_DIR / 'jobsite.sqlite3'}")}
# PostgreSQL serves several hosts, which then share the data folder; SQLite serves one.
MANY_HOSTS = not DATABASES["default"]["ENGINE"].endswith("sqlite3")
HOST = host_name("JOBSITE_HOST", socket.gethostname())  # the name of this one among them
ROLES = env.list("JOBSITE_ROLES", default=[])  # what this host does; empty: everything
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "tmp"  # on the data folder's file system: uploads move by rename
# Process ids of the running tree.
RUN_DIR = DATA_DIR / "run" / HOST if MANY_HOSTS else DATA_DIR / "run"
OUTCOME_DIR = DATA_DIR / "outcomes"  # outcomes that are not in the database yet
SESSION_FILE_PATH = DATA_DIR / "sessions"
NEEDED_FOLDERS = (FILE_UPLOAD_TEMP_DIR, RUN_DIR, OUTCOME_DIR, SESSION_FILE_PATH)
data_folder.prepare(DATA_DIR, NEEDED_FOLDERS)

# --- address ------------------------------------------------------------------------------------
BIND_HOST, BIND_PORT = listening_address("JOBSITE_BIND", "127.0.0.1:8000")
BIND = f"{BIND_HOST}:{BIND_PORT}"
IS_OPEN = BIND_HOST in {"0.0.0.0", "[::]"}  # noqa: S104 (compared, not bound to)
# Listening everywhere, the machine's own name is the best guess for what people type.
BASE_URL = env.str(
    "JOBSITE_BASE_URL",
    default=f"http://{socket.gethostname() if IS_OPEN else BIND_HOST}:{BIND_PORT}",
).rstrip("/")
address = urlsplit(BASE_URL)
if address.scheme not in {"http", "https"} or not address.hostname:
    raise ImproperlyConfigured(
        f"JOBSITE_BASE_URL is {BASE_URL!r}; it takes the address people type, "
        "such as https://jobs.example.org."
    )
SECURE = address.scheme == "https"
ALLOWED_HOSTS = [address.hostname, "localhost", "127.0.0.1", "[::1]"]
if ":" in address.hostname:
    ALLOWED_HOSTS.append(f"[{address.hostname}]")
if IS_OPEN and not env.str("JOBSITE_BASE_URL", default=""):
    ALLOWED_HOSTS += [socket.gethostname(), socket.getfqdn()]
ORIGIN = f"{address.scheme}://{address.netloc}"
HOSTS = env.list("JOBSITE_HOSTS", default=[])  # further names under which people know the site
ALLOWED_HOSTS += HOSTS
CSRF_TRUSTED_ORIGINS = [ORIGIN, *(f"{address.scheme}://{host}" for host in HOSTS)]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PROXIES = number("JOBSITE_PROXIES", int(SECURE), least=0, most=10)  # of ours, in front of the site
# Whether that proxy is nginx and sends files itself, from the locations that the README shows.
ACCEL = env.bool("JOBSITE_ACCEL", default=False)
if SECURE:  # then a proxy speaks TLS, and tells so
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]  # asked by machines beside the site
    SECURE_HSTS_SECONDS = 86_400 * number("JOBSITE_HSTS_DAYS", 30, least=0)
# Other hosts of the domain, and lists in browsers, are not this site's to decide about.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
BASE_PATH = address.path  # such as /jobs; empty: the site has its host for itself
if BASE_PATH:
    FORCE_SCRIPT_NAME = BASE_PATH
    # Other programs below the same host have cookies, too, often of Django's own names.
    SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{BASE_PATH}/"
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "jobsite_session", "jobsite_csrf"

DEBUG = False
SECRET_KEY = env.str("JOBSITE_SECRET_KEY", default="") or stored_secret(DATA_DIR / "secret_key")

# --- Django -------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "knox",
    "jobsite.jobs",
    "training",
    "downloads",
]
MIDDLEWARE = [
    "jobsite.jobs.web.request_log.RequestLog",
    "jobsite.jobs.web.inside_calls.InsideCalls",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "jobsite.jobs.web.fragments.Fragments",
    "jobsite.jobs.web.middleware.PostOnly",
    "jobsite.jobs.web.middleware.SignedInMiddleware",
    "axes.middleware.AxesMiddleware",
    "jobsite.jobs.web.streams.StreamLimit",
]
ROOT_URLCONF = "jobsite.urls"
WSGI_APPLICATION = "jobsite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [installation.TEMPLATE_DIR],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

OTP_TOTP_ISSUER = f"jobsite {address.hostname}"
DEFAULT_FROM_EMAIL = env.str("JOBSITE_EMAIL_FROM", default=f"jobsite@{address.hostname}")

# In files, which spares each poll of a page a query. Several hosts read them from the database: a
# network file system may show a file that another host has removed, and signing out must count.
SESSION_ENGINE = f"django.contrib.sessions.backends.{'db' if MANY_HOSTS else 'file'}"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TZ", default="UTC")
USE_TZ = True

STATIC_URL = f"{BASE_PATH}/static/"
STATIC_ROOT = installation.STATIC_DIR
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_HANDLERS = ["jobsite.jobs.web.uploads.StreamToDisk"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20  # a paste of some 100,000 links
DATA_UPLOAD_MAX_NUMBER_FILES = 1000  # .torrent files in one form

LOGGING = logs.configuration(as_json=env.bool("JOBSITE_LOG_JSON", default=False))

METRICS_KEY = env.str("JOBSITE_METRICS_KEY", default="")  # empty: no metrics

# --- jobs ---------------------------------------------------------------------------------------
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
TRAINING_WORKERS = number("TRAINING_WORKERS", max(1, CORES // 2), least=1, most=256)
TRAINING_THREADS = max(1, CORES // TRAINING_WORKERS)  # cores for one job, never oversubscribed
TRAINING_MEMORY_MB = number("TRAINING_MEMORY_MB", 4096, least=256)
TRAINING_UPLOAD_MB = number("TRAINING_UPLOAD_MB", 500, least=1)
TRAINING_CLUSTER = env.str("TRAINING_CLUSTER", default="").strip()  # HOST:PORT of a Ray cluster

# Jobs of one person that may run at once, by kind; the others wait and let somebody else go first.
JOBS_PER_OWNER = number("JOBSITE_USER_JOBS", 0, least=0) or None

USER_QUEUED = number("JOBSITE_USER_QUEUED", 0, least=0)  # jobs that wait; 0: any number
FREE_MB = number("JOBSITE_FREE_MB", 256, least=0)  # of the data folder, which uploads leave free
USER_MB = number("JOBSITE_USER_MB", 0, least=0)  # bytes stored; 0: as much as there is
KEEP_LOG_DAYS = number("JOBSITE_KEEP_LOG_DAYS", 90, least=0)  # 0, here and below: for ever
KEEP_JOBS_DAYS = number("JOBSITE_KEEP_JOBS_DAYS", 0, least=0)
KEEP_UPLOADS_DAYS = number("JOBSITE_KEEP_UPLOADS_DAYS", 0, least=0)

# After which processes end that are started on demand: images, and the engine of downloads.
IDLE_SECONDS = number("JOBSITE_IDLE_SECONDS", 900, least=1)

WORKERS = {"training": TRAINING_WORKERS}  # of each django-q2 cluster that has not just one
Q_CLUSTER = {
    "name": "jobsite",
    "orm": "default",
    "broker_class": "jobsite.jobs.queue.broker.WakeUpBroker",
    "ALT_CLUSTERS": {name: {"workers": workers} for name, workers in WORKERS.items()},
    "workers": 1,
    # A message is a wake-up without identity, deleted as it is taken: nothing to retry, to keep
    # or to acknowledge. `retry` and `timeout` only have to be consistent; leases are our own.
    "queue_limit": 1,
    "bulk": 1,
    "retry": 86_400,
    "timeout": 80_000,
    "save_limit": -1,
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,
    "scheduler": False,
    "poll": 0.2,
}

# --- backups by the clock -----------------------------------------------------------------------
BACKUP_HOURS = number("JOBSITE_BACKUP_HOURS", 0, least=0)  # 0: none
BACKUP_KEEP = number("JOBSITE_BACKUP_KEEP", 7, least=1)
BACKUP_DIR = absolute("JOBSITE_BACKUP_DIR", DATA_DIR / "backups")

# --- downloads ----------------------------------------------------------------------------------
DOWNLOAD_DIR = folder("DOWNLOAD_DIR", DATA_DIR / "downloads")
DOWNLOAD_WATCH_DIR = absolute("DOWNLOAD_WATCH_DIR", DATA_DIR / "watch")
DOWNLOAD_ACTIVE = number("DOWNLOAD_ACTIVE", 200, least=1)
DOWNLOAD_MAX_DOWN_KB = number("DOWNLOAD_MAX_DOWN_KB", 0, least=0)
DOWNLOAD_MAX_UP_KB = number("DOWNLOAD_MAX_UP_KB", 0, least=0)
DOWNLOAD_UPLOAD_MB = number("DOWNLOAD_UPLOAD_MB", 100, least=1)
DOWNLOAD_FREE_MB = number("DOWNLOAD_FREE_MB", 1024, least=0)

# --- API ----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["jobsite.jobs.api.authentication.BearerToken"],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "jobsite.jobs.api.authentication.MayChange",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["jobsite.jobs.api.parsers.JSONObjectParser"],
    "DEFAULT_PAGINATION_CLASS": "jobsite.jobs.api.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": [
        "jobsite.jobs.api.query_words.KnownQueryWords",
        "django_filters.rest_framework.DjangoFilterBackend",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "jobsite.jobs.api.errors.explain",
    "URL_FORMAT_OVERRIDE": None,  # ?format= is that of an archive; answers are always JSON
}
SPECTACULAR_SETTINGS = {
    "TITLE": "jobsite",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "DISABLE_ERRORS_AND_WARNINGS": True,
    "ENUM_NAME_OVERRIDES": {"YesOrNoEnum": [("yes", "yes"), ("no", "no")]},
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": None, "TOKEN_PREFIX": "job_"}
KNOX_TOKEN_MODEL = "jobs.ApiToken"  # noqa: S105 (the name of a model)

# What was read above, and nothing else: a typing error stops the start, and a job's process gets
# these variables of the site's own.
env.refuse_unknown(os.environ)
VARIABLES = frozenset(env.known)
SECRET_VARIABLES = frozenset(env.secret)
