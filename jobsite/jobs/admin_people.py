"""People in the admin panel: invitations by one-time link, their tokens, their second factor."""

from axes.models import AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from knox.models import get_token_model

from . import second_factor
from .admin_read_only import ReadOnlyAdmin
from .allowances import Allowance
from .links import sign_in_link
from .tokens import ApiToken

# knox registers the token model with a form that would show the hash as editable text.
if admin.site.is_registered(get_token_model()):
    admin.site.unregister(get_token_model())
admin.site.unregister(User)
# Secrets of people, which nobody has to see: the action below turns a second factor off. And two
# logs that are not written.
for unwanted in (TOTPDevice, StaticDevice, AccessLog, AccessFailureLog):
    if admin.site.is_registered(unwanted):
        admin.site.unregister(unwanted)


class AllowanceInline(admin.StackedInline):
    """The limits of one person, on the page of that person."""

    model = Allowance
    can_delete = True


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Django's page of people, with links instead of e-mail."""

    inlines = [AllowanceInline]
    actions = ["make_links", "reset_second_factor"]

    def has_superuser_permission(self, request: HttpRequest) -> bool:
        """A link signs in as somebody: whoever may make one may do everything."""
        return bool(getattr(request.user, "is_superuser", False))

    @admin.action(description="Make one-time sign-in links", permissions=["superuser"])
    def make_links(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse:
        """Show a link for each of the selected who is active."""
        links = [(user, sign_in_link(user)) for user in queryset if user.is_active]
        context = {
            **self.admin_site.each_context(request),
            "title": "One-time sign-in links",
            "links": links,
            "inactive": [user for user in queryset if not user.is_active],
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/links.html", context)

    @admin.action(description="Turn the second factor off", permissions=["superuser"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For people who lost their phone and their recovery codes."""
        done = sum(second_factor.remove(user) for user in queryset)
        self.message_user(request, f"The second factor of {done} people is off now.")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens can be revoked here, not read: only their hash exists."""

    list_display = ["name", "user", "token_key", "read_only", "created", "expiry"]
    list_filter = ["read_only"]
    search_fields = ["name", "user__username"]
    list_select_related = ["user"]
    fields = ["name", "user", "token_key", "read_only", "created", "expiry"]
