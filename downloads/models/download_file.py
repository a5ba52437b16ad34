"""The files of torrents, one row each and for each owner."""

from django.db import models
from django.db.models import Q

from downloads.library.folders import clean_path, parents
from downloads.library.media_types import played_as
from downloads.library.selection import HIGH, NORMAL, SKIP
from downloads.models.download_queryset import FileQuerySet
from downloads.names import display_name


class DownloadFile(models.Model):
    """One file of a torrent."""

    download = models.ForeignKey("downloads.Download", models.CASCADE, related_name="files")
    index = models.PositiveIntegerField()
    path = models.TextField(blank=True, help_text="Within the torrent's folder; empty: it is it.")
    size = models.BigIntegerField()
    new_path = models.TextField(
        blank=True, help_text="Where its owner wants it, within the torrent's folder."
    )
    position = models.PositiveIntegerField(default=0, help_text="In the natural order of paths.")
    priority = models.PositiveSmallIntegerField(default=NORMAL, help_text="0: it is not wanted.")

    objects = FileQuerySet.as_manager()

    class Meta:
        ordering = ["position", "index"]
        constraints = [
            models.UniqueConstraint(fields=["download", "index"], name="download_file_once")
        ]

    def __str__(self) -> str:
        return self.path or self.download.name

    def rename(self, text: str) -> None:
        """Give it another path within the torrent's folder. Raises ValueError with the reason."""
        path = clean_path(text)
        if not self.path:
            raise ValueError("This torrent is one file: rename the download itself.")
        others = DownloadFile.objects.filter(download=self.download).exclude(pk=self.pk)
        taken = Q(path=path, new_path="") | Q(new_path=path)
        inside = Q(path__startswith=f"{path}/") | Q(new_path__startswith=f"{path}/")
        above = Q(path__in=parents(path)) | Q(new_path__in=parents(path))
        if others.filter(taken | inside | above).exists():
            raise ValueError("Another file of this torrent has this name, or is in its way.")
        self.new_path = "" if path == self.path else path
        self.save(update_fields=["new_path"])
        self.download.change({"has_renames": True})

    @property
    def wish(self) -> str:
        """How much it is wanted, in a word."""
        return {SKIP: "skip", HIGH: "high"}.get(self.priority, "normal")

    @property
    def name(self) -> str:
        """What a person saves it as."""
        whole = self.download.place or self.download.name
        return display_name(self.path or whole) or f"file-{self.index}"

    @property
    def played_as(self) -> str:
        """The type under which a browser plays it; empty where it does not."""
        return played_as(self.name)
