"""The network interface through which alone torrents may send: whether it is up, and its name."""

import ipaddress

import psutil


def device_of(interface: str) -> str:
    """Return the device of a name or of one of its addresses; empty if there is none now."""
    if not is_address(interface):
        return interface if interface in psutil.net_if_addrs() else ""
    wanted = ipaddress.ip_address(interface)
    for device, addresses in psutil.net_if_addrs().items():
        for one in addresses:
            if one.address.partition("%")[0] == str(wanted):
                return device
    return ""


def problem_of(interface: str) -> str:
    """Return why nothing can be sent through an interface, as a sentence; empty if it is up."""
    device = device_of(interface)
    state = psutil.net_if_stats().get(device)
    if not device:
        return f"The network interface {interface} is not there: nothing is sent."
    if state is None or not state.isup:
        return f"The network interface {interface} is down: nothing is sent."
    if not any(_is_usable(one.address) for one in psutil.net_if_addrs().get(device, ())):
        return f"The network interface {interface} has no address: nothing is sent."
    return ""


def is_address(text: str) -> bool:
    """Return whether a text is an IP address."""
    try:
        return bool(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return False


def _is_usable(text: str) -> bool:
    bare = text.partition("%")[0]
    return is_address(bare) and not ipaddress.ip_address(bare).is_link_local  # or that of hardware
