"""The outbox in the admin panel, and the programs that may run when a job has ended."""

from django.contrib import admin

from jobsite.jobs.admin.bases import ReadOnlyAdmin, SuperusersOnly
from jobsite.jobs.models.notification import Delivery, Program


@admin.register(Program)
class ProgramAdmin(SuperusersOnly):
    """Programs run with the rights of the site, so only superusers define them."""

    list_display = ["name", "command", "timeout"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Deliveries and their results."""

    list_display = ["created_at", "channel", "owner", "state", "tries", "tried_at", "answer"]
    list_filter = ["state", "channel__method"]
    list_select_related = ["channel__owner", "channel__program"]

    @admin.display(ordering="channel__owner")
    def owner(self, delivery: Delivery) -> str:
        """Return the owner of the channel."""
        return str(delivery.channel.owner)
