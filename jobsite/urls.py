"""The addresses of the site."""

from importlib import import_module

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView, PasswordResetConfirmView
from django.urls import include, path, reverse_lazy
from django.views.decorators.http import require_POST
from rest_framework.routers import SimpleRouter

from jobsite.jobs.accounts import people_views, second_factor_views
from jobsite.jobs.accounts import views as accounts
from jobsite.jobs.api.schema import Schema
from jobsite.jobs.api.version import Version
from jobsite.jobs.models.kinds import job_apps
from jobsite.jobs.monitoring import health
from jobsite.jobs.monitoring.dashboard import Dashboard, Release
from jobsite.jobs.monitoring.metrics import metrics
from jobsite.jobs.notifications import views as notifications
from jobsite.jobs.notifications.api import ChannelViewSet
from jobsite.jobs.web.manifest import manifest
from jobsite.jobs.web.samples import TrySample

# Each app with kinds of jobs has `pages`, a list of patterns, and `register(router)` for the API.
kinds = [import_module(f"{app.name}.urls") for app in job_apps()]

router = SimpleRouter(use_regex_path=False)
for module in kinds:
    module.register(router)
router.register("notifications", ChannelViewSet, basename="channels")

# The API has its own sign-in: tokens, and 401 instead of a redirect.
api = [
    path("schema/", Schema.as_view(), name="api-schema"),
    path("version/", Version.as_view(), name="api-version"),
    *router.urls,
]
for pattern in api:
    assert pattern.callback is not None
    pattern.callback = login_not_required(pattern.callback)

handler404 = "jobsite.jobs.api.errors.not_found"
handler500 = "jobsite.jobs.api.errors.server_error"

urlpatterns = [
    path("", Dashboard.as_view(), name="dashboard"),
    path("manifest.webmanifest", manifest, name="manifest"),
    path("try/<slug:kind>/<slug:key>/", TrySample.as_view(), name="try-sample"),
    path("release/", Release.as_view(), name="release"),
    *(pattern for module in kinds for pattern in module.pages),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path(
        "accounts/link/<str:uid>/<str:token>/",
        login_not_required(accounts.SignInLink.as_view()),
        name="sign-in-link",
    ),
    path(
        "accounts/forgotten/",
        people_views.ForgottenPassword.as_view(),
        name="password_reset",
    ),
    path(
        "accounts/reset/<uidb64>/<token>/",
        PasswordResetConfirmView.as_view(
            template_name="registration/new_password.html", success_url=reverse_lazy("login")
        ),
        name="password_reset_confirm",
    ),
    path("accounts/people/", people_views.People.as_view(), name="people"),
    path("accounts/people/<int:pk>/link/", people_views.MakeLink.as_view(), name="person-link"),
    path("accounts/password/", accounts.Password.as_view(), name="password"),
    path("accounts/code/", second_factor_views.SecondFactor.as_view(), name="second-factor"),
    path(
        "accounts/second-factor/", second_factor_views.SetUp.as_view(), name="second-factor-setup"
    ),
    path("accounts/tokens/", accounts.Tokens.as_view(), name="tokens"),
    path(
        "accounts/tokens/<str:digest>/revoke/",
        require_POST(accounts.revoke_token),
        name="revoke-token",
    ),
    path("accounts/notifications/", notifications.Notifications.as_view(), name="notifications"),
    path(
        "accounts/notifications/<uuid:pk>/test/",
        notifications.SendTest.as_view(),
        name="test-channel",
    ),
    path(
        "accounts/notifications/<uuid:pk>/remove/",
        notifications.RemoveChannel.as_view(),
        name="remove-channel",
    ),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", include(api)),
    path(
        "admin/login/",
        login_not_required(people_views.AdminSignIn.as_view()),
        name="admin-sign-in",  # in front of the admin panel's own
    ),
    path("admin/", admin.site.urls),
]
