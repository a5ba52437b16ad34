"""Settings of what a browser may load and of how people sign in; part of `settings`."""

from datetime import timedelta

from csp.constants import NONE, SELF

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "jobsite.jobs.accounts.second_factor.PeopleBackend",
]
# A name is locked for one address only, so that nobody can lock the owner out from elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 8
# Names can be made up without end, so an address is locked, too, for all names.
AXES_HANDLER = "jobsite.jobs.accounts.sign_in_attempts.AttemptsHandler"
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "jobsite.jobs.accounts.client_address.address"
AXES_USERNAME_CALLABLE = "jobsite.jobs.accounts.client_address.claimed_name"
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
