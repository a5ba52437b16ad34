"""The API of training."""

from rest_framework.routers import SimpleRouter


def register(router: SimpleRouter) -> None:
    """Add the addresses of this app to the API."""
