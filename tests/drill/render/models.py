"""The row of a rendering."""

from django.db import models

from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kind import ChildLimits, UploadLimit


class Render(Job):
    """Draws frames, one file each."""

    kind = "render"  # also its URL namespace
    cluster = "render"  # or one that is there already
    runner = "tests.drill.render.tasks.run"  # called in a child process
    REPORTED = frozenset({"frames"})  # fields that the child may set
    child_limits = ChildLimits(file_mb=16)
    upload_limits = (UploadLimit("RENDER_UPLOAD_MB", field="scene"),)
    folders = {"scenes": "RENDER_DIR"}  # outside the data folder; part of a backup
    title = "Renderings"  # in the navigation
    start_label = "New rendering"  # a button on the dashboard, to render:new
    invitation = "Have a scene drawn"  # above it, while nothing is there
    samples = "tests.drill.render.samples"  # what can be tried with one press

    total = models.PositiveIntegerField(default=3)
    frames = models.JSONField(default=list)
