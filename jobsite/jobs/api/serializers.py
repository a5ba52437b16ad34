"""The JSON form of a job."""

from typing import ClassVar

from rest_framework import serializers

from jobsite.jobs.models.job import DESCRIBED


class JobSerializer(serializers.ModelSerializer):
    """The JSON fields of every kind of job."""

    kind = serializers.CharField(read_only=True)

    class Meta:
        fields: ClassVar[list[str]] = [*DESCRIBED]
        read_only_fields = fields
