"""The version of the program, for those who are signed in: strangers need not know it."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class VersionSerializer(serializers.Serializer):
    """The answer of this address."""

    version = serializers.CharField()


class Version(APIView):
    """The version that answers."""

    @extend_schema(responses=VersionSerializer)
    def get(self, request: Request) -> Response:
        """Return the number of the version."""
        return Response({"version": settings.VERSION})
