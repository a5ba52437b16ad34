"""Settings of how torrents reach others, and others them; part of `settings`."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from jobsite.environment import choice, env, networks, number, proxy

DOWNLOAD_LISTEN = env.str("DOWNLOAD_LISTEN", default="0.0.0.0:6881")
DOWNLOAD_INTERFACE = env.str("DOWNLOAD_INTERFACE", default="").strip()
DOWNLOAD_PROXY = proxy("DOWNLOAD_PROXY")
# Written by another program, such as the container of a VPN: it need not be there yet.
_port_file = env.str("DOWNLOAD_PORT_FILE", default="")
DOWNLOAD_PORT_FILE = Path(_port_file).absolute() if _port_file else None
DOWNLOAD_PORT_FORWARDING = env.bool("DOWNLOAD_PORT_FORWARDING", default=False)
DOWNLOAD_DHT = env.bool("DOWNLOAD_DHT", default=True)
DOWNLOAD_DHT_BOOTSTRAP = env.list("DOWNLOAD_DHT_BOOTSTRAP", default=[])
# To try on an empty dashboard; a site without the Internet names a link of its own, or none.
DOWNLOAD_SAMPLE = env.str(
    "DOWNLOAD_SAMPLE",
    default="magnet:?xt=urn:btih:08ada5a7a6183aae1e09d831df6748d566095a10&dn=Sintel"
    "&tr=udp%3A%2F%2Ftracker.opentrackr.org%3A1337%2Fannounce"
    "&tr=udp%3A%2F%2Fexplodie.org%3A6969%2Fannounce",
)
DOWNLOAD_SAMPLE_ABOUT = env.str(
    "DOWNLOAD_SAMPLE_ABOUT",
    default="A free film (Creative Commons) of the Blender Foundation, some 130 MB. "
    "It comes from the Internet.",
)
DOWNLOAD_TRACKERS = env.list("DOWNLOAD_TRACKERS", default=[])
DOWNLOAD_ALL_TRACKERS = env.bool("DOWNLOAD_ALL_TRACKERS", default=True)
DOWNLOAD_ALLOWED_NETWORKS = networks("DOWNLOAD_ALLOWED_NETWORKS")
DOWNLOAD_ENCRYPTION = choice("DOWNLOAD_ENCRYPTION", ["allow", "require", "off"])
DOWNLOAD_ANONYMOUS = env.bool("DOWNLOAD_ANONYMOUS", default=False)
DOWNLOAD_CONNECTIONS = number("DOWNLOAD_CONNECTIONS", 800, least=2)
DOWNLOAD_TORRENT_CONNECTIONS = number("DOWNLOAD_TORRENT_CONNECTIONS", 0, least=0)
DOWNLOAD_UPLOAD_SLOTS = number("DOWNLOAD_UPLOAD_SLOTS", 20, least=1)
DOWNLOAD_SEEDS = number("DOWNLOAD_SEEDS", 0, least=0)
_block_list = env.str("DOWNLOAD_BLOCK_LIST", default="")
DOWNLOAD_BLOCK_LIST = Path(_block_list).absolute() if _block_list else None
if DOWNLOAD_BLOCK_LIST is not None and not DOWNLOAD_BLOCK_LIST.is_file():
    raise ImproperlyConfigured(
        f"DOWNLOAD_BLOCK_LIST names {DOWNLOAD_BLOCK_LIST}, which is no file. Put the list there, "
        "or leave the setting out."
    )
