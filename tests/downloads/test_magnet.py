"""Pasted text: every line is a link in canonical form or a sentence that says why not."""

import base64
import ipaddress

import pytest

from downloads.metainfo.hosts import may_contact
from downloads.metainfo.magnet import Link, parse, parse_link
from downloads.names import display_name, file_name

V1 = "dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c"
OTHER = "a" * 40
V2 = "caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e"
B32 = base64.b32encode(bytes.fromhex(V1)).decode()
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("fd00::/8"))

USABLE = [
    (V1, V1, ""),
    (V1.upper(), V1, ""),
    (B32, V1, ""),
    (B32.lower(), V1, ""),
    (V2, "", V2),
    (V2.upper(), "", V2),
    ("1220" + V2, "", V2),
    (f"  {V1}\t", V1, ""),
    (f'"{V1}"', V1, ""),
    (f"<magnet:?xt=urn:btih:{V1}>", V1, ""),
    (f"'{V1}',", V1, ""),
    (f"“{V1}”", V1, ""),
    (f"\ufeff{V1}", V1, ""),
    (f"urn:btih:{V1}", V1, ""),
    (f"URN:BTMH:1220{V2}", "", V2),
    (f"magnet:?xt=urn:btih:{V1}", V1, ""),
    (f"MAGNET:?XT=URN:BTIH:{V1}", V1, ""),
    (f"magnet:xt=urn:btih:{V1}", V1, ""),
    (f"magnet:?xt=urn:btih:{B32}&dn=x", V1, ""),
    (f"magnet:?dn=x&amp;xt=urn:btih:{V1}", V1, ""),
    (f"magnet:?xt.1=urn:btih:{V1}", V1, ""),
    (f"magnet:?xt=urn:btmh:1220{V2}", "", V2),
    (f"magnet:?xt=urn:btih:{V2}", "", V2),
    (f"magnet:?xt=urn:btih:{V1}&xt=urn:btmh:1220{V2}", V1, V2),
    (f"magnet:?xt=urn%3Abtih%3A{V1}", V1, ""),
    (f"magnet:?xt=urn:btih:{V1}&xt=urn:btih:{V1}", V1, ""),
    (f"magnet:?xt=urn:sha1:ABC&xt=urn:btih:{V1}", V1, ""),
]


@pytest.mark.parametrize(("text", "v1", "v2"), USABLE)
def test_a_usable_line_becomes_a_canonical_link(text: str, v1: str, v2: str) -> None:
    [line] = parse(text)
    assert line.link is not None, line.reason
    assert (line.link.v1, line.link.v2) == (v1, v2)
    assert line.link.key == (v1 or v2)
    assert parse_link(line.link.magnet) == line.link


