"""What people set of how torrents reach others: the port, and the peers that are banned."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

LARGEST_PORT = 65_535


class ListenPort(models.Model):
    """The port on which peers are accepted, in place of that of DOWNLOAD_LISTEN. One row."""

    port = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_PORT)],
        help_text="The one that your router or VPN forwards.",
    )

    def __str__(self) -> str:
        return str(self.port)

    @classmethod
    def current(cls) -> "ListenPort":
        """Return the port that was set; without a row, that of DOWNLOAD_LISTEN."""
        given = settings.DOWNLOAD_LISTEN.rpartition(":")[2]
        return cls.objects.first() or cls(port=int(given) if given.isdecimal() else 0)

    @classmethod
    def set(cls, port: int) -> None:
        """Set the port. Raises ValidationError if it is none, or if a file tells it."""
        if settings.DOWNLOAD_PORT_FILE:
            raise ValidationError("The port is read from DOWNLOAD_PORT_FILE.")
        one = cls.current()
        one.port = port
        one.full_clean()
        one.save()


class BannedPeer(models.Model):
    """A peer whose address is not contacted, and which is not let in."""

    address = models.GenericIPAddressField(unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "pk"]

    def __str__(self) -> str:
        return self.address

    @classmethod
    def ban(cls, address: Any) -> None:
        """Ban the peer of an address; once is enough. Raises ValidationError if it is none."""
        one = cls(address=str(address).strip())
        one.clean_fields()
        cls.objects.get_or_create(address=one.address)
