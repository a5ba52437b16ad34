"""The rules of the engine that need no torrent: turns, admission, the library."""

import dataclasses

import pytest

from downloads.engine.admission import Busy, Candidate, Room, admit, ordinal
from downloads.engine.metadata_queue import Asker, next_in_rotation, rest_after
from downloads.engine.resume_data import ResumeStore
from downloads.library.library import HIDDEN, Library
from downloads.library.record import StoredFile

KEY = "a" * 40


# --- turns to ask for metadata ---


def test_a_newcomer_behind_many_dead_links_asks_within_seconds() -> None:
    dead = [Asker(f"dead{n}", order=n, tries=1, since=100.0) for n in range(200)]
    waiting = [Asker(f"also{n}", order=200 + n, tries=1) for n in range(300)]
    live = Asker("live", order=1000)
    assert next_in_rotation([*dead, *waiting, live], now=103.0) == ([], [])
    begin, end = next_in_rotation([*dead, *waiting, live], now=104.0)
    assert begin == ["live"]
    assert len(end) == 1


def test_the_newest_of_a_paste_asks_first() -> None:
    paste = [Asker(f"link{n}", order=n) for n in range(500)]
    begin, end = next_in_rotation(paste, now=0.0, places=100)
    assert begin[0] == "link499"
    assert (len(begin), end) == (100, [])


def test_who_found_nothing_makes_place_after_a_full_turn_only() -> None:
    asking = [Asker("first", order=0, tries=1, since=0.0)]
    line = [Asker("second", order=1, tries=1)]
    assert next_in_rotation([*asking, *line], now=59.0, places=1) == ([], [])
    assert next_in_rotation([*asking, *line], now=60.0, places=1) == (["second"], ["first"])


def test_nobody_is_sent_away_while_nobody_waits() -> None:
    assert next_in_rotation([Asker("one", order=0, tries=9, since=0.0)], now=9e6) == ([], [])


def test_rest_grows_from_ten_minutes_to_six_hours() -> None:
    assert rest_after(0) == 0
    assert [rest_after(turns) / 60 for turns in (1, 2, 3, 6, 50)] == [10, 20, 40, 320, 360]
    resting = Asker("one", order=0, tries=1, not_before=100.0)
    assert next_in_rotation([resting], now=99.0) == ([], [])
    assert next_in_rotation([resting], now=100.0) == (["one"], [])


# --- admission ---


def test_so_many_download_at_once_and_the_others_know_their_number() -> None:
    candidates = [Candidate(str(n), remaining=10, rank=(n,)) for n in range(4)]
    start, reasons = admit(candidates, [Busy(10)], Room(places=3, free=1000, floor=0))
    assert start == ["0", "1"]
    assert reasons["2"] == "1st in the queue: 3 download at once."
    assert reasons["3"].startswith("2nd in the queue")


def test_a_slow_one_leaves_its_place_but_not_its_bytes() -> None:
    room = Room(places=1, free=100, floor=0)
    assert admit([Candidate("a", 10, (0,))], [Busy(90, is_extra=True)], room)[0] == ["a"]
    start, reasons = admit([Candidate("a", 20, (0,))], [Busy(90, is_extra=True)], room)
    assert start == []
    assert "Waiting for 10 B more of free space" in reasons["a"]


def test_what_does_not_fit_waits_and_what_fits_goes_past_it() -> None:
    big, small = Candidate("big", 10**12, (0,)), Candidate("small", 10**6, (1,))
    start, reasons = admit([small, big], [], Room(places=5, free=2 * 10**9, floor=10**9))
    assert start == ["small"]
    assert reasons["big"].startswith("Waiting for 999 GB more of free space: 1.0 GB are always")


def test_a_forced_one_needs_no_place_but_its_bytes() -> None:
    forced = Candidate("forced", 10, (0,), is_forced=True)
    line = [forced, Candidate("next", 10, (1,))]
    full = Room(places=1, free=100, floor=50)
    assert admit(line, [Busy(10)], full) == (
        ["forced"],
        {"next": "1st in the queue: 1 download at once."},
    )
    assert admit(line, [], full)[0] == ["forced", "next"], "the place is still there for another"
    start, reasons = admit([dataclasses.replace(forced, remaining=60)], [], full)
    assert start == []
    assert reasons["forced"].startswith("Waiting for 10 B more of free space")


def test_below_the_floor_nothing_starts() -> None:
    assert admit([Candidate("a", 1, (0,))], [], Room(places=5, free=5, floor=10))[0] == []


def test_a_place_in_the_queue_is_said_as_people_say_it() -> None:
    said = [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)]
    assert said == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]


def test_somebody_whose_own_space_is_used_up_waits_and_others_go_past() -> None:
    line = [Candidate(str(n), 40, (n,), owner="ann") for n in range(3)]
    room = Room(places=9, free=10**6, floor=0, owners={"ann": 100})
    start, reasons = admit([*line, Candidate("b", 400, (9,), owner="bob")], [], room)
    assert start == ["0", "1", "b"]
    assert reasons["2"].startswith("Waiting for 20 B of your own space")
    assert admit(line, [Busy(80, owner="ann")], room)[0] == []


