"""Reports for other programs: the same tables as on the screens."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from console.states import NotAllowed
from metrics import tasks
from metrics.reports import asking, every, parts
from metrics.reports.fields import Settings
from metrics.reports.report import Report


@extend_schema(request=None, responses=OpenApiTypes.OBJECT)
class ReportViewSet(ViewSet):
    """A report's settings are the parameters that stand in the address of its screen.

    What nobody has asked yet is answered by a worker: POST starts it, GET tells how far it is.
    """

    needs: ClassVar = "metrics.view"
    lookup_field = "kind"

    @extend_schema(operation_id="v1_reports_list", responses=OpenApiTypes.OBJECT)
    def list(self, request: Request) -> Response:
        """The reports there are."""
        return Response(
            [
                {"kind": one.kind.value, "name": one.kind.label, "sentence": str(one.sentence)}
                for one in every.EVERY
            ]
        )

    def retrieve(self, request: Request, kind: str) -> Response:
        """The tables of a report, or the job that is working them out."""
        report, settings = _asked(kind, request.query_params)
        known = asking.look(report.question(settings))
        answer = known.answer
        said: dict[str, Any] = {
            "kind": kind,
            "settings": settings,
            "is_current": known.is_current,
            "job": answer.job_id if answer and known.is_under_way else None,
            "problem": known.problem,
        }
        if answer is None or answer.data is None:
            return Response(said | {"as_of": None, "tables": []}, status=202)
        tables = [parts.as_json(one) for one in asking.parts(report, settings, answer)]
        about = {"as_of": answer.as_of, "computed_at": answer.computed_at, "under": answer.under}
        return Response(said | about | {"tables": tables})

    def ask(self, request: Request, kind: str) -> Response:
        """Have it worked out from the data as they are now."""
        report, settings = _asked(kind, request.query_params)
        by: Any = request.user
        row = tasks.answer_soon(report.question(settings), str(report.kind.label), by=by)
        return Response({"kind": kind, "settings": settings, "job": row.job_id}, status=202)


def _asked(kind: str, given: Any) -> tuple[Report, Settings]:
    if kind not in every.BY_KIND:
        raise NotFound
    report = every.BY_KIND[kind]
    try:
        settings = report.read(given)
    except NotAllowed as refused:
        raise ValidationError(str(refused)) from refused
    if missing := report.missing(settings):
        raise ValidationError(missing)
    return report, settings
