"""The page of how torrents reach others: the outlet, the port, blocked and banned addresses."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse_lazy
from django.views import View
from django.views.generic import FormView

from downloads.models.engine import Engine
from downloads.models.mailboxes import site_line
from downloads.models.network import LARGEST_PORT, BannedPeer, ListenPort
from jobsite.jobs.permissions import may
from jobsite.jobs.web.views import back


class PortForm(forms.Form):
    """The port on which peers are accepted."""

    port = forms.IntegerField(
        min_value=1,
        max_value=LARGEST_PORT,
        help_text="The one that your router or VPN forwards.",
    )


class Connection(FormView):
    """Shows how torrents reach others, and sets the port; it does not exist but for staff."""

    form_class = PortForm
    template_name = "downloads/connection.html"
    success_url = reverse_lazy("downloads:connection")
    title = "Connection"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, "change", ListenPort):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"port": ListenPort.current().port or None}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        Engine.start()  # what the page shows is what an engine says
        line = site_line()
        return super().get_context_data(**kwargs) | {
            "line": line,
            "interface": settings.DOWNLOAD_INTERFACE,
            "proxy": settings.DOWNLOAD_PROXY,
            "port_file": settings.DOWNLOAD_PORT_FILE,
            "block_list": settings.DOWNLOAD_BLOCK_LIST,
            "banned": BannedPeer.objects.all(),
        }

    def form_valid(self, form: Any) -> HttpResponse:
        """Store the port; the engine follows within seconds."""
        try:
            ListenPort.set(form.cleaned_data["port"])
        except ValidationError as error:
            form.add_error("port", error)
            return self.form_invalid(form)
        messages.success(self.request, f"Peers are accepted on port {form.cleaned_data['port']}.")
        return super().form_valid(form)


class Ban(View):
    """Bans a peer for everybody's torrents."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 404 to those who may not, and say what is no address."""
        if not may(request.user, "add", BannedPeer):
            raise Http404
        address = request.POST.get("address", "")
        try:
            BannedPeer.ban(address)
            messages.success(request, f"{address} is banned: it is neither contacted nor let in.")
        except ValidationError:
            messages.error(request, "That is no IP address, such as 203.0.113.7.")
        return redirect(back(request) or "downloads:connection")


class Unban(View):
    """Lifts the ban of a peer."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return 404 to those who may not."""
        if not may(request.user, "delete", BannedPeer):
            raise Http404
        peer = get_object_or_404(BannedPeer, pk=pk)
        peer.delete()
        messages.success(request, f"{peer} may take part again.")
        return redirect("downloads:connection")
