"""Every page needs a signed-in person, unless its view says otherwise."""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from jobsite.jobs.accounts import second_factor
from jobsite.jobs.models.allowance import OverAllowance


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
        return super().handle_no_permission(request, view_func)
