"""The API of training."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet, RestrictedError
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import SimpleRouter
from rest_framework.status import (
    HTTP_201_CREATED,
    HTTP_202_ACCEPTED,
    HTTP_204_NO_CONTENT,
)

from jobsite.jobs import queue
from jobsite.jobs.api import Conflict, JobSerializer, JobViewSet
from training import catalogue
from training.forms import UploadForm
from training.models import (
    DEFAULT_FOLDS,
    DEFAULT_SEED,
    DEFAULT_TIME_LIMIT,
    LONGEST,
    SHORTEST,
    Dataset,
    TrainingJob,
)
from training.predict_api import PredictionSerializer, PredictionViewSet, RowsSerializer, asked
from training.problem import TargetError
from training.takeaway_names import TAKEAWAYS
from training.uploads import refuse_too_large
from training.views import model_response, plot_response, takeaway_response


class ColumnSerializer(serializers.Serializer):
    """A column as the first rows show it."""

    name = serializers.CharField()
    kind = serializers.CharField()
    missing = serializers.IntegerField()


class DatasetSerializer(serializers.ModelSerializer):
    """A table and what its head shows."""

    columns = ColumnSerializer(many=True, read_only=True, source="preview.columns")
    warnings = serializers.ListField(
        child=serializers.CharField(), read_only=True, source="preview.warnings"
    )

    class Meta:
        model = Dataset
        fields: ClassVar[list[str]] = [
            "id",
            "name",
            "rows",
            "columns",
            "warnings",
            "size",
            "sha256",
            "created_at",
        ]


class UploadSerializer(serializers.Serializer):
    """What a table is sent with. All but the file is found out where it is not said."""

    file = serializers.FileField()
    encoding = serializers.CharField(required=False)
    separator = serializers.ChoiceField(["comma", "semicolon", "tab", "bar"], required=False)
    decimal = serializers.ChoiceField([".", ","], required=False)
    header = serializers.ChoiceField(["yes", "no"], required=False)


class DatasetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """The caller's tables."""

    serializer_class = DatasetSerializer
    parser_classes = [MultiPartParser]
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet:
        """The caller's tables; anybody else's are 404."""
        if getattr(self, "swagger_fake_view", False):  # the schema is drawn without a caller
            return Dataset.objects.none()
        return Dataset.objects.visible_to(self.request.user)

    @extend_schema(request=UploadSerializer, responses={201: DatasetSerializer, 400: None})
    def create(self, request: Request) -> Response:
        """Keep a table. It is read from its head; `rows` is null until a worker counted them."""
        data = request.data
        refuse_too_large(request)
        form = UploadForm(data, request.FILES)
        dataset = form.keep(request.user) if form.is_valid() else None
        if dataset is None:
            raise ValidationError(
                {name: [str(error) for error in found] for name, found in form.errors.items()}
            )
        return Response(self.get_serializer(dataset).data, status=HTTP_201_CREATED)

    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete a table that no training uses."""
        try:
            self.get_object().remove()
        except RestrictedError:
            raise Conflict("Trainings use this table. Delete those first.") from None
        return Response(status=HTTP_204_NO_CONTENT)


class TrainingSerializer(JobSerializer):
    """A training."""

    class Meta(JobSerializer.Meta):
        model = TrainingJob
        fields: ClassVar[list[str]] = [
            *JobSerializer.Meta.fields,
            "dataset",
            "target",
            "algorithms",
            "time_limit",
            "folds",
            "seed",
            "tune",
        ]
        read_only_fields = fields


class NewTrainingSerializer(serializers.Serializer):
    """What a training is asked for with."""

    dataset = serializers.UUIDField()
    target = serializers.CharField(max_length=255, trim_whitespace=False)
    algorithms = serializers.MultipleChoiceField(
        choices=catalogue.CHOICES, required=False, allow_empty=False
    )
    problem = serializers.ChoiceField(["classification", "regression"], required=False)
    time_limit = serializers.IntegerField(
        min_value=SHORTEST, max_value=LONGEST, default=DEFAULT_TIME_LIMIT
    )
    folds = serializers.IntegerField(min_value=2, max_value=20, default=DEFAULT_FOLDS)
    tune = serializers.BooleanField(default=True)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=DEFAULT_SEED)

    def job(self, owner: Any) -> TrainingJob:
        """The training, not queued yet. Raises where the table or the target is not there."""
        data = dict(self.validated_data)
        dataset = Dataset.objects.visible_to(owner).filter(pk=data.pop("dataset")).first()
        if dataset is None:
            raise NotFound("You have no dataset with this id.")
        target, wanted = data.pop("target"), data.pop("problem", "")
        try:
            dataset.guess(target, wanted)
        except TargetError as error:
            raise ValidationError({"target": [str(error)]}) from error
        algorithms = sorted(data.pop("algorithms", ()))
        return TrainingJob.of(dataset, target, algorithms, wanted=wanted, **data)


class TrainingViewSet(JobViewSet):
    """The caller's trainings."""

    model = TrainingJob
    serializer_class = TrainingSerializer

    @extend_schema(request=NewTrainingSerializer, responses={202: TrainingSerializer, 400: None})
    def create(self, request: Request) -> Response:
        """Queue a training."""
        asked = NewTrainingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        job = asked.job(request.user)
        queue.submit(job)
        place = reverse("training-detail", args=[job.pk], request=request)
        return Response(
            self.get_serializer(job).data, status=HTTP_202_ACCEPTED, headers={"Location": place}
        )

    def result_of(self, job: TrainingJob) -> Any:
        """The result with the addresses of plots and models."""
        result = dict(job.result or {})
        result["plots"] = [
            {**plot, "url": self._place("training-plot", job, plot["file"])}
            for plot in result.get("plots", ())
        ]
        result["models"] = {
            row["algorithm"]: self._place("training-fitted", job, row["algorithm"])
            for row in result.get("leaderboard", ())
            if row.get("model")
        }
        result["files"] = {file: self._place("training-takeaway", job, file) for file in TAKEAWAYS}
        return result

    def _place(self, name: str, job: TrainingJob, what: str) -> str:
        return reverse(name, args=[job.pk, what], request=self.request)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def keep(self, request: Request, pk: Any = None) -> Response:
        """End a running training with the models that are finished."""
        job = self.get_object()
        if job.is_active and not job.can_keep:
            raise Conflict("No model is through all its folds yet, so there is nothing to keep.")
        return self.act(job.keep(), job)

    @extend_schema(
        request={"application/json": RowsSerializer, "multipart/form-data": OpenApiTypes.OBJECT},
        responses={202: PredictionSerializer, 400: None, 409: None},
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser, MultiPartParser])
    def predict(self, request: Request, pk: Any = None) -> Response:
        """Ask a model: `rows` as JSON, or a table as `file`. The answers are a job of their own."""
        job = asked(request, self.get_object())
        queue.submit(job)
        place = reverse("predictions-detail", args=[job.pk], request=request)
        data = PredictionSerializer(job).data
        return Response(data, status=HTTP_202_ACCEPTED, headers={"Location": place})

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, url_path="models/<slug:algorithm>", url_name="fitted")
    def fitted(self, request: Request, pk: Any = None, algorithm: str = "") -> HttpResponseBase:
        """The fitted model as a file."""
        return model_response(request, self.get_object(), algorithm)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, url_path="files/<str:file>", url_name="takeaway")
    def takeaway(self, request: Request, pk: Any = None, file: str = "") -> HttpResponseBase:
        """The report, the model card, or the archive that makes the scores again."""
        return takeaway_response(request, self.get_object(), file)

    @extend_schema(responses={(200, "image/svg+xml"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(detail=True, url_path="plots/<str:file>", url_name="plot")
    def plot(self, request: Request, pk: Any = None, file: str = "") -> HttpResponseBase:
        """A plot as SVG."""
        return plot_response(request, self.get_object(), file)


def register(router: SimpleRouter) -> None:
    """Add the addresses of this app to the API."""
    router.register("datasets", DatasetViewSet, basename="datasets")
    router.register("training", TrainingViewSet, basename="training")
    router.register("predictions", PredictionViewSet, basename="predictions")
