"""The pages of the second factor: entering a code, and setting one up."""

import base64
from typing import Any

import django_otp
import segno
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.generic import FormView
from django_otp.plugins.otp_totp.models import TOTPDevice

from jobsite.jobs.accounts.second_factor import app_of, codes_of, make_codes, remove


class CodeForm(forms.Form):
    """A code of the app (six digits) or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Six digits from your authenticator app, or a recovery code.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}
        ),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.device: Any = None

    def clean_code(self) -> str:
        """Check the code with the device that such a code belongs to."""
        code = self.cleaned_data["code"].replace(" ", "").replace("-", "").lower()
        is_digits = code.isascii() and code.isdigit() and len(code) == 6
        device = app_of(self.user) if is_digits else codes_of(self.user)
        if device is not None:
            allowed, _ = device.verify_is_allowed()
            if not allowed:
                raise forms.ValidationError(
                    "Too many wrong codes. Wait a moment; each wrong one doubles the wait."
                )
            self.device = django_otp.verify_token(self.user, device.persistent_id, code)
        if self.device is None:
            raise forms.ValidationError(
                "This code is not right, or it was used already. Each code works once; check the "
                "clock of your phone where it is refused again."
            )
        return code


class SecondFactor(FormView):
    """The page that asks for a code after the password or the link, before anything else."""

    template_name = "registration/second_factor.html"
    form_class = CodeForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, next=self.target())

    def target(self) -> str:
        """Return the page that was asked for, if it is one of this site."""
        path = self.request.POST.get("next") or self.request.GET.get("next") or "/"
        safe = url_has_allowed_host_and_scheme(path, {self.request.get_host()})
        return path if safe else "/"

    def form_valid(self, form: CodeForm) -> HttpResponse:
        """Mark the session as verified; its key is replaced."""
        self.request.session.cycle_key()
        django_otp.login(self.request, form.device)
        return redirect(self.target())


class SetUp(View):
    """Sets up the app, confirms it with a code, shows recovery codes, turns it all off."""

    template_name = "registration/second_factor_setup.html"

    def get(self, request: HttpRequest, **context: Any) -> HttpResponse:
        app = app_of(request.user)
        pending = None if app else TOTPDevice.objects.filter(user=request.user).first()
        codes = codes_of(request.user)
        return render(
            request,
            self.template_name,
            {
                "app": app,
                "pending": pending,
                "secret": spelled(pending),
                "picture": picture(pending),
                "codes_left": codes.token_set.count() if codes else 0,
                "form": CodeForm(user=request.user),
                **context,
            },
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        steps = {
            "start": self.start,
            "confirm": self.confirm,
            "codes": self.renew_codes,
            "off": self.turn_off,
        }
        step = steps.get(request.POST.get("action", ""))
        return step(request) if step else redirect("second-factor-setup")

    def start(self, request: HttpRequest) -> HttpResponse:
        """Make a secret that counts only once a code proves that the app has it."""
        if app_of(request.user) is None:
            TOTPDevice.objects.filter(user=request.user).delete()
            TOTPDevice.objects.create(user=request.user, name="app", confirmed=False)
        return redirect("second-factor-setup")

    def confirm(self, request: HttpRequest) -> HttpResponse:
        """Turn it on with the first code and show the recovery codes."""
        device = TOTPDevice.objects.filter(user=request.user, confirmed=False).first()
        code = request.POST.get("code", "").replace(" ", "")[:40]
        if device is None or app_of(request.user) is not None:
            return redirect("second-factor-setup")
        if not device.verify_token(code):
            form = CodeForm({"code": ""}, user=request.user)
            form.add_error(
                "code", "This is not the code that the app shows now. Wait for its next one."
            )
            return self.get(request, form=form)
        with transaction.atomic():
            device.confirmed = True
            device.save()
            codes = make_codes(request.user)
        django_otp.login(request, device)
        return self.get(request, new_codes=codes)

    def renew_codes(self, request: HttpRequest) -> HttpResponse:
        """Replace the recovery codes, if a code is given."""
        form = CodeForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.get(request, form=form)
        return self.get(request, new_codes=make_codes(request.user))

    def turn_off(self, request: HttpRequest) -> HttpResponse:
        """Turn the second factor off, if a code is given."""
        form = CodeForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.get(request, form=form)
        remove(request.user)
        messages.success(request, "The second factor is off.")
        return redirect("second-factor-setup")


def picture(device: TOTPDevice | None) -> str:
    """Return the QR code as a data URL."""
    return segno.make(device.config_url).svg_data_uri(scale=5, light="white") if device else ""


def spelled(device: TOTPDevice | None) -> str:
    """Return the secret for typing, in groups of four."""
    if device is None:
        return ""
    key = base64.b32encode(device.bin_key).decode()
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))
