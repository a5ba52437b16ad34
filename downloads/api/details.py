"""API actions for the details of a download and for traffic totals."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_202_ACCEPTED

from downloads.api.base import DownloadActions
from downloads.models.traffic import Traffic
from downloads.web.live_details import details_of

NOTHING: dict[str, Any] = {"at": None, "peer_count": 0, "peers": [], "trackers": [], "pieces": None}


class DetailsActions(DownloadActions):
    """Details of one download, and the traffic of the caller."""

    @extend_schema(
        responses={
            200: OpenApiResponse(description="Peers, trackers, pieces map, bytes of each file."),
            202: OpenApiResponse(description="Asked for; try again after `Retry-After` seconds."),
        }
    )
    @action(detail=True, url_path="inside", url_name="inside")
    def details(self, request: Request, pk: Any = None) -> Response:
        """Return peers, trackers and pieces, as the engine sees them now."""
        job = self.get_object()
        found = details_of(job)
        if found is None and job.is_active:
            return Response(NOTHING, HTTP_202_ACCEPTED, headers={"Retry-After": "1"})
        return Response(found or NOTHING)

    @extend_schema(responses={200: OpenApiResponse(description="Bytes down and up.")})
    @action(detail=False, filter_backends=[], pagination_class=None)
    def traffic(self, request: Request) -> Response:
        """Return what the caller has fetched and sent: today, this month, by day, by month."""
        return Response(Traffic.objects.filter(owner=request.user.pk).summary())