REFUSED = [
    ("0" * 40, "zeros"),
    ("A" * 32, "zeros"),
    ("0" * 64, "zeros"),
    (f"magnet:?xt=urn:btih:{'0' * 40}", "zeros"),
    ("http://example.org/a.torrent", "Fetch the file"),
    ("https://example.org/a.torrent?x=1", "Fetch the file"),
    ("https://example.org/", "web page"),
    ("ftp://example.org/a", "web page"),
    ("ed2k://|file|a|1|ABC|/", "eDonkey"),
    ("/home/ann/a.torrent", "path of a file"),
    ("file:///home/ann/a.torrent", "path of a file"),
    ("C:\\films\\a.torrent", "path of a file"),
    ("~/a", "path of a file"),
    ("a film.torrent", "name of a .torrent"),
    ("mailto:ann@example.org", "“mailto:” are not known"),
    (f"magnet:?dn={V1}", "has no xt="),
    ("magnet:?", "has no xt="),
    ("magnet:", "has no xt="),
    ("magnet:?xt=urn:sha1:ABC", "not of BitTorrent"),
    ("urn:sha1:ABC", "not of BitTorrent"),
    ("magnet:?xt=urn:btih:", "missing"),
    ("magnet:?xt=urn:btmh:", "not whole"),
    (f"magnet:?xt=urn:btmh:1114{V2}", "not whole"),
    (f"magnet:?xt=urn:btmh:1220{V2[:-1]}", "not whole"),
    (f"magnet:?xt=urn:btih:{V1[:-1]}", "39 characters"),
    (f"magnet:?xt=urn:btih:{V1}&xt=urn:btih:{OTHER}", "two different torrents"),
    (V1[:-1], "39 characters"),
    (V1 + "a", "41 characters"),
    ("g" * 40, "characters that no info hash"),
    ("1" * 32, "characters that no info hash"),
    ("z" * 64, "characters that no info hash"),
    ("hello", "no info hash and no magnet"),
    (f"Film: magnet:?xt=urn:btih:{V1}", "text before the magnet"),
    (f"{V1} film", "several words"),
    (f"{V1},{V1};{V1}", "several words"),
    (f"{V1}&dn=x", "no magnet link and no info hash"),
    ("!!!", "no magnet link and no info hash"),
    ("magnet:?xt=urn:btih:" + "a" * 70_000, "70,020 characters"),
    ("magnet:?" + "a=b&" * 1200, "more than 1,000 parts"),
    ("\u0661" * 40, "no magnet link and no info hash"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_a_line_that_is_no_link_is_refused_with_a_sentence(text: str, words: str) -> None:
    [line] = parse(text)
    assert line.link is None
    assert words in line.reason
    assert line.reason.endswith(".")
    assert len(line.reason) < 300


def test_blank_lines_and_comments_have_no_answer_but_count() -> None:
    lines = parse(f"\n# my list\n{V1}\r\n\r\n   \nbad\n")
    assert [(line.number, bool(line.link)) for line in lines] == [(3, True), (6, False)]


def test_a_line_that_repeats_an_earlier_one_is_recognised_in_any_form() -> None:
    lines = parse(
        f"{V1}\nmagnet:?xt=urn:btih:{B32}&xt=urn:btmh:1220{V2}\n{V2}\n{OTHER}\n",
    )
    assert [line.repeats for line in lines] == [None, 1, 2, None]


KEPT = [
    "http://tracker.example.org/announce",
    "https://tracker.example.org:8443/a?passkey=1",
    "udp://tracker.example.org:1337",
    "http://93.184.216.34/announce",
    "udp://[2606:2800:220:1::1]:80/announce",
]
DROPPED = [
    "http://localhost/announce",
    "http://router/announce",
    "http://printer.local/announce",
    "http://nas.home.arpa/announce",
    "http://127.0.0.1/announce",
    "http://127.1/announce",
    "http://2130706433/announce",
    "http://0x7f.0.0.1/announce",
    "http://017700000001/announce",
    "http://10.0.0.1/announce",
    "http://100.64.0.1/announce",
    "http://169.254.169.254/latest/meta-data/",
    "http://172.16.0.1/announce",
    "http://192.168.1.1/announce",
    "http://0.0.0.0/announce",
    "http://224.0.0.1/announce",
    "http://255.255.255.255/announce",
    "http://[::1]/announce",
    "http://[::ffff:127.0.0.1]/announce",
    "http://[64:ff9b::7f00:1]/announce",
    "http://[fe80::1%25eth0]/announce",
    "http://[fc00::1]/announce",
    "http://[2002:7f00:1::]/announce",
    "http://user:pass@tracker.example.org/announce",
    "http://tracker.example.org:0/announce",
    "http://tracker.example.org:99999/announce",
    "http://tracker.example.org\\@127.0.0.1/announce",
    "http://tracker example.org/announce",
    "http:///announce",
    "wss://tracker.example.org/",
    "file:///etc/passwd",
    "gopher://tracker.example.org/",
    "javascript:alert(1)",
    "http://tracker.example.org/" + "a" * 600,
    "http://tracker.example.org/\x00",
    "http://a..b/announce",
    "http://[::1/announce",
    "",
]


def _magnet(*fields: tuple[str, str]) -> str:
    from urllib.parse import quote

    return f"magnet:?xt=urn:btih:{V1}" + "".join(f"&{k}={quote(v)}" for k, v in fields)


@pytest.mark.parametrize("url", KEPT)
def test_a_tracker_on_a_public_host_is_kept(url: str) -> None:
    assert parse_link(_magnet(("tr", url))).trackers == (url,)
    assert parse_link(_magnet(("tr.1", url))).trackers == (url,)


@pytest.mark.parametrize("url", DROPPED)
def test_a_tracker_inside_the_network_is_dropped(url: str) -> None:
    assert parse_link(_magnet(("tr", url))).trackers == ()


def test_the_operator_can_open_networks() -> None:
    link = _magnet(("tr", "http://127.0.0.1:6969/announce"), ("tr", "http://[fd00::1]/announce"))
    assert len(parse_link(link, LOOPBACK).trackers) == 2
    assert not may_contact("10.0.0.1", LOOPBACK)


def test_peers_seeds_and_nodes_are_dropped_unless_in_an_open_network() -> None:
    fields = [("x.pe", "127.0.0.1:7001"), ("x.pe", "8.8.8.8:7001"), ("x.pe", "[fd00::1]:7"),
              ("x.pe", "host:1"), ("x.pe", "127.0.0.1:0"), ("ws", "http://127.0.0.1/a"),
              ("as", "http://127.0.0.1/a"), ("xs", "http://127.0.0.1/a")]  # fmt: skip
    closed = parse_link(_magnet(*fields))
    assert closed.peers == closed.web_seeds == () and "http" not in closed.magnet
    link = parse_link(_magnet(*fields), LOOPBACK)
    assert link.peers == ("127.0.0.1:7001", "[fd00::1]:7")
    assert link.web_seeds == ("http://127.0.0.1/a",)
    assert link.magnet.count("http") == 1


def test_there_is_a_limit_to_trackers_and_repeated_ones_count_once() -> None:
    many = [("tr", f"http://t{number % 210}.example.org/") for number in range(420)]
    assert len(parse_link(_magnet(*many)).trackers) == 200


NAMES = [
    ("../../etc/passwd", "passwd"),
    ("..\\..\\boot.ini", "boot.ini"),
    ("a\x00b\x1bc\nd", "abc d"),
    ("gpj.\u202egnp", "gpj.gnp"),
    ("zero\u200bwidth", "zerowidth"),
    ("\ud800x", "x"),
    ("..", ""),
    (" . ", ""),
    ("", ""),
    ("/", ""),
    ("<b>bold</b>", "b>"),
    ("a" * 500, "a" * 200),
    ("  two   words ", "two words"),
]


@pytest.mark.parametrize(("given", "shown"), NAMES)
def test_a_name_is_one_harmless_line(given: str, shown: str) -> None:
    assert display_name(given) == shown


def test_a_file_name_is_visible_and_fits_the_file_system() -> None:
    assert file_name(".incomplete", "x") == "incomplete"
    assert file_name("...", "x") == "x"
    long = file_name("\N{GRINNING FACE}" * 200 + ".mkv", "x")
    assert len(long.encode()) <= 230
    assert long.endswith(".mkv")
    assert len(file_name("é" * 200, "x").encode()) <= 230


def test_the_name_of_a_link_is_cleaned() -> None:
    assert parse_link(f"magnet:?xt=urn:btih:{V1}&dn=..%2F%2e%2e%2Fetc%2Fpasswd").name == "passwd"
    assert parse_link(f"magnet:?xt=urn:btih:{V1}&dn=%FF%FE&dn=b").name != ""
    assert "\n" not in Link(v1=V1, name="a b&tr=x").magnet


def test_a_thousand_links_with_trackers_are_read_whole() -> None:
    tail = "".join(f"&tr=udp%3A%2F%2Ftracker{n}.example.org%3A1337%2Fannounce" for n in range(5))
    text = "\n".join(f"magnet:?xt=urn:btih:{n:040x}&dn=A%20film{tail}" for n in range(1, 1001))
    links = [line.link for line in parse(text)]
    assert [link.v1 for link in links] == [f"{n:040x}" for n in range(1, 1001)]
    assert {len(link.trackers) for link in links} == {5}


T = "http://tracker.example.org/announce"


@pytest.mark.parametrize(
    ("parts", "trackers"),
    [
        (f"&tr={T}%0A", [T]),
        (f"&tr=%20{T}%20&tr={T}/2%0D%0A", [T, f"{T}/2"]),
        (f"&tr={T}%0A{T}/2", [T, f"{T}/2"]),
        (f"&tr={T}?key=a+b%2Bc", [f"{T}?key=a+b+c"]),
        (f"&amp;amp;tr={T}&amp;tr={T}/2", [T, f"{T}/2"]),
        (f"&tr=http://no%20way/x&tr={T}", [T]),
    ],
)
def test_addresses_of_trackers_are_read_as_they_are_found(parts: str, trackers: list[str]) -> None:
    link = parse_link(f"magnet:?xt=urn:btih:{V1}&dn=a+b%2Bc{parts}")
    assert list(link.trackers) == trackers
    assert link.name == "a b+c"
    assert parse_link(link.magnet) == link


def test_a_link_of_150_trackers_keeps_all_and_says_what_it_leaves_out() -> None:
    tail = "".join(f"&tr=udp%3A%2F%2Ftracker{n}.example.org%3A1337%2Fannounce" for n in range(150))
    link = parse_link(f"magnet:?xt=urn:btih:{V1}{tail}")
    assert len(link.trackers) == 150 and link.remarks == ()
    link = parse_link(
        f"magnet:?xt=urn:btih:{V1}&tr=wss://a.example.org&tr={T}&ws=http://10.0.0.1/f"
    )
    assert link.trackers == (T,) and link.web_seeds == ()
    assert [remark.partition(".")[0] for remark in link.remarks] == [
        "Trackers left out: 1 of 2",
        "Web seeds left out: 1 of 1",
    ]


def test_web_seeds_on_public_hosts_are_kept() -> None:
    seeds = "".join(f"&ws=https%3A%2F%2Fa.example.org%2F{n}%3Fb%3D1" for n in range(25))
    link = parse_link(f"magnet:?xt=urn:btih:{V1}{seeds}&ws=ftp://a.example.org/f")
    assert link.web_seeds == tuple(f"https://a.example.org/{n}?b=1" for n in range(20))
    assert [remark.partition(".")[0] for remark in link.remarks] == ["Web seeds left out: 6 of 26"]
    assert parse_link(link.magnet) == link


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("1", (1,)),
        ("0,2,4-6", (0, 2, 4, 5, 6)),
        ("5-4", ()),
        ("x", ()),
        ("", ()),
        ("0-9999999", ()),
        ("3,3,2", (2, 3)),
    ],
)
def test_the_files_that_a_link_names_are_chosen(text: str, files: tuple[int, ...]) -> None:
    link = parse_link(f"magnet:?xt=urn:btih:{V1}&so={text}")
    assert link.files == files
    assert bool(link.remarks) == bool(text and not files)
    assert parse_link(link.magnet).files == files
