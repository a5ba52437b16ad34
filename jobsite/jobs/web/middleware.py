"""Every page needs a signed-in person, unless its view says otherwise."""

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, get_script_prefix, resolve, reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from jobsite.jobs.accounts import second_factor
from jobsite.jobs.models.allowance import OverAllowance
from jobsite.jobs.web.request_log import LOOKING

SIGNED_OUT = "You were signed out. Sign in to go on; what you pressed last was not done."


class SignedInMiddleware(LoginRequiredMiddleware):
    """Django's middleware, with an answer that htmx understands.

    A redirect would swap the sign-in page into the fragment that is being polled. And a page and
    its fragment share an address: without `Vary` the Back button shows the bare fragment.
    """

    def __call__(self, request: Any) -> Any:
        """Add the `Vary` that caches need."""
        response: Any = super().__call__(request)
        patch_vary_headers(response, ["HX-Request"])
        return response

    def process_exception(self, request: Any, exception: Exception) -> Any:
        """Show the sentence of an exceeded allowance on a page."""
        if isinstance(exception, OverAllowance):
            told = {"sentence": str(exception), "code": exception.status_code}
            return render(request, "jobs/refused.html", told, status=exception.status_code)
        return None

    def process_view(self, request: Any, view_func: Any, *args: Any) -> Any:
        """Ask for the second factor before any view, the admin's and the one-time link's too."""
        refusal = super().process_view(request, view_func, *args)
        guarded = getattr(view_func, "login_required", True) and request.user.is_authenticated
        if refusal is not None or not guarded:
            return refusal
        if request.resolver_match.view_name in second_factor.OPEN:
            return None
        return self.ask_second_factor(request) if second_factor.is_owed(request) else None

    def ask_second_factor(self, request: Any) -> Any:
        """Redirect to the page that asks for the code, and from there back."""
        page = request.htmx.current_url_abs_path if request.htmx else request.get_full_path()
        answer = redirect_to_login(page or "/", reverse("second-factor"))
        return HttpResponseClientRedirect(answer.url) if request.htmx else answer

    def handle_no_permission(self, request: Any, view_func: Any) -> Any:
        """Send to the sign-in page, and back to the page that was open."""
        if request.htmx:
            page = request.htmx.current_url_abs_path or "/"
            return HttpResponseClientRedirect(redirect_to_login(page).url)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            messages.info(request, SIGNED_OUT)
        if request.method in LOOKING:
            return super().handle_no_permission(request, view_func)
        # What was pressed cannot be pressed again by the sign-in; the page with its button can.
        return redirect_to_login(page_before(request))


class PostOnly:
    """Middleware that leads back from an address which only takes a form, instead of a bare 405.

    Browsers come there by the Back button, a reload or a link that somebody kept.
    """

    def __init__(self, get_response: Callable[[Any], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        """Return the answer of the view, or a redirect to the page above it."""
        response = self.get_response(request)
        is_page = "text/html" in request.headers.get("Accept", "")
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET":
            return redirect(page_above(request.path_info)) if is_page else response
        return response


def page_before(request: Any) -> str:
    """Return the address of this site's page on which a form was sent, or the one above it."""
    sender = urlsplit(request.headers.get("Referer", ""))
    if sender.netloc == request.get_host() and url_has_allowed_host_and_scheme(sender.path, None):
        return f"{sender.path}?{sender.query}" if sender.query else sender.path
    return page_above(request.path_info)


def page_above(path: str) -> str:
    """Return the nearest address above a path that the site has."""
    while path := path.rstrip("/").rpartition("/")[0]:
        with suppress(Resolver404):
            resolve(f"{path}/")
            return f"{get_script_prefix()}{path.lstrip('/')}/"
    return get_script_prefix()
