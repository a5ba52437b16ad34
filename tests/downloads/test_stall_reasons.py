"""Why a torrent does not move: each cause has a sentence, from real trackers and peers."""

import os
import re
import time
from dataclasses import replace

import pytest

from downloads.engine.peer_sources import PeerSources, TrackerAnswer
from downloads.engine.stall_reasons import clock_at, of_metadata, of_silence, roughly
from downloads.metainfo.magnet import Link
from downloads.session.events import PeerView
from tests.support.ports import free_port
from tests.support.torrent_peers import Tracker, seeder
from tests.support.waiting import PATIENCE

MIB = 2**20
HERE = "http://tracker.example.org/announce"
THERE = "udp://other.example.org:80/announce"


@pytest.fixture
def client(torrent_client):
    """A maker of torrent clients, in the place of Django's client."""
    return torrent_client


@pytest.mark.parametrize(
    ("sources", "peers", "said"),
    [
        (
            PeerSources(has_dht=True),
            0,
            "Asking DHT for the list of files: 0 peers found, try 2, 40 s so far.",
        ),
        (
            PeerSources(has_dht=True, trackers=2, dht_peers=7),
            0,
            "Asking DHT and 2 trackers for the list of files: 7 peers found, try 2, 40 s so far.",
        ),
        (
            PeerSources(trackers=1),
            3,
            "Asking 1 tracker for the list of files: 3 peers, none has sent it yet, try 2, "
            "40 s so far.",
        ),
        (
            PeerSources(),
            0,
            "No way to find peers: DHT is off or not allowed for it, and there are no",
        ),
    ],
)
def test_asking_for_the_list_says_whom_and_for_how_long(sources, peers, said) -> None:
    assert of_metadata(sources, peers, tries=2, asking_for=43.7, rest=0).startswith(said)


def test_waiting_for_its_turn_says_when_and_after_what() -> None:
    text = of_metadata(PeerSources(), 0, tries=1, asking_for=None, rest=600)
    assert text == (
        "Waiting for its turn to ask for the list of files in 10 min. 1 try so far found nobody."
    )


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, ""),
        ({HERE: TrackerAnswer(peers=3)}, ""),
        ({HERE: TrackerAnswer()}, " The trackers know no peer."),
        (
            {HERE: TrackerAnswer(refusal="not registered"), THERE: TrackerAnswer(peers=1)},
            " The tracker tracker.example.org says: not registered.",
        ),
        ({HERE: TrackerAnswer(failure="Connection refused"), THERE: TrackerAnswer(peers=1)}, ""),
        (
            {
                HERE: TrackerAnswer(failure="timed out"),
                THERE: TrackerAnswer(failure="Host not found"),
            },
            " None of 2 trackers answers; tracker.example.org cannot be reached: timed out.",
        ),
    ],
)
def test_what_trackers_said_is_told_where_it_matters(answers, said) -> None:
    assert PeerSources(trackers=2, answers=answers).trouble == said


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (None, "3 peers, nothing has come from them yet."),
        (PeerView(0, 0, 0), "3 peers, none can be connected to."),
        (PeerView(3, 0, 0), "3 peers, none has the missing pieces; it goes on when one that"),
        (PeerView(3, 2, 0), "3 peers, 2 with missing pieces, all busy with others; a place"),
        (PeerView(3, 2, 1), "3 peers, promised pieces do not come; others are tried."),
    ],
)
def test_silent_peers_have_a_cause(view, said) -> None:
    text = of_silence(PeerSources(trackers=1, peers=view), 3, "10:42")
    assert text.startswith(f"Stalled since 10:42: {said}")


def test_times_change_seldom_and_read_as_people_say_them() -> None:
    assert [roughly(s) for s in (3, 43, 59, 60, 3599, 7300)] == [
        *("a few seconds", "40 s", "50 s", "1 min", "59 min", "2 h")
    ]
    assert re.fullmatch(r"\d\d:\d\d", clock_at(1000.0, 1060.0))
    assert re.fullmatch(r"\d\d \w{3}, \d\d:\d\d", clock_at(0.0, 90_000.0))


@pytest.mark.swarm
def test_a_tracker_that_refuses_is_quoted_and_one_that_is_away_is_named(client) -> None:
    refused, away = Link(v1="a" * 40), Link(v1="b" * 40)
    with Tracker(refusal="not registered\u202e<b>") as tracker:
        mine = client()
        dead = f"http://127.0.0.1:{free_port()}/announce"
        mine.want(replace(refused, trackers=(tracker.url,)), replace(away, trackers=(dead,)))
        mine.until(lambda me: "says" in me.reason("a" * 40) and "reached" in me.reason("b" * 40))
        assert "The tracker 127.0.0.1 says: not registered\ufffd<b>." in mine.reason("a" * 40)
        assert "Asking 1 tracker for the list of files: 0 peers" in mine.reason("b" * 40)
        assert "127.0.0.1 cannot be reached: Connection refused." in mine.reason("b" * 40)
        [log_line] = mine.reconciler.log_lines()
        assert (log_line.key, log_line.level) == ("a" * 40, "warning")


@pytest.mark.swarm
def test_peers_without_the_missing_pieces_are_said_to_be_so(client, tmp_path) -> None:
    (tmp_path / "half.bin").write_bytes(os.urandom(6 * MIB))
    first, second = client("first"), client("second")
    with seeder(tmp_path / "half.bin", "--max-up-kb", "2000") as [one]:
        key = one.info_hash
        first.want(one.link)
        first.until(lambda me: key in me.seen and me.seen[key].done > 2 * MIB)
    mine = replace(one.link, peers=(f"127.0.0.1:{first.reconciler.port}",))
    second.want(mine)
    deadline = time.monotonic() + PATIENCE
    while "none has the missing pieces" not in second.reason(key):
        assert time.monotonic() < deadline, second.seen
        first.tick()
        second.tick()
    assert re.match(r"Stalled since \d\d:\d\d: 1 peer, none has", second.reason(key))
    assert 0 < second.seen[key].done < 6 * MIB
