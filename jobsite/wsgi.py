"""The entry point of gunicorn."""

import os
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jobsite.settings")


def below(base_path: str, application: Callable[..., Any]) -> Callable[..., Any]:
    """Return the application for an address below a path, whether or not the proxy strips it."""
    if not base_path:
        return application

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"]
        if path == base_path or path.startswith(f"{base_path}/"):
            environ["PATH_INFO"] = path[len(base_path) :] or "/"
        return application(environ, start_response)

    return answer


application = below(settings.BASE_PATH, get_wsgi_application())
