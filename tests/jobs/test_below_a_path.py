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
            return get(address + "/health/live")[0] == 200
        except OSError:
            return False

    wait_until(answers)
    yield address
    process.terminate()
    process.wait(PATIENCE)


def get(url: str, browser: urllib.request.OpenerDirector | None = None) -> tuple[int, str, dict]:
    opened = (browser or urllib.request.build_opener()).open(url, timeout=PATIENCE)
    with opened as answer:
        return answer.status, answer.read().decode(errors="replace"), dict(answer.headers)


def test_pages_files_and_programs_work_below_a_path(proxy: str, below: Site) -> None:
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = get(f"{proxy}/accounts/login/", browser)[1]
    host = proxy.removesuffix("/jobs")
    links = re.findall(r'(?:href|src)="(/[^"]*)"', page)
    assert links
    for link in links:
        assert link.startswith("/jobs/"), link
        assert get(host + link, browser)[0] == 200
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    fields = {"csrfmiddlewaretoken": token[1], "username": "ann", "password": PASSWORD}
    form = urllib.request.Request(
        f"{proxy}/accounts/login/",
        urllib.parse.urlencode(fields).encode(),
        {"Referer": f"{proxy}/accounts/login/"},
    )
    assert "ann" in browser.open(form, timeout=PATIENCE).read().decode()
    assert {(cookie.name, cookie.path) for cookie in jar} == {
        ("jobsite_session", "/jobs/"),
        ("jobsite_csrf", "/jobs/"),
    }
    for path in ("/", "/training/", "/downloads/", "/accounts/tokens/"):
        status, page, _ = get(proxy + path, browser)
        assert status == 200
        links = re.findall(r'(?:href|src|action|hx-get)="(/[^"]*)"', page)
        assert links
        assert [one for one in links if not one.startswith("/jobs/")] == []


def test_a_program_signs_in_below_a_path(proxy: str, below: Site) -> None:
    jar = http.cookiejar.CookieJar()
    program = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    fields = {"username": "ann", "password": below.token("ann")}
    body = urllib.parse.urlencode(fields).encode()
    with program.open(f"{proxy}/api/v2/auth/login", body, timeout=PATIENCE) as answer:
        assert answer.read() == b"Ok."
    assert get(f"{proxy}/api/v2/app/version", program)[0] == 200


def test_nginx_sends_a_table_whole_and_in_part(proxy: str, below: Site) -> None:
    token = below.token("ann")
    edge = "edge"
    rows = "x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(50))
    body = (
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n\r\n'
        f"{rows}\r\n--{edge}--\r\n"
    ).encode()
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": f"multipart/form-data; boundary={edge}",
    }
    sent = urllib.request.Request(f"{proxy}/api/v1/datasets/", body, headers)
    with urllib.request.urlopen(sent, timeout=PATIENCE) as answer:
        found = re.search(rb'"id": ?"([\w-]+)"', answer.read())
    assert found is not None
    address = f"{proxy}/training/datasets/{found[1].decode()}/file/"
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = get(f"{proxy}/accounts/login/", browser)[1]
    key = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert key is not None
    fields = {"csrfmiddlewaretoken": key[1], "username": "ann", "password": PASSWORD}
    browser.open(
        f"{proxy}/accounts/login/", urllib.parse.urlencode(fields).encode(), timeout=PATIENCE
    )
    _, text, answered = get(address, browser)
    assert text == rows
    assert "sandbox" in answered["Content-Security-Policy"]
    assert answered["X-Content-Type-Options"] == "nosniff"
    assert "t.csv" in answered["Content-Disposition"]
    browser.addheaders.append(("Range", "bytes=0-2"))
    assert get(address, browser)[:2] == (206, "x,y")
