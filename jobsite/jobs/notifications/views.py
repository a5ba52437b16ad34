"""The page on which people choose how they hear of finished jobs."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse_lazy
from django.views import View
from django.views.generic import FormView

from jobsite.jobs.models.notification import (
    LOG_SHOWN,
    Channel,
)
from jobsite.jobs.notifications.forms import ChannelForm


class Notifications(FormView):
    """A person's channels with their latest deliveries, and a form for one more."""

    form_class = ChannelForm
    success_url = reverse_lazy("notifications")

    def get_template_names(self) -> list[str]:
        polled = self.request.htmx  # type: ignore[attr-defined]
        return ["jobs/_channels.html" if polled else "jobs/notifications.html"]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "owner": self.request.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
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
        channel = form.save()
        messages.success(self.request, f"{channel} is added. Send a test to see whether it works.")
        return super().form_valid(form)


class ChannelAction(View):
    """Base of the buttons of a person's own channels."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        channel = get_object_or_404(Channel, pk=pk, owner=request.user)
        self.act(request, channel)
        return redirect("notifications")

    def act(self, request: HttpRequest, channel: Channel) -> None:
        """Act on the channel and add a message for the page."""
        raise NotImplementedError


class SendTest(ChannelAction):
    """Sends a test notification, to see whether the channel works."""

    def act(self, request: HttpRequest, channel: Channel) -> None:
        """Write a test into the outbox, unless one is under way."""
        if channel.send_test():
            messages.success(request, f"A test goes to {channel} in a moment.")
        else:
            messages.info(request, "A test is on its way already.")


class RemoveChannel(ChannelAction):
    """Removes a channel of the person."""

    def act(self, request: HttpRequest, channel: Channel) -> None:
        """Remove the channel with its log and its undelivered notifications."""
        channel.delete()
        messages.success(request, f"{channel} is removed.")
