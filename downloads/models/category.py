"""Categories by which a person sorts downloads, each with a folder in the library."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from downloads.models.seeding_goal import GoalFields
from downloads.names import display_name
from downloads.validators import usable_folder
from jobsite.jobs.status import Status

NONE = "-"  # stands for "without a category" where downloads are filtered


class CategoryQuerySet(models.QuerySet):
    """The categories of one person or all."""

    def visible_to(self, user: Any) -> "CategoryQuerySet":
        """Return the categories of one person."""
        return self.filter(owner=user)


class Category(GoalFields):
    """A name that one person gives to downloads, and the folder in which they appear."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    folder = models.CharField(
        max_length=200,
        blank=True,
        help_text="Under the library; finished files appear there. Empty: the library itself.",
    )

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="category_once")]

    def __str__(self) -> str:
        return self.name

    def move_files(self) -> None:
        """Ask the engine to move files that are already in the library to the folder."""
        self.downloads.filter(status=Status.SUCCEEDED).update(move_asked=True)

    def clean(self) -> None:
        """Normalise name and folder. Raises ValidationError if one is invalid or taken."""
        parts = [display_name(part, 60) for part in self.name.split("/")]
        name = "/".join(parts)
        if not all(parts) or ".." in self.name.split("/") or name == NONE or len(name) > 60:
            raise ValidationError(
                {"name": "Give it a name of letters, digits and blanks, with / for one in another."}
            )
        self.name = name
        super().clean()
        if Category.objects.filter(owner_id=self.owner_id, name=name).exclude(pk=self.pk).exists():
            raise ValidationError({"name": f"You have a category named “{name}” already."})
        try:
            self.folder = usable_folder(self.folder)
        except ValidationError as error:
            raise ValidationError({"folder": error}) from None
