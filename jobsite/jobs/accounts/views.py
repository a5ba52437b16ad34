"""Pages of an account: the one-time link, the password, the API tokens."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.views import View
from django.views.generic import FormView

from jobsite.jobs.accounts.sign_in_links import user_of
from jobsite.jobs.models.api_token import LIFETIMES, ApiToken


class SignInLink(View):
    """A link that signs in once.

    GET shows a button, because opening an address must change nothing.
    """

    def get(self, request: HttpRequest, uid: str, token: str) -> HttpResponse:
        user = user_of(uid, token)
        status = 200 if user else 404
        return render(request, "registration/link.html", {"link_user": user}, status=status)

    def post(self, request: HttpRequest, uid: str, token: str) -> HttpResponse:
        """Sign in; a person without a password is asked to choose one."""
        user = user_of(uid, token)
        if user is None:
            return self.get(request, uid, token)
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        return redirect("dashboard" if user.has_usable_password() else "password")


class Password(FormView):
    """Changes the password, or sets the first one."""

    template_name = "registration/password.html"
    success_url = reverse_lazy("dashboard")

    def get_form_class(self) -> type[forms.Form]:
        """Ask for the old password only if there is one."""
        user: Any = self.request.user
        return PasswordChangeForm if user.has_usable_password() else SetPasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def form_valid(self, form: Any) -> HttpResponse:
        """Save it; this session stays, the others end."""
        update_session_auth_hash(self.request, form.save())
        messages.success(self.request, "The password is set.")
        return super().form_valid(form)


class TokenForm(forms.Form):
    """The purpose, the lifetime and the rights of a new token."""

    name = forms.CharField(max_length=80, help_text="What will use it, such as “backup script”.")
    days = forms.ChoiceField(choices=LIFETIMES, required=False, label="Lasts")
    read_only = forms.BooleanField(required=False, label="May only read")


class Tokens(FormView):
    """The API tokens of a person: list and create. A new one is shown once."""

    template_name = "jobs/tokens.html"
    form_class = TokenForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tokens = ApiToken.objects.filter(user=self.request.user)
        return super().get_context_data(**kwargs, tokens=tokens)

    def form_valid(self, form: TokenForm) -> HttpResponse:
        chosen = form.cleaned_data
        days = int(chosen["days"]) if chosen["days"] else None
        secret = ApiToken.make(self.request.user, chosen["name"], days, chosen["read_only"])
        return self.render_to_response(self.get_context_data(form=TokenForm(), new_token=secret))


def revoke_token(request: HttpRequest, digest: str) -> HttpResponse:
    """Revoke one token of the person who asks."""
    get_object_or_404(ApiToken, user=request.user, digest=digest).delete()
    messages.success(request, "The token is revoked.")
    return redirect("tokens")
