"""Pasted text -> links: magnet links and bare info hashes, one per line.

Every line gets an answer: a link in canonical form, or a sentence saying why not. Runs in the web
process, therefore without libtorrent, and quick enough for thousands of lines.
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from downloads.metainfo.file_numbers import as_ranges, selected_files
from downloads.metainfo.hosts import may_contact
from downloads.metainfo.info_hashes import (
    EXPECTED,
    BadLink,
    bare_info_hash,
    info_hash_of_topic,
)
from downloads.names import display_name
from jobsite.jobs.networks import Network, is_inside

MAX_LINE = 65_536
MAX_TRACKERS = 200
MAX_FIELDS = 1000
MAX_PEERS = 10
MAX_WEB_SEEDS = 20
MAX_ADDRESS = 500
WEB_SCHEMES = {"http", "https"}
TRACKER_SCHEMES = {*WEB_SCHEMES, "udp"}

_ONE_WORD = re.compile(r"[0-9a-zA-Z]+\Z")
_QUOTES = (
    "\"'`<>,;\u201c\u201d\u2018\u2019\u00ab\u00bb"  # as mail and chat programs put around a link
)


@dataclass(frozen=True)
class Link:
    """The torrent that a line names.

    At least one of the two info hashes is given, in lower-case hex.
    """

    v1: str = ""
    v2: str = ""
    name: str = ""
    trackers: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    web_seeds: tuple[str, ...] = ()
    """Addresses of http servers that have the same files (BEP 19)."""
    files: tuple[int, ...] = ()
    """The numbers of the files that alone are wanted; empty: all (BEP 53)."""
    remarks: tuple[str, ...] = field(default=(), compare=False)
    """What of the line was left out, in sentences."""

    @property
    def key(self) -> str:
        """The info hash by which the torrent is known here: v1 if there is one."""
        return self.v1 or self.v2

    @property
    def magnet(self) -> str:
        """The link in canonical form."""
        parts = [f"xt=urn:btih:{self.v1}"] if self.v1 else []
        parts += [f"xt=urn:btmh:1220{self.v2}"] if self.v2 else []
        parts += [f"dn={quote(self.name, safe='')}"] if self.name else []
        parts += [f"tr={quote(tracker, safe='')}" for tracker in self.trackers]
        parts += [f"x.pe={peer}" for peer in self.peers]
        parts += [f"ws={quote(url, safe='')}" for url in self.web_seeds]
        parts += [f"so={as_ranges(self.files)}"] if self.files else []
        return "magnet:?" + "&".join(parts)


@dataclass(frozen=True)
class PastedLine:
    """A line of the paste and its result: a link, or a reason why not."""

    number: int
    text: str
    link: Link | None = None
    reason: str = ""
    repeats: int | None = None
    """The number of an earlier line that names the same torrent."""


def parse(text: str, allowed: Sequence[Network] = ()) -> list[PastedLine]:
    """Read a paste. Blank lines and lines that begin with `#` get no answer.

    `allowed` are private networks in which trackers and peers may be contacted.
    """
    return list(_lines(text, tuple(allowed)))


def _lines(text: str, allowed: tuple[Network, ...]) -> Iterator[PastedLine]:
    seen: dict[str, int] = {}
    for number, raw in enumerate(text.replace("\ufeff", "").splitlines(), start=1):
        line = raw.strip().strip(_QUOTES).strip()
        if not line or line.startswith("#"):
            continue
        shown = line[:200]
        try:
            link = parse_link(line, allowed)
        except BadLink as error:
            yield PastedLine(number, shown, reason=str(error))
            continue
        known = [seen[h] for h in (link.v1, link.v2) if h in seen]
        for info_hash in filter(None, (link.v1, link.v2)):
            seen.setdefault(info_hash, number)
        yield PastedLine(number, shown, link=link, repeats=known[0] if known else None)


def parse_link(line: str, allowed: tuple[Network, ...] = ()) -> Link:
    """Read one line. Raises BadLink with the reason if it is no usable link."""
    if len(line) > MAX_LINE:
        raise BadLink(
            f"This line has {len(line):,} characters; a link has at most {MAX_LINE:,}. "
            "Put each link on a line of its own."
        )
    if line[:7].lower() == "magnet:":
        return _magnet(line, allowed)
    if line[:4].lower() == "urn:":
        return replace(Link(), **info_hash_of_topic(line))
    if _ONE_WORD.match(line):
        return replace(Link(), **bare_info_hash(line))
    raise BadLink(_what_it_is_instead(line))


def _magnet(line: str, allowed: tuple[Network, ...]) -> Link:
    query = line[7:].removeprefix("?")
    while "&amp;" in query:  # a page that escapes what was escaped gives &amp;amp;
        query = query.replace("&amp;", "&")
    if query.count("&") >= MAX_FIELDS:
        raise BadLink(f"This magnet link has more than {MAX_FIELDS:,} parts. Copy it again.")
    given: dict[str, list[str]] = {}
    for part in query.split("&"):
        key, value = _field(part)
        given.setdefault(key, []).append(value)
    hashes = _hashes(given.get("xt", []))
    trackers, chosen = given.get("tr", []), next(iter(given.get("so", [])), "")
    usable, files = usable_trackers(trackers, allowed), selected_files(chosen)
    seeds = given.get("ws", [])
    web_seeds = usable_web_seeds(seeds, allowed)
    remarks = [*left_out(trackers, usable, seeds, web_seeds)]
    if chosen and not files:
        remarks.append(f"Which files are wanted cannot be read (“so={chosen[:40]}”): all are.")
    return Link(
        **hashes,
        name=next(filter(None, map(display_name, given.get("dn", []))), ""),
        trackers=tuple(usable),
        peers=tuple(usable_peers([one.strip() for one in given.get("x.pe", [])], allowed)),
        web_seeds=tuple(web_seeds),
        files=files,
        remarks=tuple(remarks),
    )


def _hashes(topics: Sequence[str]) -> dict[str, str]:
    """Return the info hashes by version. Raises BadLink if there is none or they differ."""
    hashes: dict[str, str] = {}
    for topic in topics:
        if topic.lower().startswith(("urn:btih:", "urn:btmh:")):
            for version, info_hash in info_hash_of_topic(topic).items():
                if hashes.setdefault(version, info_hash) != info_hash:
                    raise BadLink(
                        "This magnet link names two different torrents. Put each on its own line."
                    )
    if not hashes:
        raise BadLink(_no_topic(topics))
    return hashes


def _field(part: str) -> tuple[str, str]:
    """Return the name and the value of a part of a magnet link. Only in names + is a blank."""
    key, _, value = part.partition("=")
    key = unquote(key).lower()
    key = key if key.startswith("x.") else key.partition(".")[0]
    return key, (unquote_plus if key == "dn" else unquote)(value, errors="replace")


def left_out(
    trackers: Sequence[str], usable: Sequence[str], seeds: Sequence[str], web_seeds: Sequence[str]
) -> Iterator[str]:
    """Yield sentences about addresses that are not contacted."""
    given = {one for text in trackers for one in _addresses(text)}
    if missing := len(given) - len(usable):
        yield (
            f"Trackers left out: {missing} of {len(given)}. Those of http, https and udp on public "
            f"hosts are asked, {MAX_TRACKERS} at most."
        )
    named = {one for text in seeds for one in _addresses(text)}
    if missing := len(named) - len(web_seeds):
        yield (
            f"Web seeds left out: {missing} of {len(named)}. Those of http and https on public "
            f"hosts are asked, {MAX_WEB_SEEDS} at most."
        )


def _no_topic(topics: Sequence[str]) -> str:
    if topics:
        return (
            f"This magnet link is not of BitTorrent ({topics[0][:30]}). "
            "Use one with xt=urn:btih: or xt=urn:btmh:."
        )
    return "This magnet link names no torrent: it has no xt=urn:btih:… part. Copy it again, whole."


def usable_trackers(urls: Sequence[str], allowed: tuple[Network, ...] = ()) -> list[str]:
    """Return the trackers that may be asked: http, https or udp, on a permitted host."""
    return _usable(urls, TRACKER_SCHEMES, allowed)[:MAX_TRACKERS]


def usable_web_seeds(urls: Sequence[str], allowed: tuple[Network, ...] = ()) -> list[str]:
    """Return the web seeds that may be asked: http or https, on a permitted host."""
    return _usable(urls, WEB_SCHEMES, allowed)[:MAX_WEB_SEEDS]


def _usable(urls: Sequence[str], schemes: set[str], allowed: tuple[Network, ...]) -> list[str]:
    every = dict.fromkeys(one for text in urls for one in _addresses(text))
    return [url for url in every if _is_usable(url, schemes, allowed)]


def _addresses(text: str) -> list[str]:
    """Return the addresses in a text: some put blanks around them, or several in one."""
    return [one.strip() for one in text.splitlines() if one.strip()]


def _is_usable(url: str, schemes: set[str], allowed: tuple[Network, ...]) -> bool:
    if len(url) > MAX_ADDRESS or not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in schemes or port == 0 or not parts.hostname:
        return False
    # A user name in an address only serves to make it look like another one.
    return "@" not in parts.netloc and may_contact(parts.hostname, allowed)


def usable_peers(peers: Sequence[str], allowed: Sequence[Network]) -> list[str]:
    """Return the peers inside the allowed networks: elsewhere trackers and DHT find them."""
    kept = []
    for peer in peers[: MAX_PEERS * 10] if allowed else ():
        host, _, port = peer.rpartition(":")
        try:
            inside = is_inside(ipaddress.ip_address(host.strip("[]")), allowed)
        except ValueError:
            continue
        if inside and port.isascii() and port.isdigit() and 0 < int(port) < 65536:
            kept.append(peer)
    return kept[:MAX_PEERS]


def _what_it_is_instead(line: str) -> str:
    """Return what the line is, and what to paste in its place."""
    if "magnet:?" in line.lower():
        return "There is text before the magnet link. Put each link alone on its line."
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]+):", line)
    name = scheme[1].lower() if scheme else ""
    if name in {"http", "https", "ftp"} and line.lower().partition("?")[0].endswith(".torrent"):
        return "This is the address of a .torrent file. Fetch the file, then upload it here."
    if name in {"http", "https", "ftp"}:
        return "This is the address of a web page. Paste the magnet link that is on the page."
    if name == "ed2k":
        return "This is an eDonkey link, which is another network. Paste a BitTorrent magnet link."
    if (
        name == "file"
        or line.startswith(("/", "~", "./", "\\"))
        or re.match(r"[a-zA-Z]:[\\/]", line)
    ):
        return "This is the path of a file. Upload the .torrent file instead of naming it."
    if line.lower().endswith(".torrent"):
        return "This is the name of a .torrent file. Upload the file instead of naming it."
    if name:
        return f"Links of the kind “{name[:20]}:” are not known here. Paste a magnet link."
    words = [word for word in re.split(r"[\s,;|]+", line) if word]
    if len(words) > 1 and all(map(_ONE_WORD.match, words)) and len(line) < 1000:
        return f"There are several words on this line. {EXPECTED} Put each alone on its line."
    return f"“{line[:40]}” is no magnet link and no info hash. {EXPECTED}"
