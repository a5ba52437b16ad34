"""The outbox in the admin panel, and the programs that may run when a job has ended."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .admin_read_only import ReadOnlyAdmin
from .channels import Delivery, Program


@admin.register(Program)
class ProgramAdmin(admin.ModelAdmin):
    """Programs run with the rights of the site: superusers alone define them."""

    list_display = ["name", "command", "timeout"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return bool(getattr(request.user, "is_superuser", False))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return self.has_module_permission(request)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What was told to whom, and what came of it."""

    list_display = ["created_at", "channel", "owner", "state", "tries", "tried_at", "answer"]
    list_filter = ["state", "channel__method"]
    list_select_related = ["channel__owner", "channel__program"]

    @admin.display(ordering="channel__owner")
    def owner(self, delivery: Delivery) -> str:
        """Whose channel it is."""
        return str(delivery.channel.owner)
