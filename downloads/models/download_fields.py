"""The fields of a download that hold what its owner wishes of it."""

from django.db import models

from downloads.models.category import Category
from downloads.models.defaults import FirstWishes


class WishFields(FirstWishes):
    """Set when it is added, changed at any time."""

    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="downloads"
    )
    tags = models.JSONField(default=list, blank=True)
    sequential = models.BooleanField(
        "in order", default=False, help_text="From the first piece to the last, to play it early."
    )
    ends_first = models.BooleanField(
        "first and last pieces first",
        default=False,
        help_text="Of each file: players look there for its index.",
    )

    class Meta:
        abstract = True
