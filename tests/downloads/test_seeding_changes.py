"""Changes of a torrent that is uploaded: it stays in the swarm, with its peers and its peer id."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import libtorrent as lt
import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from downloads.metainfo.magnet import parse_link
from downloads.models.category import Category
from downloads.models.download import Download
from downloads.models.download_queryset import Entry
from downloads.seeder import make_torrent
from downloads.seeding import FOREVER, GOAL
from tests.factories import MIB, now, until
from tests.support.torrent_peers import LOOPBACK, Tracker, seeder
from tests.support.waiting import wait_until

SLOW = 2000  # bytes per second: the leecher is never done


@contextlib.contextmanager
def leecher(data: bytes, folder: Path, port: int) -> Iterator[Callable[[], list[str]]]:
    """A client that fetches from one port, slowly; what it tells of lost connections."""
    folder.mkdir()
    session = lt.session(
        {
            "listen_interfaces": "127.0.0.1:0",
            "enable_dht": False,
            "enable_lsd": False,
            "alert_mask": int(lt.alert.category_t.connect_notification),
        }
    )
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(lt.bdecode(data))
    params.save_path = str(folder)
    params.download_limit = SLOW
    params.trackers = []
    handle = session.add_torrent(params)
    handle.replace_trackers([])
    handle.connect_peer(("127.0.0.1", port))
    wait_until(lambda: handle.status().num_seeds == 1)

    def lost() -> list[str]:
        alerts = session.pop_alerts()
        return [one.message() for one in alerts if isinstance(one, lt.peer_disconnected_alert)]

    lost()
    yield lost
    assert handle.status().num_seeds == 1
    session.pause()


def changes(job: Download, tracker: Tracker, other: Any) -> dict[str, Callable[[], Any]]:
    """Everything that can be done to a complete torrent without another place for its files."""
    same_folder = Category.objects.create(owner=job.owner, name="Same place")
    link = replace(parse_link(job.link, LOOPBACK), name="again")
    options = {"tags": ["kept"], "seed": GOAL, "seed_ratio": 5.0, "up_kb": 500, "down_kb": 700}
    order = {"priority": 2, "sequential": True, "ends_first": True, "exclude": "*.nfo"}
    return {
        "tags and limits": lambda: job.change(options),
        "the same again": lambda: job.change(options),
        "priority and order": lambda: (job.change(order), job.choose_files({0: 6})),
        "a category without a folder": lambda: job.change({"category": same_folder}),
        "the whole category": same_folder.move_files,
        "name and layout": lambda: job.change({"name": job.place, "layout": "flat"}),
        "one more tracker": lambda: job.change({"trackers": [*now(job).trackers, tracker.url]}),
        "a second owner": lambda: Download.objects.add(other, [Entry(link)]),
        "a second owner who chooses first": lambda: second_chooses(other, link),
    }


def second_chooses(other: Any, link: Any) -> None:
    Download.objects.filter(owner=other).delete()
    [placed] = Download.objects.add(other, [Entry(link)], {"hold": True})
    until(placed.job, "paused")
    assert placed.job.is_held


@pytest.mark.swarm
@pytest.mark.tree
def test_nothing_that_is_changed_takes_a_seed_out_of_the_swarm(site, owner, source, tmp_path):
    film = source / "film.mkv"
    film.write_bytes(os.urandom(4 * MIB))
    other = get_user_model().objects.create_user(f"second-{owner.pk}")
    with Tracker() as tracker, Tracker() as another:
        with seeder(film) as [one]:
            link = replace(one.link, trackers=(tracker.url,))
            [placed] = Download.objects.add(owner, [Entry(link)], {"seed": FOREVER})
            job = until(placed.job, "succeeded")
        wait_until(lambda: now(job).state == "seeding")
        wait_until(lambda: tracker.calls and tracker.calls[-1].get("event") == "started")
        me = tracker.calls[-1]
        data = make_torrent(film, lt.create_torrent.v1_only, ())
        with leecher(data, tmp_path / "leecher", int(me["port"])) as lost:
            seen = len(tracker.calls)
            for what, change in changes(job, another, other).items():
                change()
                before = len(tracker.calls)
                job.limit(announce_asked_at=timezone.now())
                wait_until(lambda known=before: len(tracker.calls) > known)
                assert not lost(), what
                for call in tracker.calls[seen:]:
                    assert call.get("event", "") not in {"stopped", "started"}, what
                    assert call["peer_id"] == me["peer_id"], what
            theirs = Download.objects.get(owner=other)
            assert theirs.is_held and now(job).is_seeding
            assert another.url in now(job).trackers
            theirs.change({"hold": False})
            theirs.resume()
            until(theirs, "succeeded")
            assert not lost()
        assert now(job).tags == ["kept"]
