"""Renderings in the API."""

from jobsite.jobs.api.serializers import JobSerializer
from jobsite.jobs.api.viewsets import JobViewSet
from tests.drill.render.models import Render


class RenderSerializer(JobSerializer):
    """A rendering as JSON."""

    class Meta(JobSerializer.Meta):
        model = Render
        fields = [*JobSerializer.Meta.fields, "total", "frames"]
        read_only_fields = fields


class RenderViewSet(JobViewSet):
    """The caller's renderings."""

    model = Render
    serializer_class = RenderSerializer