# --- the library ---


@pytest.fixture
def library(tmp_path) -> Library:
    (tmp_path / "d").mkdir()
    return Library(tmp_path / "d", tmp_path / "s")


def fetch(library: Library, name: str, key: str = KEY) -> tuple[StoredFile, ...]:
    folder = library.incomplete(key) / name
    (folder / "sub").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"12345")
    (folder / "sub" / "b.bin").write_bytes(b"123")
    return (StoredFile(0, "a.bin", 5), StoredFile(1, "sub/b.bin", 3))


def test_complete_data_appears_under_its_name_by_one_rename(library, tmp_path) -> None:
    record = library.publish(KEY, "film", fetch(library, "film"))
    assert (tmp_path / "d" / "film" / "sub" / "b.bin").read_bytes() == b"123"
    assert record.path_of(record.files[1]) == "film/sub/b.bin"
    assert not library.incomplete(KEY).exists()
    assert library.complete(KEY) == record
    assert record.size == 8


def test_a_name_that_is_taken_gets_a_number(library, tmp_path) -> None:
    (tmp_path / "d" / "film").mkdir()
    (tmp_path / "d" / "film (2)").symlink_to("/nowhere")
    assert library.publish(KEY, "film", fetch(library, "film")).place == "film (3)"
    library.incomplete("b" * 40).mkdir(parents=True)
    (library.incomplete("b" * 40) / "a.tar").write_bytes(b"1")
    (tmp_path / "d" / "a.tar").write_bytes(b"")
    record = library.publish("b" * 40, "a.tar", [StoredFile(0, "", 1)])
    assert record.place == "a (2).tar"


def test_a_torrent_cannot_hide_itself_or_replace_the_folder_of_the_incomplete(library) -> None:
    assert library.publish(KEY, HIDDEN, fetch(library, HIDDEN)).place == "incomplete"


def test_a_crash_between_the_record_and_the_rename_is_made_good(library, tmp_path) -> None:
    files = fetch(library, "film")
    library.publish(KEY, "film", files)
    library.incomplete(KEY).mkdir(parents=True)
    (tmp_path / "d" / "film").rename(library.incomplete(KEY) / "film")
    assert library.complete(KEY) is not None
    assert (tmp_path / "d" / "film" / "a.bin").exists()


def test_data_that_is_gone_or_changed_is_not_complete(library, tmp_path) -> None:
    library.publish(KEY, "film", fetch(library, "film"))
    (tmp_path / "d" / "film" / "a.bin").write_bytes(b"1")
    assert library.complete(KEY) is None


def test_deleting_removes_the_torrents_files_and_nothing_else(library, tmp_path) -> None:
    library.publish(KEY, "film", fetch(library, "film"))
    (tmp_path / "d" / "film" / "subtitles.srt").write_text("mine")
    library.delete(KEY)
    assert [path.name for path in (tmp_path / "d" / "film").iterdir()] == ["subtitles.srt"]
    assert library.complete(KEY) is None


def test_deleting_never_leaves_the_download_folder(library, tmp_path) -> None:
    record = library.publish(KEY, "film", fetch(library, "film"))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.bin").write_bytes(b"precious")
    (tmp_path / "d" / "film" / "sub" / "b.bin").unlink()
    (tmp_path / "d" / "film" / "sub").rmdir()
    (tmp_path / "d" / "film" / "sub").symlink_to(outside)
    library.delete(KEY)
    assert (outside / "b.bin").read_bytes() == b"precious"
    evil = dataclasses.replace(record, place="../outside", files=(StoredFile(0, "b.bin", 8),))
    assert ".." in evil.path_of(evil.files[0])
    _write_record(library, evil)
    library.delete(KEY)
    assert (outside / "b.bin").read_bytes() == b"precious"


def _write_record(library: Library, record) -> None:
    import json

    library._path(KEY).write_text(json.dumps(dataclasses.asdict(record)))


def test_a_damaged_record_counts_as_none(library) -> None:
    for text in ("", "{", "[]", '{"key": 1}', '{"files": 3}'):
        library._path(KEY).write_text(text)
        assert library.complete(KEY) is None
    library.delete(KEY)


# --- resume files ---


def test_the_newest_resume_data_comes_first_and_the_one_before_is_kept(tmp_path) -> None:
    store = ResumeStore(tmp_path)
    for version in (b"one", b"two", b"three"):
        store.save(KEY, version)
        assert next(store.versions(KEY)) == version
    assert list(store.versions(KEY)) == [b"three", b"two"]
    store.forget(KEY)
    assert list(store.versions(KEY)) == []
    store.save(KEY, b"last")
    store.close()
    assert list(ResumeStore(tmp_path).versions(KEY)) == [b"last"]
