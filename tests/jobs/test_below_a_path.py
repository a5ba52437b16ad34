"""A site at https://host/path behind a real nginx that strips the path, and one that does not."""

import http.cookiejar
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.running_site import Site
from tests.support.signed_in import SignedIn
from tests.support.waiting import PATIENCE, wait_until

pytestmark = [pytest.mark.tree, pytest.mark.xdist_group("below")]
PASSWORD = "below-secret-1"
CONFIGURATION = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        location /jobs/ {{
            proxy_pass http://127.0.0.1:{site}{end};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
        location /.files/data/ {{
            internal;
            add_header Content-Security-Policy $upstream_http_content_security_policy;
            add_header X-Content-Type-Options nosniff;
            alias {data}/;
        }}
    }}
}}
user root;
"""


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def below(port, tmp_path_factory) -> Iterator[Site]:
    """A site whose address has a path, with a person in it."""
    address = f"http://127.0.0.1:{port}/jobs"
    site = Site(
        tmp_path_factory.mktemp("below"),
        {"JOBSITE_BASE_URL": address, "JOBSITE_PROXIES": "1", "JOBSITE_ACCEL": "1"},
    ).start()
    code = (
        "from django.contrib.auth import get_user_model as model\n"
        f"model().objects.create_user('ann', password={PASSWORD!r})"
    )
    assert site.manage("shell", "-c", code).returncode == 0
    yield site
    site.stop()


@pytest.fixture(params=["", "/"], ids=["keeps the path", "strips the path"])
def proxy(request, below: Site, port: int, tmp_path: Path) -> Iterator[str]:
    """The address of nginx before it."""
    if not shutil.which("nginx"):
        pytest.skip("nginx is not installed: run `make programs`")
    text = CONFIGURATION.format(
        folder=tmp_path, port=port, site=below.port, end=request.param, data=below.folder / "data"
    )
    (tmp_path / "nginx.conf").write_text(text)
    process = subprocess.Popen(["nginx", "-c", tmp_path / "nginx.conf", "-e", tmp_path / "e"])
    address = f"http://127.0.0.1:{port}/jobs"

    def answers() -> bool:
        try:
            return get(address + "/health/live") == 200
        except OSError:
            return False

    wait_until(answers)
    yield address
    process.terminate()
    process.wait(PATIENCE)


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return int(answer.status)


def links_of(page: str) -> list[str]:
    return re.findall(r'(?:href|src|action|hx-get)="(/[^"]*)"', page)


def test_pages_and_files_work_below_a_path(proxy: str, below: Site) -> None:
    with urllib.request.urlopen(f"{proxy}/accounts/login/", timeout=PATIENCE) as answer:
        links = links_of(answer.read().decode())
    assert links
    for link in links:
        assert link.startswith("/jobs/"), link
        assert get(proxy.removesuffix("/jobs") + link) == 200
    person = SignedIn(proxy, "ann", PASSWORD)
    assert "ann" in person.first.text
    assert {(cookie.name, cookie.path) for cookie in person.cookies} == {
        ("jobsite_session", "/jobs/"),
        ("jobsite_csrf", "/jobs/"),
    }
    for path in ("/", "/training/", "/downloads/", "/accounts/tokens/"):
        page = person.get(path)
        assert page.status == 200
        links = links_of(page.text)
        assert links
        assert [one for one in links if not one.startswith("/jobs/")] == []


def test_a_program_signs_in_below_a_path(proxy: str, below: Site) -> None:
    jar = http.cookiejar.CookieJar()
    program = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    fields = {"username": "ann", "password": below.token("ann")}
    body = urllib.parse.urlencode(fields).encode()
    with program.open(f"{proxy}/api/v2/auth/login", body, timeout=PATIENCE) as answer:
        assert answer.read() == b"Ok."
    with program.open(f"{proxy}/api/v2/app/version", timeout=PATIENCE) as answer:
        assert answer.status == 200


def test_nginx_sends_a_table_whole_and_in_part(proxy: str, below: Site) -> None:
    rows = "x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(50))
    table = below.upload(
        "/api/v1/datasets/", below.token("ann"), "file", {"t.csv": rows.encode()}, url=proxy
    )
    address = f"/training/datasets/{table['id']}/file/"
    person = SignedIn(proxy, "ann", PASSWORD)
    whole = person.get(address)
    assert whole.text == rows
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert "t.csv" in whole.headers["Content-Disposition"]
    part = person.get(address, Range="bytes=0-2")
    assert (part.status, part.text) == (206, "x,y")
