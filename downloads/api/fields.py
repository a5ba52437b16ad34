"""Fields that several serializers share."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from downloads.models.category import Category
from downloads.validators import clean_tags
from jobsite.jobs.text import storable


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class Tags(serializers.Field):
    """A list of tags, or a text with commas between them."""

    def to_internal_value(self, data: Any) -> list[str]:
        is_list = isinstance(data, list) and all(isinstance(tag, str) for tag in data)
        if not is_list and not isinstance(data, str):
            raise serializers.ValidationError("Give a list of tags, or a text of them.")
        try:
            return clean_tags(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None

    def to_representation(self, value: list[str]) -> list[str]:
        return value


class OwnCategoryField(serializers.SlugRelatedField):
    """One of the caller's categories, by name."""

    default_error_messages = {
        "does_not_exist": "There is no category named “{value}”. Make it first, at "
        "downloads/categories/."
    }

    def get_queryset(self) -> QuerySet:
        return Category.objects.visible_to(self.context.get("owner"))

    def to_internal_value(self, data: Any) -> Category:
        """Return the category; a form may name it with text that no database takes."""
        return super().to_internal_value(storable(data) if isinstance(data, str) else data)


def checked(rule: Callable[..., Any], *values: Any) -> Any:
    """Return the values that a rule makes; its refusal becomes an error of the API."""
    try:
        return rule(*values)
    except ValidationError as error:
        raise serializers.ValidationError(error.messages) from None
