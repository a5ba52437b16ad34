"""The columns of a download."""

import time

from django.db import models
from django.utils import timezone

from downloads.models.category import Category
from downloads.models.defaults import FirstOptions
from downloads.models.seeding_goal import GoalFields
from downloads.models.speed_plan import KB
from jobsite.jobs.models.job import Job


class DownloadFields(FirstOptions, GoalFields, Job):
    """The columns of a download besides those of every job."""

    # --- which torrent ---

    info_hash = models.CharField(max_length=64, editable=False, db_index=True)
    info_hash_v2 = models.CharField(max_length=64, blank=True, editable=False)
    link = models.TextField(editable=False, help_text="The magnet link in canonical form.")
    has_file = models.BooleanField(default=False, editable=False)
    size = models.BigIntegerField(null=True, editable=False)
    done = models.BigIntegerField(default=0, editable=False)
    rate_down = models.BigIntegerField(default=0, editable=False)
    rate_up = models.BigIntegerField(default=0, editable=False)
    peers = models.IntegerField(default=0, editable=False)
    eta = models.BigIntegerField(null=True, editable=False, help_text="Seconds.")
    state = models.CharField(max_length=16, blank=True, editable=False)
    place = models.CharField(
        max_length=512, blank=True, editable=False, help_text="Relative to DOWNLOAD_DIR."
    )
    delete_data = models.BooleanField(default=False, editable=False)
    queue_order = models.FloatField(default=time.time, editable=False, help_text="Lower is first.")
    forced = models.BooleanField(
        "force start",
        default=False,
        help_text="Past the limit on how many download at once; the space that is kept free, and "
        "that of its owner, still count.",
    )
    down_kb = models.PositiveIntegerField("most down", default=0, help_text=KB)
    up_kb = models.PositiveIntegerField("most up", default=0, help_text=KB)
    save_as = models.CharField(max_length=200, blank=True, editable=False)
    full_size = models.BigIntegerField(null=True, editable=False, help_text="Of all its files.")
    is_listed = models.BooleanField(default=False, editable=False)
    is_partial = models.BooleanField(
        default=False, editable=False, help_text="Not all of its files are wanted alike."
    )
    is_private = models.BooleanField(default=False, editable=False)
    has_renames = models.BooleanField(default=False, editable=False)
    recheck = models.BooleanField(default=False, editable=False)
    tracker_answers = models.JSONField(
        default=dict, editable=False, help_text="The last answer of each tracker, by its URL."
    )
    announce_asked_at = models.DateTimeField(null=True, editable=False)
    move_asked = models.BooleanField(
        default=False, editable=False, help_text="Its finished files are to be moved."
    )
    asked_at = models.DateTimeField(
        default=timezone.now,
        editable=False,
        help_text="When its owner last changed what is wanted.",
    )

    # --- options of its owner, changed at any time ---

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

    # --- uploading ---

    seeding = models.BooleanField(default=False, editable=False)
    uploaded = models.BigIntegerField(default=0, editable=False)
    seeded_seconds = models.BigIntegerField(default=0, editable=False)

    class Meta(Job.Meta):
        abstract = True
