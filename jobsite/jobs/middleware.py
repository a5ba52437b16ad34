"""Every page needs a signed-in person, unless its view says otherwise."""

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRedirect


class SignedInMiddleware(LoginRequiredMiddleware):
    """Django's middleware, with an answer that htmx understands.

    A redirect would swap the sign-in page into the fragment that is being polled.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: object) -> HttpResponse:
        """Send to the sign-in page and back to the page that was open."""
        if request.htmx:  # type: ignore[attr-defined]
            page = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(redirect_to_login(page).url)
        return super().handle_no_permission(request, view_func)
