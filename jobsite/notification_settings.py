"""Settings of notifications for people and programs when a job ends; part of `settings`."""

from pathlib import Path

from jobsite.environment import email, env, networks

# Hosts of the site's own network that a webhook may reach; without it, public addresses alone.
WEBHOOK_NETWORKS = networks("JOBSITE_WEBHOOK_NETWORKS")

# Programs are defined in the admin panel; what may be run lies in this folder, which whoever owns
# the machine fills. Unset: none runs.
_folder = env.str("JOBSITE_PROGRAM_DIR", default="")
PROGRAM_DIR = Path(_folder).expanduser().absolute() if _folder else None

_mail = email("JOBSITE_EMAIL_URL")
SENDS_EMAIL = bool(_mail)
EMAIL_BACKEND = _mail.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _mail.get("EMAIL_FILE_PATH", "")
EMAIL_TIMEOUT = 15
