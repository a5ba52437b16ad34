"""Uploaded .torrent files: read without libtorrent, and nothing hostile gets further."""

import hashlib
import ipaddress
import os

import libtorrent as lt
import pytest

from downloads.metainfo import torrent_file
from downloads.metainfo.bencode import BadBencode, Reader
from downloads.seeder import make_torrent
from downloads.session.metadata import BadMetadata, describe
from tests.support.torrent_files import info, made


@pytest.mark.parametrize("flags", [lt.create_torrent.v1_only, lt.create_torrent.v2_only, 0])
def test_hashes_name_size_and_pieces_are_those_of_libtorrent(tmp_path, flags: int) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.bin").write_bytes(os.urandom(40_000 + number))
    data = make_torrent(folder, flags)
    theirs = lt.load_torrent_buffer(data).ti
    hashes = theirs.info_hashes()
    mine = torrent_file.read(data)
    assert mine.v1 == (str(hashes.v1) if hashes.has_v1() else "")
    assert mine.v2 == (str(hashes.v2) if hashes.has_v2() else "")
    assert (mine.name, mine.files, mine.size) == ("album", 5, sum(40_000 + n for n in range(5)))
    again = lt.load_torrent_buffer(mine.clean).ti
    assert again.info_hashes() == hashes
    assert mine.link.key == mine.key


def test_the_hash_is_that_of_the_bytes_even_where_they_are_not_in_order() -> None:
    raw = b"d6:pieces20:" + b"x" * 20 + b"4:name1:a6:lengthi5e12:piece lengthi16384ee"
    torrent = torrent_file.read(b"d4:info" + raw + b"e")
    assert torrent.v1 == hashlib.sha1(raw).hexdigest()


def test_nothing_to_contact_is_left_in_what_is_kept() -> None:
    outer = {
        b"announce": b"http://127.0.0.1/announce",
        b"announce-list": [[b"http://tracker.example.org/announce"], [b"udp://10.0.0.1:1"], 7],
        b"url-list": b"http://127.0.0.1:8000/",
        b"httpseeds": [b"http://127.0.0.1:8000/"],
        b"nodes": [[b"127.0.0.1", 6881]],
    }
    torrent = torrent_file.read(made(outer))
    assert torrent.trackers == ("http://tracker.example.org/announce",)
    assert torrent.clean == b"d4:info" + lt.bencode(info()) + b"e"
    opened = torrent_file.read(made(outer), (ipaddress.ip_network("127.0.0.0/8"),))
    assert "http://127.0.0.1/announce" in opened.trackers


HOSTILE = [
    (b"", "empty"),
    (b"<!DOCTYPE html><html>", "web page"),
    (b"\x89PNG\r\n", "no .torrent file"),
    (b"d", "no .torrent file"),
    (b"d4:info", "no .torrent file"),
    (b"i5e", "describes no files"),
    (b"de", "describes no files"),
    (b"d4:infolee", "describes no files"),
    (b"d4:infod4:name99999999999:aee", "no .torrent file"),
    (b"d4:infod4:name-1:aee", "no .torrent file"),
    (b"d4:info" + b"l" * 500 + b"e" * 500 + b"e", "nested too deeply"),
    (b"l" * 200_000, "nested too deeply"),
    (b"d4:infodee4:infodee", "no .torrent file"),
    (b"d4:infode4:infodee", "given twice"),
    (b"d4:infodeei1e", "follows the end"),
    (b"di1ei2ee", "no string"),
    (b"d4:infodei99999999999999999999999999ee", "no string"),
    (b"d4:infoi--5ee", "broken"),
    (made(length=-5), "impossible size"),
    (made(length=2**60), "impossible size"),
    (made(length=0), "holds no data"),
    (made(length=None), "list of files"),
    (made(length=b"5"), "list of files"),
    (made(pieces=b"x" * 19), "piece hashes"),
    (made(pieces=None), "piece hashes"),
    (made(pieces=7), "piece hashes"),
    (made(length=40_000), "fewer pieces"),
    (made(piece_length=0), "piece length"),
    (made(piece_length=-1), "piece length"),
    (made(piece_length=2**40), "piece length"),
    (made(piece_length=None), "piece length"),
    (made(meta_version=3), "version"),
    (made(attr=b"l"), "symbolic links"),
    (made(files=[{b"length": 5, b"path": [b"a"], b"symlink path": [b".."]}]), "symbolic links"),
    (made(files=7), "list of files"),
    (made(files=[7]), "list of files"),
    (made(files=[]), "holds no data"),
    (made(files=[{b"length": 0, b"path": [b"%d" % n]} for n in range(100_001)]), "100,000 files"),
    (b"d4:info" + b"x" * (10 * 2**20), "10 MB"),
]


@pytest.mark.parametrize(("data", "words"), HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(torrent_file.BadTorrent) as refusal:
        torrent_file.read(data)
    assert words in str(refusal.value)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("seed", range(40))
def test_damage_anywhere_ends_in_a_sentence_or_in_a_torrent(seed: int) -> None:
    import random

    chance = random.Random(seed)
    data = bytearray(made({b"announce": b"http://tracker.example.org/"}))
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    try:
        torrent_file.read(bytes(data))
    except torrent_file.BadTorrent as refusal:
        assert str(refusal).endswith(".") or "?" in str(refusal)


@pytest.mark.parametrize(
    "name",
    [
        b"../../etc/passwd",
        b"<script>alert(1)</script>",
        b"\xff\xfe",
        b"a\x00b",
        b"\xf0\x9f\x98\x80" * 255,
        "gpj.\u202egnp".encode(),
    ],
)
def test_a_hostile_name_is_harmless(name: bytes) -> None:
    torrent = torrent_file.read(made(name=name))
    assert "/" not in torrent.name
    assert torrent.name.isprintable()
    assert len(torrent.name) <= 200
    about = describe(lt.load_torrent_buffer(torrent.clean).ti)
    assert "/" not in about.original
    assert about.original not in {"", ".", ".."}


def test_libtorrent_has_the_last_word_on_links_to_elsewhere() -> None:
    files = [
        {b"length": 5, b"path": [b"a"]},
        {b"length": 0, b"path": [b"b"], b"attr": b"l", b"symlink path": [b"a"]},
    ]
    params = lt.load_torrent_buffer(made(length=None, files=files))
    with pytest.raises(BadMetadata, match="symbolic links"):
        describe(params.ti)


@pytest.mark.parametrize(
    ("paths", "there"),
    [
        (["a", "b"], ["a", "b"]),
        (["x.txt", "x.txt"], ["x.txt", "x.1.txt"]),
        (["readme", "README", "readme.1"], ["readme", "README.1", "readme.1"]),
        (["a/b", "a"], ["a/b", "a.1"]),
    ],
)
def test_files_whose_names_collide_are_known_by_the_names_they_get(paths, there) -> None:
    files = [{b"length": 5, b"path": [part.encode() for part in path.split("/")]} for path in paths]
    info = lt.load_torrent_buffer(made(length=None, files=files)).ti
    by_number = sorted(describe(info).files, key=lambda file: file.index)
    assert [file.path for file in by_number] == there


def test_the_reader_knows_where_each_outer_value_lies() -> None:
    reader = Reader(b"d1:ai1e1:bl1:xee")
    assert reader.read() == {b"a": 1, b"b": [b"x"]}
    assert reader.spans == {b"a": (4, 7), b"b": (10, 15)}
    with pytest.raises(BadBencode):
        Reader(b"i1").read()
