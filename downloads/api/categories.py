"""The API of categories."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework import serializers, viewsets

from downloads.models.category import Category
from downloads.models.seeding_goal import GOAL_FIELDS


class CategorySerializer(serializers.ModelSerializer):
    """A category: its name, and its folder under the library."""

    class Meta:
        model = Category
        fields = ["id", "name", "folder", *GOAL_FIELDS]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Apply the model's own rules."""
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
    """The categories of the caller."""

    serializer_class = CategorySerializer
    pagination_class = None
    lookup_value_converter = "int"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):
            return Category.objects.none()
        return Category.objects.visible_to(self.request.user)
