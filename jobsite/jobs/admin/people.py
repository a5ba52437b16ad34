"""People in the admin: invitations by one-time link, their tokens, their second factor."""

from typing import Any

from axes.admin import AccessAttemptAdmin
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from knox.models import get_token_model

from jobsite.jobs.accounts import second_factor
from jobsite.jobs.accounts.sign_in_links import sign_in_link
from jobsite.jobs.admin.bases import ReadOnlyAdmin, SuperusersOnly, is_superuser
from jobsite.jobs.models.allowance import Allowance
from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.models.person_deletion import belongings, request_deletion

# knox registers the token model with a form that would show the hash as editable text.
if admin.site.is_registered(get_token_model()):
    admin.site.unregister(get_token_model())
for ours in (User, Group, AccessAttempt):
    admin.site.unregister(ours)
# Secrets of people, which nobody has to see: the action below turns a second factor off. And two
# logs that are not written.
for unwanted in (TOTPDevice, StaticDevice, AccessLog, AccessFailureLog):
    if admin.site.is_registered(unwanted):
        admin.site.unregister(unwanted)


# What makes somebody more than an ordinary person.
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


class AllowanceInline(admin.StackedInline):
    """The limits of one person, on the page of that person."""

    model = Allowance
    can_delete = True


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Django's page of people, with links instead of e-mail.

    Whoever could grant rights, or sign in as somebody else, could do everything, so only superusers
    may. Staff with a permission for people manage those who have no rights of their own.
    """

    inlines = [AllowanceInline]
    actions = ["make_links", "reset_second_factor"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only superusers change people with rights."""
        return super().has_change_permission(request, obj) and is_below(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only superusers delete people with rights, and nobody themselves."""
        is_self = obj is not None and obj.pk == request.user.pk
        return (
            super().has_delete_permission(request, obj) and is_below(request, obj) and not is_self
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """List what goes with the people; the jobs are no reason to refuse."""
        allowed = [self.has_delete_permission(request, person) for person in objs]
        refused = set() if all(allowed) else {"people with rights, or yourself"}
        lines = [f"{person}: {', '.join(belongings(person)) or 'no jobs'}" for person in objs]
        return lines, {"people, with jobs, tables and files": len(lines)}, refused, []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete a person with everything; what runs ends first."""
        request_deletion(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete people with everything; what runs ends first."""
        for person in queryset:
            request_deletion(person)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Let only superusers grant rights."""
        fields = super().get_readonly_fields(request, obj)
        return fields if is_superuser(request) else (*fields, *RIGHTS)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Let only superusers set passwords: a password that somebody knows signs in."""
        if not is_superuser(request):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def has_superuser_permission(self, request: HttpRequest) -> bool:
        """Return whether the person is a superuser: a link signs in as anybody."""
        return is_superuser(request)

    @admin.action(description="Make one-time sign-in links", permissions=["superuser"])
    def make_links(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse:
        """Show a link for each selected person who is active."""
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
        """Turn the second factor off, for people who lost their phone and their recovery codes."""
        done = sum(second_factor.remove(user) for user in queryset)
        self.message_user(request, f"The second factor of {done} people is off now.")


def is_below(request: HttpRequest, person: Any) -> bool:
    """Return whether a person has fewer rights than the one who asks; True without a person."""
    return is_superuser(request) or person is None or not (person.is_staff or person.is_superuser)


@admin.register(Group)
class RightsAdmin(SuperusersOnly, GroupAdmin):
    """Groups, which carry permissions: for superusers alone."""


@admin.register(AccessAttempt)
class LockAdmin(ReadOnlyAdmin, AccessAttemptAdmin):
    """Wrong passwords, and the locks that they caused; deleting a row ends its lock."""

    actions = []


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens can be revoked here but not read: only their hash exists."""

    list_display = ["name", "user", "token_key", "read_only", "created", "expiry"]
    list_filter = ["read_only"]
    search_fields = ["name", "user__username"]
    list_select_related = ["user"]
    fields = ["name", "user", "token_key", "read_only", "created", "expiry"]
