"""Planning requests over the API: priority, the urgent lane, what waits for what, and links."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from console import about
from console.api import request_data as data
from console.api.request_deeds import Deeds, plain, verb
from console.models import RequestDependency, TeamRequest
from console.states import NotAllowed
from console.team_requests import agreeing, depending, linking, seeing, urgent


class PlanDeeds(Deeds):
    """What comes first, and what has to be there before."""

    propose = plain(
        agreeing.propose,
        data.ProposeSerializer,
        "Say for one's side what it brings, what it costs and when.",
    )
    lift = plain(
        urgent.lift,
        data.RequestLiftSerializer,
        "Into the urgent lane: within the asking team's quota, or as a manager who decides.",
    )
    lower = plain(urgent.lower, data.BecauseSerializer, "Back into the normal lane.")

    @verb(data.SeenSerializer)
    def confirm(self, request: Request, pk: str | None = None) -> Response:
        """Say yes to what the other side proposed last."""
        given = self.given(data.SeenSerializer)
        proposal = agreeing.open_proposal(self.get_object())
        if proposal is None:
            raise NotAllowed(_("Nothing is proposed that waits for a yes."))
        agreeing.confirm(proposal, **given, **self.how())
        return self.told()

    # --- what waits for what ------------------------------------------------------

    @extend_schema(responses=data.DependenciesSerializer)
    @action(detail=True, methods=["get"])
    def dependencies(self, request: Request, pk: str | None = None) -> Response:
        """What it waits for, and the chain before it that takes longest."""
        one: TeamRequest = self.get_object()
        lines = list(depending.lines_of(one))
        numbers = {line.needs_id for line in lines}
        visible = set(
            seeing.visible_to(self.caller).filter(pk__in=numbers).values_list("pk", flat=True)
        )
        chain = depending.critical_path(one, seen_by=self.caller) if lines else []
        said = {
            "waits_for": [_line(line, visible) for line in lines],
            "critical_path": [
                {
                    "request": step.request and step.request.pk,
                    "days": step.days,
                    "effort": step.effort,
                    "promised_on": step.promised_on,
                }
                for step in chain
            ],
        }
        return Response(data.DependenciesSerializer(said).data)

    @verb(data.RequestNeedSerializer)
    def need(self, request: Request, pk: str | None = None) -> Response:
        """Let it wait until another request is delivered."""
        given = self.given(data.RequestNeedSerializer)
        try:
            needs = seeing.get_or_404(self.caller, given["needs"])
        except Http404 as unknown:
            raise NotAllowed(_("There is no such request.")) from unknown
        depending.add(self.get_object(), needs=needs, because=given["because"], **self.how())
        return self.told()

    @verb(data.RequestLineSerializer)
    def unneed(self, request: Request, pk: str | None = None) -> Response:
        """Let it wait for that no longer: who drew the line by mistake, or who decides."""
        line, because = self._line()
        depending.remove(line, because=because, by=self.caller)
        return self.told()

    @verb(data.RequestLineSerializer)
    def waive(self, request: Request, pk: str | None = None) -> Response:
        """Decide in writing that it need not wait for that."""
        line, because = self._line()
        depending.waive(line, because=because, **self.how())
        return self.told()

    @verb(data.RequestLineSerializer)
    def wait(self, request: Request, pk: str | None = None) -> Response:
        """Stand still for that: the receiving team's clock stands until it is delivered."""
        line, _because = self._line()
        depending.wait(line, **self.how())
        return self.told()

    def _line(self) -> tuple[RequestDependency, str]:
        given = self.given(data.RequestLineSerializer)
        lines = depending.lines_of(self.get_object())
        return get_object_or_404(lines, pk=given["line"]), given["because"]

    # --- what it is about ---------------------------------------------------------

    @verb(data.PageAddressSerializer)
    def link(self, request: Request, pk: str | None = None) -> Response:
        """Say that it is about a page of this console; its chart is kept as it is now."""
        given = self.given(data.PageAddressSerializer)
        about.add(self.get_object(), given["page"], by=self.caller)
        return self.told()

    @verb(data.RequestUnlinkSerializer)
    def unlink(self, request: Request, pk: str | None = None) -> Response:
        """Say that it is not about that."""
        given = self.given(data.RequestUnlinkSerializer)
        linking.unlink(get_object_or_404(self.get_object().links, pk=given["link"]), by=self.caller)
        return self.told()


def _line(line: RequestDependency, visible: set[int]) -> dict[str, Any]:
    """Of a request that the caller may not see, only that there is one."""
    return {
        "line": line.pk,
        "needs": line.needs_id if line.needs_id in visible else None,
        "because": line.because,
        "is_delivered": line.needs.status in depending.DONE,
        "waived_by": line.waived_by_id,
        "waived_because": line.waived_because,
    }
