"""The API's fields and actions for what its caller wishes of downloads, and their categories."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.metainfo.trackers import check_trackers, clean_name
from downloads.models.category import Category
from downloads.models.defaults import Defaults
from downloads.models.download import Download
from downloads.models.seeding_goal import GOAL_FIELDS, SeedingPlan
from downloads.validators import clean_tags
from downloads.web.option_forms import CHANGES, WISHES
from jobsite.jobs.text import storable


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class Tags(serializers.Field):
    """A list of tags, or a text with commas between them."""

    def to_internal_value(self, data: Any) -> list[str]:
        """The list in canonical form."""
        is_list = isinstance(data, list) and all(isinstance(tag, str) for tag in data)
        if not is_list and not isinstance(data, str):
            raise serializers.ValidationError("Give a list of tags, or a text of them.")
        try:
            return clean_tags(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None

    def to_representation(self, value: list[str]) -> list[str]:
        """As it is stored."""
        return value


class OwnCategoryField(serializers.SlugRelatedField):
    """One of the caller's categories, by name."""

    default_error_messages = {
        "does_not_exist": "There is no category named “{value}”. Make it first, at "
        "downloads/categories/."
    }

    def get_queryset(self) -> QuerySet:
        """Those of the caller; none where the schema is drawn without one."""
        return Category.objects.visible_to(self.context.get("owner"))

    def to_internal_value(self, data: Any) -> Category:
        """The category; a form may name it with what no database takes."""
        return super().to_internal_value(storable(data) if isinstance(data, str) else data)


class WishSerializer(serializers.ModelSerializer):
    """What the owner of a download may wish at any time; what is left out stays as it is."""

    category = OwnCategoryField(
        slug_field="name", required=False, allow_null=True, queryset=Category.objects.all()
    )
    tags = Tags(required=False)

    class Meta:
        model = Download
        fields = WISHES

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A goal has a limit, of those that are there already or are given."""
        own = {name: getattr(self.instance, name) for name in GOAL_FIELDS if self.instance}
        given = {name: attrs[name] for name in GOAL_FIELDS if name in attrs}
        try:
            SeedingPlan(**(own | given)).clean()
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from None
        return attrs

    @property
    def wishes(self) -> dict[str, Any]:
        """The values that were given."""
        given = self.validated_data
        usual = Defaults.of(self.context["owner"])
        first = {"exclude": usual.exclude, "layout": usual.layout}
        return first | {name: given[name] for name in WISHES if name in given}


def checked(rule: Callable[..., Any], *values: Any) -> Any:
    """What a rule makes of values, its refusal in the API's form."""
    try:
        return rule(*values)
    except ValidationError as error:
        raise serializers.ValidationError(error.messages) from None


class ChangeSerializer(WishSerializer):
    """All that can be changed of a download."""

    trackers = serializers.ListField(
        child=serializers.CharField(max_length=500), required=False, max_length=500
    )

    class Meta(WishSerializer.Meta):
        fields = ["name", "trackers", *CHANGES]
        extra_kwargs = {"name": {"required": False}}

    def validate_name(self, name: str) -> str:
        """As a file or folder may be called."""
        return checked(clean_name, name)

    def validate_trackers(self, urls: list[str]) -> list[str]:
        """Those that may be asked."""
        job: Any = self.instance
        return checked(check_trackers, urls, job.trackers, job.is_private)


class WishActions:
    """Mixed into the view set of downloads."""

    @extend_schema(request=ChangeSerializer)
    def partial_update(self: Any, request: Request, pk: Any = None) -> Response:
        """Change what is wished of a download; the engine follows within a second or two."""
        job = self.get_object()
        owner = {"owner": request.user}
        form = ChangeSerializer(job, data=request.data, partial=True, context=owner)
        form.is_valid(raise_exception=True)
        job.change(form.validated_data)
        return self.accepted(job)


class CategorySerializer(serializers.ModelSerializer):
    """A category: its name, and its folder under the library."""

    class Meta:
        model = Category
        fields = ["id", "name", "folder", *GOAL_FIELDS]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The model's own rules."""
        made = Category(owner=self.context["request"].user)
        for name in ("pk", *self.Meta.fields) if self.instance is not None else ():
            setattr(made, name, getattr(self.instance, name))
        for name, value in attrs.items():
            setattr(made, name, value)
        try:
            made.clean()
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from None
        return attrs | {"owner": made.owner, "name": made.name, "folder": made.folder}

    def update(self, instance: Any, validated_data: Any) -> Any:
        """Store it; with the folder, finished files move."""
        has_moved = instance.folder != validated_data["folder"]
        instance = super().update(instance, validated_data)
        if has_moved:
            instance.move_files()
        return instance


class CategoryViewSet(viewsets.ModelViewSet):
    """The caller's categories."""

    serializer_class = CategorySerializer
    pagination_class = None
    lookup_value_converter = "int"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet:
        """The caller's own; anybody else's are 404."""
        if getattr(self, "swagger_fake_view", False):
            return Category.objects.none()
        return Category.objects.visible_to(self.request.user)
