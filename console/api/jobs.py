"""Jobs, for the progress bars."""

from typing import ClassVar

from rest_framework import mixins, serializers, viewsets

from console.models import Job


class JobSerializer(serializers.ModelSerializer):
    status_label = serializers.CharField(source="get_status_display", read_only=True)
    done_share = serializers.FloatField(read_only=True, allow_null=True)
    is_over = serializers.BooleanField(read_only=True)

    class Meta:
        model = Job
        fields: ClassVar = [
            "id",
            "kind",
            "label",
            "status",
            "status_label",
            "done",
            "total",
            "done_share",
            "note",
            "error",
            "is_over",
            "created_at",
            "started_at",
            "finished_at",
        ]


class JobViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Long work, newest first."""

    needs = "jobs.view"
    queryset = Job.objects.all()
    serializer_class = JobSerializer
