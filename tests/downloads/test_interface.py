"""The network interface through which alone torrents send: a VPN that goes down leaks nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from downloads.ipc.torrent_details import LINE, DetailsMailbox
from downloads.models.download import Download
from downloads.session.network_interface import device_of, problem_of
from downloads.session.settings import Options, interfaces
from tests.support.torrent_peers import ROOT
from tests.support.waiting import PATIENCE


def has_namespaces() -> bool:
    done = subprocess.run(
        ["unshare", "-n", "ip", "link", "add", "a0", "type", "veth"], capture_output=True
    )
    return done.returncode == 0


@pytest.mark.swarm
@pytest.mark.skipif(not has_namespaces(), reason="network namespaces are for root alone here")
@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("device", "The network interface vpn0 is down: nothing is sent."),
        (
            "proxy",
            "The proxy 10.9.0.2:1080 cannot be reached (Connection refused): nothing is sent.",
        ),
    ],
)
def test_nothing_leaves_beside_a_vpn_that_is_down_and_all_goes_on_once_it_is_up(
    tmp_path, way, reason
) -> None:
    (tmp_path / "film").write_bytes(os.urandom(3_000_000))
    words = [sys.executable, "-m", "tests.support.interface_guard", str(tmp_path), way]
    done = subprocess.run(
        ["unshare", "-n", *words], cwd=ROOT, capture_output=True, text=True, timeout=2 * PATIENCE
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"reason": reason, "leaked": 0, "by the house": 0}


def test_an_interface_is_named_by_its_device_or_its_address() -> None:
    assert device_of("lo") == device_of("127.0.0.1") == "lo"
    assert device_of("wg9") == device_of("10.99.99.99") == ""
    assert problem_of("lo") == ""
    assert problem_of("wg9") == "The network interface wg9 is not there: nothing is sent."


@pytest.mark.parametrize(
    ("interface", "device", "listens", "sends"),
    [
        ("", "", "0.0.0.0:6881", ""),
        ("wg0", "wg0", "wg0:6881", "wg0"),
        ("10.2.0.2", "wg0", "wg0:6881", "wg0"),
        ("wg0", "", "", "wg0"),
    ],
)
def test_both_ends_of_a_connection_are_at_the_interface(interface, device, listens, sends) -> None:
    found = interfaces(Options("0.0.0.0:6881", interface), device)
    assert found == {"listen_interfaces": listens, "outgoing_interfaces": sends}


def test_readiness_names_the_interface_and_a_library_that_is_away_or_full(settings, tmp_path):
    assert Download.problems() == {}
    box = DetailsMailbox(Path(settings.DATA_DIR) / "swarm" / "watched")
    box.publish(LINE, {"problem": "The network interface wg0 is down: nothing is sent."})
    assert "wg0 is down" in Download.problems()["interface"]
    settings.DOWNLOAD_FREE_MB = 2**40
    assert "free space left" in Download.problems()["library"]
    settings.DOWNLOAD_DIR = tmp_path / "gone"
    assert "is missing: No such file or directory." in Download.problems()["library"]
