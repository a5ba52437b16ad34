"""A client of qBittorrent's Web API that behaves as Sonarr's does."""

from django.test import Client

from downloads.models.download import Download

HASH = "c" * 40


MAGNET = f"magnet:?xt=urn:btih:{HASH}&dn=Some.Show.S01E01&tr=udp%3A%2F%2Ftracker.example.org%3A80"


class Sonarr:
    """Sonarr's QBittorrentProxyV2: cookies kept, a 403 answered by one more sign-in."""

    def __init__(self, name: str, password: str) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.name, self.password = name, password
        self.signed_in = False

    def sign_in(self) -> str:
        form = {"username": self.name, "password": self.password}
        response = self.client.post("/api/v2/auth/login", form)
        self.signed_in = True
        return response.content.decode()

    def process(self, send):
        if not self.signed_in:
            assert self.sign_in() == "Ok."
        response = send()
        if response.status_code == 403:
            assert self.sign_in() == "Ok."
            response = send()
        assert response.status_code == 200, (response.status_code, response.content)
        return response

    def get(self, resource: str, **query):
        return self.process(lambda: self.client.get(f"/api/v2/{resource}", query))

    def post(self, resource: str, **form) -> str:
        send = lambda: self.client.post(f"/api/v2/{resource}", form)  # noqa: E731
        return self.process(send).content.decode()


def mine() -> Download:
    return Download.objects.get(info_hash=HASH)
