"""Sign-in and sign-out of qBittorrent's clients."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from downloads.qbittorrent.base import Bridge, answer
from downloads.qbittorrent.session import COOKIE, LASTS, PATH, Locked, sign_in, sign_out


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class Login(View):
    """Start a session; the answer is a word."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return `Ok.` with a cookie, or `Fails.`"""
        name, password = request.POST.get("username", ""), request.POST.get("password", "")
        try:
            key = sign_in(request, name, password)
        except Locked:
            return answer("Too many wrong tries. Wait a quarter of an hour.", 403)
        if key is None:
            return answer("Fails.")
        response = answer("Ok.")
        response.set_cookie(
            COOKIE,
            key,
            LASTS,
            path=PATH,
            httponly=True,
            samesite="Strict",
            secure=request.is_secure(),
        )
        return response


class Logout(Bridge):
    """End the session of the caller."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """End the session; its cookie opens nothing any more."""
        sign_out(request)
        response = answer("Ok.")
        response.delete_cookie(COOKIE, path=PATH)
        return response
