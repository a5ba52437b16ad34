"""One POST to an address that a user entered, which must not open a way into our own network.

The name is resolved once; each address that it stands for is checked, and the connection is made to
an address that was checked, so that a name which resolves differently the next time (DNS rebinding)
gains nothing. Redirects are not followed: they would lead past the check.
"""

import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from jobsite.jobs.models.notification import Delivery
from jobsite.jobs.networks import Network, may_connect
from jobsite.jobs.notifications.message import NotDelivered, message_of

WAIT = 10.0  # seconds for each step
WAIT_IN_ALL = 20.0
MOST_READ = 1024  # bytes of an answer; nothing of it is needed but its status
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Place:
    """The target of a webhook: the parts of its URL, checked."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The host as a request names it (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def read_place(url: str) -> Place:
    """Return the parts of a URL. Raises NotDelivered if it cannot be used."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotDelivered(f"The address cannot be read: {error}.", for_good=True) from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise NotDelivered("The address has to begin with https:// or http://.", for_good=True)
    if parts.username is not None or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise NotDelivered(
            "The address may hold neither a user name nor blanks nor letters beyond ASCII.",
            for_good=True,
        )
    return Place(parts.scheme, parts.hostname, port or PORTS[parts.scheme], path_of(parts))


def path_of(parts: SplitResult) -> str:
    """Return the path and query of a URL."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def sign(secret: str, stamp: str, body: bytes) -> str:
    """Return the signature: HMAC-SHA256 over the time stamp, a full stop and the body, in hex."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def addresses(place: Place, allowed: Sequence[Network]) -> list[str]:
    """Return the addresses of a host, all of them checked. Raises NotDelivered."""
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotDelivered(f"There is no host named {place.host} ({error}).") from error
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in texts:
        if not may_connect(ipaddress.ip_address(text.partition("%")[0]), allowed):
            raise NotDelivered(
                f"{place.host} is {text}, which is not an address of the public internet. An "
                "operator can allow such networks with JOBSITE_WEBHOOK_NETWORKS.",
                for_good=True,
            )
    return texts


def connect(place: Place, allowed: Sequence[Network]) -> socket.socket:
    """Connect to an address that was checked. Raises NotDelivered."""
    failure: OSError | None = None
    for address in addresses(place, allowed):
        try:
            return socket.create_connection((address, place.port), timeout=WAIT)
        except OSError as error:
            failure = error
    raise NotDelivered(f"{place.host} could not be reached: {failure}.") from failure


def post(url: str, body: bytes, headers: Mapping[str, str], allowed: Sequence[Network] = ()) -> str:
    """Deliver a body; return the status line of the answer. Raises NotDelivered."""
    place = read_place(url)
    connection = http.client.HTTPConnection(place.host, place.port)
    connection.sock = connect(place, allowed)
    # Whoever answers a byte at a time would hold us for ever: each wait ends, their sum does not.
    end = threading.Timer(WAIT_IN_ALL, hang_up, [connection])
    end.start()
    try:
        if place.scheme == "https":
            secure(connection, place.host)
        answer = exchange(connection, place, body, headers)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = str(error) or "it hung up"
        raise NotDelivered(f"{place.host} gave no answer: {reason}.") from error
    finally:
        end.cancel()
        connection.close()
    return judged(answer)


def secure(connection: http.client.HTTPConnection, host: str) -> None:
    """Start TLS on a connection and verify the certificate for the host's name."""
    context = ssl.create_default_context()
    wrapped = context.wrap_socket(
        connection.sock, server_hostname=host, do_handshake_on_connect=False
    )
    connection.sock = wrapped
    wrapped.do_handshake()


def exchange(
    connection: http.client.HTTPConnection, place: Place, body: bytes, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """Send the request and return the beginning of the answer."""
    connection.putrequest("POST", place.path, skip_host=True, skip_accept_encoding=True)
    sent = {"Host": place.host_header, **headers, "Content-Length": str(len(body))}
    for name, value in sent.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    answer.read(MOST_READ)
    return answer


def judged(answer: http.client.HTTPResponse) -> str:
    """Return a status that means success. Raises NotDelivered for any other."""
    status = f"{answer.status} {answer.reason}".strip()[:100]
    if 300 <= answer.status < 400:
        sentence = f"{status}: redirects are not followed; name the address that it leads to."
        raise NotDelivered(sentence, for_good=True)
    if answer.status >= 400:
        raise NotDelivered(f"The answer was {status}.", for_good=answer.status == 410)
    return status


def hang_up(connection: http.client.HTTPConnection) -> None:
    """Close a connection that lasts too long, whoever reads from it."""
    with contextlib.suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def send_webhook(delivery: Delivery) -> str:
    """POST a notification as signed JSON."""
    channel = delivery.channel
    body = json.dumps(message_of(delivery)).encode()
    stamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "jobsite",
        "X-Jobsite-Delivery": str(delivery.pk),
        "X-Jobsite-Timestamp": stamp,
        "X-Jobsite-Signature": f"sha256={sign(channel.secret, stamp, body)}",
    }
    return post(channel.url, body, headers, settings.WEBHOOK_NETWORKS)
