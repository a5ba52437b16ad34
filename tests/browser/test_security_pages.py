"""Every page that links lead to, in a browser that reports what the policy refuses."""

from urllib.parse import urldefrag, urlsplit

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page

from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.queue import submit
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

pytestmark = [pytest.mark.browser, pytest.mark.tree, pytest.mark.xdist_group("tree")]

WATCH = """
document.addEventListener("securitypolicyviolation", event => console.error(
  `refused: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))
"""
# Without these the crawl would follow every way of sorting and filtering a list.
ONE_QUERY_EACH = 1
MOST = 100


@pytest.fixture
def administrator(signed_in: Page, owner, site, tmp_path) -> Page:
    """Somebody who may see everything, with something of each kind to see."""
    get_user_model().objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    ApiToken.make(owner, "<b>token</b>", 30, read_only=True)
    table = tmp_path / "<img src=x onerror=alert(1)>.csv"
    table.write_text("x,y\n" + "".join(f"{n * n % 11},{n % 2}\n" for n in range(40)))
    words = ["--target", "y", "--algorithms", "tree", "--wait", "--user", owner.username]
    done = site.manage("train", str(table), *words)
    assert done.returncode == 0, done.stderr
    table_of = Dataset.objects.filter(owner=owner).first()
    job = TrainingJob(owner=owner, name="another", dataset=table_of, target="y")
    submit(job)
    JobEvent.objects.create(kind="training", job_id=job.pk, text="<img src=x onerror=alert(1)>")
    signed_in.add_init_script(WATCH)
    return signed_in


def links(page: Page, site: str, seen: dict[str, int]) -> set[str]:
    """The addresses of this site on a page that are worth a visit."""
    found = set()
    for address in page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)"):
        address = urldefrag(address).url
        parts = urlsplit(address)
        # Files have their own policy.
        elsewhere = ("/file/", "/files/", "/models/", "/plots/", "/logout/")
        if not address.startswith(site) or any(part in parts.path for part in elsewhere):
            continue
        if parts.query and seen.get(parts.path, 0) >= ONE_QUERY_EACH:
            continue
        seen[parts.path] = seen.get(parts.path, 0) + 1
        found.add(address)
    return found


def test_no_page_asks_for_what_the_policy_refuses(administrator: Page, site):
    page = administrator
    more = [f"{site.url}{path}" for path in ("/", "/admin/", "/accounts/second-factor/")]
    visited: set[str] = set()
    seen: dict[str, int] = {}
    while more and len(visited) < MOST:
        address = more.pop(0)
        if address in visited:
            continue
        visited.add(address)
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy, address
        assert "unsafe" not in policy, address
        more += sorted(links(page, site.url, seen) - visited)
    paths = {urlsplit(address).path for address in visited}
    assert len(paths) > 40
    for expected in ("/admin/auth/user/add/", "/accounts/tokens/", "/training/new/"):
        assert expected in paths


def test_setting_up_a_second_factor_in_a_browser(signed_in: Page, site, owner):
    from django_otp.oath import totp
    from django_otp.plugins.otp_totp.models import TOTPDevice

    page = signed_in
    page.goto("/accounts/second-factor/")
    page.get_by_role("button", name="Set it up").click()
    picture = page.locator("img.qr")
    assert picture.evaluate("image => image.naturalWidth") > 100
    device = TOTPDevice.objects.get(user=owner)
    page.get_by_label("Code").fill(f"{totp(device.bin_key):06d}")
    page.get_by_role("button", name="Turn it on").click()
    code = page.locator(".codes code").first.inner_text()
    page.context.clear_cookies()
    page.goto("/training/")
    page.get_by_label("Username").fill(owner.username)
    page.get_by_label("Password").fill("site-secret-1")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/training/")
