"""API actions on the order of the queue and on limits."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.api.base import DownloadActions
from downloads.models.download import MOVES, Download


class MoveSerializer(serializers.Serializer):
    """The place in the queue to which a download goes."""

    to = serializers.ChoiceField(choices=sorted(MOVES))


class LimitsSerializer(serializers.ModelSerializer):
    """Priority and rates, in kB/s; what is left out stays as it is."""

    class Meta:
        model = Download
        fields = ["priority", "down_kb", "up_kb"]


class QueueActions(DownloadActions):
    """The place of a download in the queue, and its rates."""

    @extend_schema(request=MoveSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: Any = None) -> Response:
        """Change its place among those of the caller: up, down, first or last."""
        job = self.get_object()
        form = MoveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return self.act(job.move(form.validated_data["to"]), job)

    @extend_schema(request=LimitsSerializer)
    @action(detail=True, methods=["post"])
    def limits(self, request: Request, pk: Any = None) -> Response:
        """Set its priority and its rates."""
        job = self.get_object()
        form = LimitsSerializer(job, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        job.limit(**form.validated_data)
        return self.accepted(job)
