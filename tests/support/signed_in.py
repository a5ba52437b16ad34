"""Somebody who uses a site with a browser that has cookies and no scripts."""

import http.cookiejar
import re
import urllib.parse
import urllib.request
from http.client import HTTPResponse
from typing import NamedTuple

from tests.support.waiting import PATIENCE


class Page(NamedTuple):
    """An answer of the site."""

    status: int
    text: str
    headers: dict[str, str]


class SignedIn:
    """A person who has sent the form of the sign-in page of a site at an address."""

    def __init__(self, address: str, name: str, password: str) -> None:
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        handler = urllib.request.HTTPCookieProcessor(self.cookies)
        self.browser = urllib.request.build_opener(handler)
        token = re.search(
            r'name="csrfmiddlewaretoken" value="(\w+)"', self.get("/accounts/login/").text
        )
        assert token is not None
        fields = {"csrfmiddlewaretoken": token[1], "username": name, "password": password}
        form = urllib.request.Request(
            f"{address}/accounts/login/",
            urllib.parse.urlencode(fields).encode(),
            {"Referer": f"{address}/accounts/login/"},
        )
        self.first = self.read(form)

    def get(self, path: str, **headers: str) -> Page:
        """Open a page of the site."""
        return self.read(urllib.request.Request(self.address + path, headers=headers))

    def read(self, request: urllib.request.Request) -> Page:
        """Send a request with the cookies."""
        answer: HTTPResponse
        with self.browser.open(request, timeout=PATIENCE) as answer:
            text = answer.read().decode(errors="replace")
            return Page(answer.status, text, dict(answer.headers))
