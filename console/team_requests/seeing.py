"""Who sees a request, on which side they stand, and who may change it.

Whom a request does not concern, for them it is not there: not refused, not counted, not named.
"""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from console import roles
from console.models import PriorityProposal, RequestComment, Staff, TeamRequest
from console.states import NotAllowed

VIEW, ASK, TAKE, DECIDE = "requests.view", "requests.ask", "requests.take", "requests.decide"
Side, Status = PriorityProposal.Side, TeamRequest.Status


def visible_to(staff: Staff) -> QuerySet[TeamRequest]:
    """The requests that somebody may see; every list, count and search begins here.

    The receiving team and other parties see it once it was asked, and so long it is a draft of
    the asking team. Who was mentioned in a comment was let in by who wrote it.
    """
    if not roles.allows(staff, VIEW):
        return TeamRequest.objects.none()
    if staff.role == Staff.Role.ADMIN:
        return TeamRequest.objects.all()
    return TeamRequest.objects.filter(_concerns(staff))


def _concerns(staff: Staff) -> Q:
    mentioned = RequestComment.mentions.through.objects.filter(staff=staff)
    found = Q(owner=staff) | Q(asked_by=staff)
    found |= Q(_among(mentioned.values("requestcomment__request")))
    if staff.team_id is None:
        return found
    joined = TeamRequest.parties.through.objects.filter(team=staff.team_id)
    asked = Q(asked_on__isnull=False)
    found |= Q(from_team=staff.team_id) | (Q(to_team=staff.team_id) & asked)
    return found | (Q(_among(joined.values("teamrequest"))) & asked)


def _among(numbers: QuerySet) -> Func:
    """Whether the row's number is one of these, said so that an index answers it beside others."""
    return Func(
        F("pk"),
        ArraySubquery(numbers),
        template="(%(expressions)s))",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )


def get_or_404(staff: Staff, pk: int | str) -> TeamRequest:
    """The request, or a 404 for whom it does not concern, the same as when there is none."""
    found = visible_to(staff).select_related("from_team", "to_team", "asked_by", "owner")
    try:
        return found.get(pk=pk)
    except (TeamRequest.DoesNotExist, ValueError, OverflowError) as nothing:
        raise Http404 from nothing


def may_see(request: TeamRequest, staff: Staff) -> bool:
    return visible_to(staff).filter(pk=request.pk).exists()


def require_seen(request: TeamRequest, *, by: Staff) -> None:
    """Raises NotAllowed: it does not concern them."""
    if not may_see(request, by):
        raise NotAllowed(_("This request does not concern you."))


def viewers(request: TeamRequest) -> QuerySet[Staff]:
    """Who may see it, told from the request's side; those who left are none of them."""
    teams = {request.from_team_id}
    if request.asked_on is not None:
        teams |= {request.to_team_id, *request.parties.values_list("pk", flat=True)}
    through = RequestComment.mentions.through.objects.filter(requestcomment__request=request)
    return Staff.objects.filter(
        Q(team__in=teams)
        | Q(pk__in=[request.asked_by_id, request.owner_id or 0])
        | Q(pk__in=through.values("staff"))
        | Q(role=Staff.Role.ADMIN),
        is_active=True,
    )


# --- sides --------------------------------------------------------------------


def sides_of(request: TeamRequest, staff: Staff) -> set[str]:
    """The sides on which somebody stands: both, where a team asks something of itself."""
    found: set[str] = set()
    if staff.team_id == request.from_team_id or staff.pk == request.asked_by_id:
        found.add(Side.ASKING)
    if staff.team_id == request.to_team_id or staff.pk == request.owner_id:
        found.add(Side.RECEIVING)
    if len(found) == 2 and request.from_team_id != request.to_team_id:
        # Who went over to the other team speaks for the one they are in now.
        return {Side.RECEIVING if staff.team_id == request.to_team_id else Side.ASKING}
    return found


def side_of(request: TeamRequest, staff: Staff) -> str | None:
    """The side for which somebody speaks; receiving, where they stand on both."""
    found = sides_of(request, staff)
    return Side.RECEIVING if Side.RECEIVING in found else next(iter(found), None)


def other_side(side: str) -> str:
    return Side.ASKING if side == Side.RECEIVING else Side.RECEIVING


def team_on(request: TeamRequest, side: str) -> int:
    """The number of the team on a side."""
    return request.to_team_id if side == Side.RECEIVING else request.from_team_id


def acts_for(request: TeamRequest, by: Staff, side: str) -> bool:
    """Whether somebody may act on this side; administrators mend on both."""
    action = TAKE if side == Side.RECEIVING else ASK
    is_theirs = by.role == Staff.Role.ADMIN or side in sides_of(request, by)
    return roles.allows(by, action) and is_theirs


def require_side(request: TeamRequest, by: Staff, side: str) -> None:
    """Refuse whom the request does not concern on this side.

    Raises:
        NotAllowed: they are of the other team, or of none of the two.
    """
    roles.require(by, TAKE if side == Side.RECEIVING else ASK)
    if acts_for(request, by, side):
        return
    if side == Side.RECEIVING:
        raise NotAllowed(_("This is for the receiving team to say."))
    raise NotAllowed(_("This is for the asking team to say."))


def may_change(request: TeamRequest, by: Staff) -> bool:
    """Whether somebody may change what is asked for: either side, until it is delivered.

    A draft that nobody was asked yet is the asking side's alone.
    """
    if request.status == Status.DRAFT:
        return acts_for(request, by, Side.ASKING)
    return request.status in TeamRequest.OPEN and any(
        acts_for(request, by, side) for side in (Side.ASKING, Side.RECEIVING)
    )


def may_decide(by: Staff, team_id: int | None) -> bool:
    """Whether somebody decides about a team's capacity, and beyond what it may take; of what is
    no team's, every manager does."""
    is_theirs = team_id in {None, by.team_id} or by.role == Staff.Role.ADMIN
    return roles.allows(by, DECIDE) and is_theirs
