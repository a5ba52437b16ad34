"""A unit of systemd for this installation, which may do what the site needs and no more."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jobsite.jobs.server.tree import STOP_WITHIN

ENVIRONMENT_FILE = "/etc/jobsite.env"
STATE = Path("/var/lib")
# Where a site is that a person has installed for themselves.
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))

TEMPLATE = """\
# jobsite {version}: {command} service > /etc/systemd/system/jobsite.service
[Unit]
Description=jobsite
Wants=network-online.target
After=network-online.target postgresql.service

[Service]
User={user}
{state}WorkingDirectory={working_folder}
{environment}
# What nobody else may read (JOBSITE_SECRET_KEY, DATABASE_URL, ...): mode 600, of root.
EnvironmentFile=-{environment_file}
ExecStart={start}
# The stop signal is for the root of the process tree alone: it lets every job save its work.
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec={stop_seconds}
Restart=always
RestartSec=5
UMask=0077

# It writes its own folders, and nothing else.
ProtectSystem=strict
{writes}ProtectHome={protect_home}
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectClock=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class Installation:
    """What a unit names of this installation."""

    version: str
    command: tuple[str, ...]
    """The command line of `up`, without `up`."""
    folder: Path
    """The folder in which it is started."""
    user: str
    variables: Mapping[str, str]
    """Settings that anybody may read."""
    data: Path
    elsewhere: tuple[Path, ...]
    """Folders outside the data folder that it writes to as well."""


def unit(site: Installation) -> str:
    """Return the text of the unit."""
    is_state = site.data.parent == STATE  # such a folder is made by systemd, for the user
    writes = [path for path in site.elsewhere if not path.is_relative_to(site.data)]
    writes = writes if is_state else [site.data, *writes]
    paths = (Path(site.command[0]), site.folder, site.data, *writes)
    in_home = any(path.is_relative_to(home) for path in paths for home in HOMES)
    listed = " ".join(quoted(str(path)) for path in writes)
    return TEMPLATE.format(
        version=site.version,
        command=shlex.join(site.command),
        user=site.user,
        state=f"StateDirectory={site.data.name}\nStateDirectoryMode=0750\n" if is_state else "",
        working_folder=escaped(str(site.folder)),
        environment="\n".join(
            f"Environment={quoted(f'{name}={value}')}" for name, value in site.variables.items()
        ),
        environment_file=ENVIRONMENT_FILE,
        start=" ".join(quoted(word).replace("$", "$$") for word in (*site.command, "up")),
        stop_seconds=round(STOP_WITHIN) + 13,  # then systemd would kill what saves its work
        writes=f"ReadWritePaths={listed}\n" if listed else "",
        protect_home="read-only" if in_home else "yes",
    )


def escaped(text: str) -> str:
    """Return the text without what systemd would replace in it (specifiers begin with %)."""
    return text.replace("%", "%%")


def quoted(word: str) -> str:
    """Return one word of a setting, in quotes if systemd would split or change it."""
    plain = escaped(word).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"' if set(word) & set(" \t'\"\\") else plain
