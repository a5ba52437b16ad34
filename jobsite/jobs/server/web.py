"""The web part: gunicorn with the application of the site."""

import os
import socket
from typing import Any

from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from gunicorn.app.base import BaseApplication

from jobsite.jobs.server.gunicorn_worker import REQUEST_LINE, Worker

SHARED_MEMORY = "/dev/shm"  # noqa: S108 (gunicorn makes files of random names there)


def options(descriptor: int) -> dict[str, Any]:
    """Return gunicorn's settings for a listening socket."""
    return {
        "bind": f"fd://{descriptor}",
        "worker_class": Worker,
        "workers": 2,
        # Many, because a slow caller holds one; few of them compute at once (slots).
        "threads": 64,
        # Programs poll every few seconds and fail where an idle connection is closed first.
        "keepalive": 15,
        "limit_request_line": REQUEST_LINE,
        "timeout": 25,
        "graceful_timeout": 5,
        "preload_app": True,
        "control_socket_disable": True,
        # A proxy that passes these on would let strangers choose the path of our links.
        "forwarder_headers": "",
        # A disk that stalls must not make the workers look stuck.
        "worker_tmp_dir": memory_folder(),
        "loglevel": "warning",
    }


def memory_folder() -> str:
    """Return a folder in memory, else the run folder."""
    return SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else str(settings.RUN_DIR)


class Application(BaseApplication):
    """gunicorn around the application that the image has loaded."""

    def __init__(self, listener: socket.socket) -> None:
        self.descriptor = listener.detach()  # gunicorn closes it
        super().__init__()

    def load_config(self) -> None:
        """Set the options of `options`."""
        for name, value in options(self.descriptor).items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application of WSGI."""
        return get_internal_wsgi_application()


def serve(listener: socket.socket) -> None:
    """Answer requests until SIGTERM."""
    Application(listener).run()
