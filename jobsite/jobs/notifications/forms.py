"""The form of a new notification channel."""

import ipaddress
from typing import Any

from django import forms
from django.conf import settings

from jobsite.jobs.models.notification import EMAIL, METHODS, PROGRAM, WEBHOOK, Channel, Program
from jobsite.jobs.networks import may_connect
from jobsite.jobs.notifications.message import NotDelivered
from jobsite.jobs.notifications.webhooks import read_place

MOST_CHANNELS = 20


class ChannelForm(forms.ModelForm):
    """A new channel. Methods that this site or person cannot use are not offered."""

    class Meta:
        model = Channel
        fields = ["method", "url", "program", "succeeded", "failed", "cancelled"]

    def __init__(self, *args: Any, owner: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.owner = owner
        usable = {WEBHOOK: True, EMAIL: bool(settings.SENDS_EMAIL and owner.email)}
        usable[PROGRAM] = settings.PROGRAM_DIR is not None and Program.objects.exists()
        offered = [(key, label) for key, label in METHODS if usable[key]]
        self.fields["method"] = forms.ChoiceField(choices=offered, label="Tell me by")
        self.fields["url"].label = "Address of the webhook"
        self.fields["url"].help_text = "https://…, on the public internet."
        self.fields["url"].widget = forms.URLInput(attrs={"placeholder": "https://"})
        if not usable[PROGRAM]:
            del self.fields["program"]

    def clean(self) -> dict[str, Any]:
        """Require the fields of the chosen method."""
        data = super().clean() or {}
        method = data.get("method")
        if method == WEBHOOK:
            self.check_address(data.get("url", ""))
        if method == PROGRAM and data.get("program") is None:
            self.add_error("program", "Choose the program.")
        if not any(data.get(end) for end in ("succeeded", "failed", "cancelled")):
            raise forms.ValidationError("Choose at least one end to be told of.")
        if self.instance.owner.channels.count() >= MOST_CHANNELS:
            raise forms.ValidationError(f"{MOST_CHANNELS} are the most. Remove one first.")
        return data

    def check_address(self, url: str) -> None:
        """Refuse what would fail later; names are resolved when a notification is delivered."""
        try:
            host = read_place(url).host
            if not may_connect(ipaddress.ip_address(host), settings.WEBHOOK_NETWORKS):
                self.add_error("url", f"{host} is not an address of the public internet.")
        except NotDelivered as error:
            self.add_error("url", str(error))
        except ValueError:  # a name
            return

    def save(self, commit: bool = True) -> Channel:
        """Keep only the fields that the method uses."""
        channel: Channel = self.instance
        channel.url = channel.url if channel.method == WEBHOOK else ""
        channel.program = channel.program if channel.method == PROGRAM else None
        return super().save(commit)
