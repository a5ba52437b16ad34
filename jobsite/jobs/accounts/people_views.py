"""Pages with which administrators let people in, and with which people come back in."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.views import LoginView, PasswordResetView
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse_lazy
from django.views import View
from django.views.generic import FormView

from jobsite.jobs.accounts.sign_in_links import sign_in_link

MEMBER, ADMINISTRATOR = "member", "administrator"
ROLES = [(MEMBER, "Member"), (ADMINISTRATOR, "Administrator")]


class InviteForm(forms.ModelForm):
    """A new person: name, address and role. The password is their own business."""

    role = forms.ChoiceField(
        choices=ROLES,
        help_text="Members see their own work alone. Administrators manage people and settings.",
    )

    class Meta:
        model = get_user_model()
        fields = ["username", "email"]
        labels = {"username": "Name", "email": "E-mail"}
        help_texts = {"username": "What they sign in with.", "email": "For notifications."}

    def clean_username(self) -> str:
        """Refuse a name that differs from another by its case alone: people mix them up."""
        name = self.cleaned_data["username"]
        if get_user_model().objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(f"“{name}” has an account already.")
        return name

    def save(self, commit: bool = True) -> Any:
        """Create the person without a password: the link signs in, and asks for one."""
        person = super().save(commit=False)
        person.set_unusable_password()
        person.is_staff = person.is_superuser = self.cleaned_data["role"] == ADMINISTRATOR
        if commit:
            person.save()
        return person


class AdministratorsOnly:
    """For superusers; to everybody else the page is not there."""

    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer 404 to everybody else."""
        if not getattr(request.user, "is_superuser", False):
            raise Http404
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class People(AdministratorsOnly, FormView):
    """Everybody with an account, and the form that invites one more."""

    template_name = "jobs/people.html"
    form_class = InviteForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the people, newest first."""
        return super().get_context_data(**kwargs, people=people())

    def form_valid(self, form: InviteForm) -> HttpResponse:
        """Create the person, and show the link once."""
        person = form.save()
        fresh = {"form": InviteForm(), "invited": person, "link": sign_in_link(person)}
        return self.render_to_response(self.get_context_data(**fresh))


class MakeLink(AdministratorsOnly, View):
    """A new one-time link for somebody who cannot sign in."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the link once."""
        person = get_object_or_404(get_user_model(), pk=pk, is_active=True)
        told = {"form": InviteForm(), "invited": person, "link": sign_in_link(person)}
        return render(request, "jobs/people.html", {**told, "people": people()})


def people() -> QuerySet:
    """Return everybody with an account, the latest first."""
    return get_user_model().objects.order_by("-date_joined")


class ForgottenPassword(PasswordResetView):
    """Sends a link to choose a new password if the site sends e-mail, else says whom to ask."""

    template_name = "registration/forgotten.html"
    email_template_name = "registration/forgotten_email.txt"
    subject_template_name = "registration/forgotten_subject.txt"
    success_url = reverse_lazy("login")
    extra_context = {"sends_email": settings.SENDS_EMAIL}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send nothing if the site cannot."""
        return super().post(request, *args, **kwargs) if settings.SENDS_EMAIL else self.get(request)

    def form_valid(self, form: Any) -> HttpResponse:
        """Say the same whether the address is known or not."""
        answer = super().form_valid(form)
        messages.success(
            self.request,
            "If that address belongs to an account, a link to choose a new password is on its way.",
        )
        return answer


class AdminSignIn(LoginView):
    """The sign-in of the admin panel is that of the site; to members the panel is not there."""

    next_page = "admin:index"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer 404 to people who are signed in and no staff."""
        if request.user.is_authenticated and not request.user.is_staff:
            raise Http404
        return super().dispatch(request, *args, **kwargs)
