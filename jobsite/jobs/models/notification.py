"""Notification channels, the programs that an administrator permits, and the outbox."""

import secrets
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from jobsite.jobs import command_lines
from jobsite.jobs.status import FINISHED, Status

WEBHOOK, EMAIL, PROGRAM = "webhook", "e-mail", "program"
METHODS = [(WEBHOOK, "Webhook"), (EMAIL, "E-mail"), (PROGRAM, "Program")]
WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given up"
STATES = [(state, state) for state in (WAITING, DELIVERED, GIVEN_UP)]


def new_secret() -> str:
    """Return a random key with which webhooks are signed."""
    return secrets.token_urlsafe(32)


class Program(models.Model):
    """A program that users may choose to have run when one of their jobs has ended."""

    name = models.CharField(max_length=80, unique=True)
    command = models.TextField(
        help_text="One word in each line, the program's full path first; no shell reads it. "
        "{id} {name} {kind} {status} {path} stand for the job; {path} is the folder of its result."
    )
    timeout = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(3600)],
        help_text="Seconds after which it is ended.",
    )

    class Meta:
        app_label = "jobs"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def words(self) -> list[str]:
        """The command line as a list of words, the program first; placeholders unfilled."""
        return command_lines.read_words(self.command)

    def clean(self) -> None:
        """Refuse a command outside the operator's folder, or one with unknown placeholders."""
        try:
            command_lines.check(self.words, settings.PROGRAM_DIR)
        except command_lines.NotRun as error:
            raise ValidationError({"command": str(error)}) from error


class Channel(models.Model):
    """One way in which a user is notified that a job has ended: webhook, e-mail or program."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="channels")
    method = models.CharField(max_length=16, choices=METHODS)
    url = models.CharField("address", max_length=500, blank=True)
    program = models.ForeignKey(Program, models.CASCADE, null=True, blank=True, related_name="+")
    secret = models.CharField(max_length=80, default=new_secret, editable=False)
    succeeded = models.BooleanField("succeeds", default=True)
    failed = models.BooleanField("fails", default=True)
    cancelled = models.BooleanField("is cancelled", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "jobs"
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.target or self.get_method_display()

    @property
    def target(self) -> str:
        """The destination as shown to the owner: program name, URL or e-mail address."""
        if self.method == PROGRAM:
            return str(self.program)
        return self.url if self.method == WEBHOOK else self.owner.email

    @property
    def outcomes(self) -> list[str]:
        """The finished statuses for which it sends a notification."""
        return [status.value for status in Status if status in FINISHED and getattr(self, status)]

    def send_test(self) -> bool:
        """Put a test notification into the outbox; return False if one already waits there."""
        if self.deliveries.filter(job_id=None, state=WAITING).exists():
            return False
        Delivery.test(self)
        return True


class Delivery(models.Model):
    """One notification to one channel: written in the outcome's transaction, kept as a log.

    `id` is sent along, so that a receiver can detect duplicates.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="deliveries")
    job_id = models.UUIDField(null=True)
    body = models.JSONField()
    state = models.CharField(max_length=16, choices=STATES, default=WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(blank=True, help_text="What came of the last try.")
    created_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "jobs"
        ordering = ["-created_at"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(state=WAITING)),
            models.Index(fields=["channel", "-created_at"], name="delivery_log"),
        ]

    def __str__(self) -> str:
        return f"{self.body.get('name', 'test')} to {self.channel}"

    @property
    def is_waiting(self) -> bool:
        """Whether it is yet to be delivered."""
        return self.state == WAITING

    @classmethod
    def test(cls, channel: Channel) -> "Delivery":
        """Create and return a notification without a job, to test whether the channel works."""
        body: dict[str, Any] = {
            "event": "test",
            "id": str(uuid.UUID(int=0)),
            "kind": "test",
            "name": "A test",
            "status": Status.SUCCEEDED.value,
            "error": "",
            "path": "",
            "url": f"{settings.BASE_URL}/",
        }
        return cls.objects.create(channel=channel, body=body)


LOG_SHOWN = 5
