"""The page on which a person says how they want to be told that a job has ended."""

import ipaddress
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse_lazy
from django.views import View
from django.views.generic import FormView

from jobsite.jobs.models.notification import EMAIL, METHODS, PROGRAM, WEBHOOK, Channel, Program
from jobsite.jobs.networks import may_connect
from jobsite.jobs.notifications.webhooks import NotDelivered, read_place

MOST_CHANNELS = 20
LOG_SHOWN = 5


class ChannelForm(forms.ModelForm):
    """A new channel. Methods that this site or this person has no use of are not offered."""

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
        """What the chosen method needs has to be there."""
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
        """Say at once what would fail later; names are resolved where notices are delivered."""
        try:
            host = read_place(url).host
            if not may_connect(ipaddress.ip_address(host), settings.WEBHOOK_NETWORKS):
                self.add_error("url", f"{host} is not an address of the public internet.")
        except NotDelivered as error:
            self.add_error("url", str(error))
        except ValueError:  # a name
            return

    def save(self, commit: bool = True) -> Channel:
        """Keep only what the method uses."""
        channel: Channel = self.instance
        channel.url = channel.url if channel.method == WEBHOOK else ""
        channel.program = channel.program if channel.method == PROGRAM else None
        return super().save(commit)


class Notifications(FormView):
    """The channels with their latest deliveries, and a form for one more."""

    form_class = ChannelForm
    success_url = reverse_lazy("notifications")

    def get_template_names(self) -> list[str]:
        """The fragment for a poll, the page otherwise."""
        polled = self.request.htmx  # type: ignore[attr-defined]
        return ["jobs/_channels.html" if polled else "jobs/notifications.html"]

    def get_form_kwargs(self) -> dict[str, Any]:
        """A channel is that of the person who adds it."""
        return {**super().get_form_kwargs(), "owner": self.request.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what exists, and what this site cannot do."""
        user: Any = self.request.user
        channels = [
            (channel, list(channel.deliveries.all()[:LOG_SHOWN]))
            for channel in user.channels.select_related("program", "owner")
        ]
        soon = any(one.is_waiting and one.tries < 2 for _, log in channels for one in log)
        return super().get_context_data(**kwargs) | {
            "channels": channels,
            "is_moving": soon,
            "sends_email": settings.SENDS_EMAIL,
        }

    def form_valid(self, form: ChannelForm) -> HttpResponse:
        """Keep it."""
        channel = form.save()
        messages.success(self.request, f"{channel} is added. Send a test to see whether it works.")
        return super().form_valid(form)


class ChannelAction(View):
    """A button of one of the person's own channels."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Act, and back to the page."""
        channel = get_object_or_404(Channel, pk=pk, owner=request.user)
        self.act(request, channel)
        return redirect("notifications")

    def act(self, request: HttpRequest, channel: Channel) -> None:
        """Do it and say so."""
        raise NotImplementedError


class SendTest(ChannelAction):
    """Send a notice of nothing, to see whether the channel works."""

    def act(self, request: HttpRequest, channel: Channel) -> None:
        """Into the outbox, unless one is on its way."""
        if channel.send_test():
            messages.success(request, f"A test goes to {channel} in a moment.")
        else:
            messages.info(request, "A test is on its way already.")


class RemoveChannel(ChannelAction):
    """Tell no more by this channel."""

    def act(self, request: HttpRequest, channel: Channel) -> None:
        """Remove it with its log and with what was still to be delivered."""
        channel.delete()
        messages.success(request, f"{channel} is removed.")
