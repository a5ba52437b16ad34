"""API fields and actions for the options and categories of downloads."""

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.api.base import DownloadActions
from downloads.api.fields import OwnCategoryField, Tags, checked
from downloads.models.category import Category
from downloads.models.defaults import Defaults
from downloads.models.download import Download
from downloads.models.seeding_goal import GOAL_FIELDS, SeedingPlan
from downloads.validators import check_trackers, clean_name
from downloads.web.option_forms import CHANGES, OPTIONS


class OptionSerializer(serializers.ModelSerializer):
    """Options that a download's owner may set at any time; omitted ones stay as they are."""

    category = OwnCategoryField(
        slug_field="name", required=False, allow_null=True, queryset=Category.objects.all()
    )
    tags = Tags(required=False)

    class Meta:
        model = Download
        fields = OPTIONS

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require a limit for a goal, be it stored already or given."""
        own = {name: getattr(self.instance, name) for name in GOAL_FIELDS if self.instance}
        given = {name: attrs[name] for name in GOAL_FIELDS if name in attrs}
        try:
            SeedingPlan(**(own | given)).clean()
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from None
        return attrs

    @property
    def options(self) -> dict[str, Any]:
        """The values that were given."""
        given = self.validated_data
        usual = Defaults.of(self.context["owner"])
        first = {"exclude": usual.exclude, "layout": usual.layout}
        return first | {name: given[name] for name in OPTIONS if name in given}


class ChangeSerializer(OptionSerializer):
    """The fields of a download that can be changed."""

    trackers = serializers.ListField(
        child=serializers.CharField(max_length=500), required=False, max_length=500
    )

    class Meta(OptionSerializer.Meta):
        fields = ["name", "trackers", *CHANGES]
        extra_kwargs = {"name": {"required": False}}

    def validate_name(self, name: str) -> str:
        return checked(clean_name, name)

    def validate_trackers(self, urls: list[str]) -> list[str]:
        job: Any = self.instance
        return checked(check_trackers, urls, job.trackers, job.is_private)


class OptionActions(DownloadActions):
    """Changes of the options of a download."""

    @extend_schema(request=ChangeSerializer)
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change options of a download; the engine applies them within a second or two."""
        job = self.get_object()
        owner = {"owner": request.user}
        form = ChangeSerializer(job, data=request.data, partial=True, context=owner)
        form.is_valid(raise_exception=True)
        job.change(form.validated_data)
        return self.accepted(job)
