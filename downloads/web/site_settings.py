"""Pages of the site's limits, its seeding goal, and a person's defaults."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.views import View
from django.views.generic import UpdateView

from downloads.models.defaults import Defaults
from downloads.models.seeding_goal import GOAL_FIELDS, SeedingPlan
from downloads.models.speed_plan import SLOW, SpeedPlan
from downloads.rate_limits import HOURS_OF_A_WEEK
from jobsite.jobs.permissions import may

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class PlanForm(forms.ModelForm):
    """The site's limits and its slow hours, ticked one by one."""

    slow = forms.MultipleChoiceField(
        choices=[(str(hour), str(hour)) for hour in range(HOURS_OF_A_WEEK)], required=False
    )

    class Meta:
        model = SpeedPlan
        fields = ["down_kb", "up_kb", "slow_down_kb", "slow_up_kb"]

    def save(self, commit: bool = True) -> SpeedPlan:
        """Store the hours as the string that the engine reads."""
        ticked = set(self.cleaned_data["slow"])
        hours = ("1" if str(hour) in ticked else "0" for hour in range(HOURS_OF_A_WEEK))
        self.instance.slow_hours = "".join(hours)
        return super().save(commit)


class Plan(UpdateView):
    """Edits the site's limits by the hours of the week, for staff who may change them.

    It does not exist for others.
    """

    form_class = PlanForm
    template_name = "downloads/plan.html"
    title = "Speed schedule"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, "change", SpeedPlan):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_object(self, queryset: Any = None) -> SpeedPlan:
        return SpeedPlan.current()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the grid: the hours of each day, and whether each is slow."""
        hours = self.object.slow_hours
        week = [
            (day, [(start + hour, hour, hours[start + hour] == "1") for hour in range(24)])
            for day, start in zip(DAYS, range(0, HOURS_OF_A_WEEK, 24), strict=True)
        ]
        now = timezone.localtime()
        return super().get_context_data(**kwargs) | {
            "week": week,
            "hours": range(24),
            "is_slow": self.object.is_slow(now),
            "speed": self.object.speed_at(now),
        }

    def form_valid(self, form: Any) -> HttpResponse:
        """Store it; the engine follows within a second or two."""
        form.save()
        messages.success(self.request, "The limits are stored; they hold from now on.")
        return redirect("downloads:plan")


class SwitchSpeed(View):
    """Switches to the slow limits or back, until the plan changes them the next time."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 404 to those who may not."""
        if not may(request.user, "change", SpeedPlan):
            raise Http404
        plan = SpeedPlan.current()
        to_slow = request.POST.get("to") == SLOW
        plan.switch(to_slow)
        limits = "The slow limits hold" if to_slow else "The usual limits hold"
        messages.success(request, f"{limits} until the plan changes them the next time.")
        return redirect("downloads:plan")


class EditDefaults(UpdateView):
    """Edits the default options of the person's new downloads."""

    fields = ["hold", "exclude", "layout"]
    model = Defaults
    template_name = "downloads/defaults.html"
    title = "Defaults"
    success_url = reverse_lazy("downloads:defaults")

    def get_object(self, queryset: Any = None) -> Defaults:
        return Defaults.of(self.request.user)

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "This holds for what you add from now on.")
        return super().form_valid(form)


class EditSeeding(UpdateView):
    """Edits the site's seeding goal, for staff who may change it; it does not exist for others."""

    fields = GOAL_FIELDS
    model = SeedingPlan
    template_name = "downloads/seeding.html"
    title = "Seeding"
    success_url = reverse_lazy("downloads:seeding")

    def get_object(self, queryset: Any = None) -> SeedingPlan:
        if not may(self.request.user, "change", SeedingPlan):
            raise Http404
        return SeedingPlan.current()

    def form_valid(self, form: Any) -> HttpResponse:
        """Store it; the engine follows within seconds."""
        messages.success(self.request, "Saved as the site default.")
        return super().form_valid(form)
