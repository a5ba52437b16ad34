"""The description of the API (OpenAPI), drawn once in a process: it does not change there."""

from typing import Any

from django.http import HttpResponse
from django.utils.encoding import force_bytes
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request


class Schema(SpectacularAPIView):
    """The schema as JSON or YAML, for everybody."""

    permission_classes = [AllowAny]
    drawn: dict[str, bytes] = {}

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the document in the form that was asked for."""
        renderer = request.accepted_renderer
        if renderer.media_type not in self.drawn:
            data = self.generator_class().get_schema(request=None, public=True)
            document = renderer.render(data, renderer.media_type, {})
            self.drawn[renderer.media_type] = force_bytes(document)
        return HttpResponse(self.drawn[renderer.media_type], content_type=renderer.media_type)
