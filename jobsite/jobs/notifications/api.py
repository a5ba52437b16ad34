"""The API of notification channels, with the rules of the page's form."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_202_ACCEPTED

from jobsite.jobs.api.errors import Conflict
from jobsite.jobs.models.notification import LOG_SHOWN, METHODS, Channel, Delivery, Program
from jobsite.jobs.notifications.forms import ChannelForm

ENDS = ["succeeded", "failed", "cancelled"]


class DeliverySerializer(serializers.ModelSerializer):
    """One delivery and its result."""

    class Meta:
        model = Delivery
        fields: ClassVar[list[str]] = [
            "id",
            "job_id",
            "state",
            "tries",
            "answer",
            "created_at",
            "tried_at",
        ]
        read_only_fields = fields


class ChannelSerializer(serializers.ModelSerializer):
    """A channel with its latest deliveries. Its key appears once, in the answer that creates it."""

    program = serializers.CharField(source="program.name", default=None, read_only=True)
    target = serializers.CharField(read_only=True, help_text="Where it goes.")
    deliveries = serializers.SerializerMethodField()

    class Meta:
        model = Channel
        fields: ClassVar[list[str]] = [
            *("id", "method", "url", "program", "target"),
            *ENDS,
            *("created_at", "deliveries"),
        ]
        read_only_fields = fields

    @extend_schema(responses=DeliverySerializer(many=True))
    def get_deliveries(self, channel: Channel) -> Any:
        """Return the last few deliveries, the latest first."""
        return DeliverySerializer(channel.deliveries.all()[:LOG_SHOWN], many=True).data


class MadeSerializer(ChannelSerializer):
    """A channel that was just created, with its key."""

    class Meta(ChannelSerializer.Meta):
        fields: ClassVar[list[str]] = [*ChannelSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class NewChannelSerializer(serializers.Serializer):
    """The fields of a new channel. `url` is for webhooks, `program` names one of the site's."""

    method = serializers.ChoiceField(METHODS)
    url = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)
    program = serializers.SlugRelatedField(
        slug_field="name", queryset=Program.objects.all(), required=False, allow_null=True
    )
    succeeded = serializers.BooleanField(default=True)
    failed = serializers.BooleanField(default=True)
    cancelled = serializers.BooleanField(default=False)

    def form(self, owner: Any) -> ChannelForm:
        """Return the page's form, filled in."""
        given = dict(self.validated_data)
        program = given.pop("program", None)
        return ChannelForm({**given, "program": program and program.pk}, owner=owner)


class ChannelViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet,
):
    """The notification channels of the caller."""

    serializer_class = ChannelSerializer
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):  # the schema is drawn without a caller
            return Channel.objects.none()
        owner: Any = self.request.user
        return Channel.objects.filter(owner=owner).select_related("program", "owner")

    @extend_schema(request=NewChannelSerializer, responses={201: MadeSerializer, 400: None})
    def create(self, request: Request) -> Response:
        """Add one. The answer holds the key with which its webhooks are signed."""
        asked = NewChannelSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        form = asked.form(request.user)
        if not form.is_valid():
            errors: dict[str, Any] = dict(form.errors)
            if general := errors.pop("__all__", None):
                errors["detail"] = " ".join(general)
            raise serializers.ValidationError(errors)
        return Response(MadeSerializer(form.save()).data, HTTP_201_CREATED)

    @extend_schema(request=None, responses={202: ChannelSerializer, 409: None})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: Any = None) -> Response:
        """Send a test notification to see whether the channel works."""
        channel = self.get_object()
        if not channel.send_test():
            raise Conflict("A test is on its way already.")
        return Response(self.get_serializer(channel).data, HTTP_202_ACCEPTED)
