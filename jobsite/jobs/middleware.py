"""Every page needs a signed-in person, unless its view says otherwise."""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect


class SignedInMiddleware(LoginRequiredMiddleware):
    """Django's middleware, with an answer that htmx understands.

    A redirect would swap the sign-in page into the fragment that is being polled. And a page and
    its fragment share an address: without `Vary` the Back button shows the bare fragment.
    """

    def __call__(self, request: Any) -> Any:
        """Tell caches what the answer depends on."""
        response: Any = super().__call__(request)
        patch_vary_headers(response, ["HX-Request"])
        return response

    def handle_no_permission(self, request: Any, view_func: Any) -> Any:
        """Send to the sign-in page and back to the page that was open."""
        if request.htmx:
            page = request.htmx.current_url_abs_path or "/"
            return HttpResponseClientRedirect(redirect_to_login(page).url)
        return super().handle_no_permission(request, view_func)
