"""Debian's chromium through Playwright, looking at a real site."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.waiting import PATIENCE

# Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENT = PATIENCE * 1000  # milliseconds, as Playwright counts
expect.set_options(timeout=PATIENT)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def plain_page(browser: Browser, site) -> Iterator[Page]:
    """A fresh page on the site in a browser without JavaScript."""
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    context.set_default_timeout(PATIENT)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(browser: Browser, site) -> Iterator[Page]:
    """A fresh page on the site; any script error or refused content fails the test."""
    context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENT)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def signed_in(page: Page, owner) -> Page:
    """The page after signing in by hand."""
    page.goto("/")
    page.get_by_label("User name").or_(page.get_by_label("Username")).fill(owner.username)
    page.get_by_label("Password").fill("site-secret-1")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page
