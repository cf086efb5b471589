"""The page of one request: where it stands, whose turn it is, and what one can do now."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from console import business_hours, clock, figures, roles
from console.admin.team_requests import dates_part, deeds, relations, spec_part, talk_part
from console.admin.team_requests.listing import TONES
from console.admin.team_requests.standing import Stand
from console.models import PriorityProposal, TeamRequest
from console.team_requests import kinds, seeing
from metrics import promise_words
from metrics.models.report import Kind as ReportKind

Status, Side = TeamRequest.Status, seeing.Side
WAY = (Status.DRAFT, Status.ASKED, Status.ACCEPTED, Status.STARTED, Status.DELIVERED, Status.JUDGED)


def context(stand: Stand, *, begun: Any = None, name: str = "", before: int = 0) -> dict[str, Any]:
    """Everything that the page shows; `begun` is the form of the deed `name` that was refused.

    `before` is the comment before which one reads.
    """
    request = stand.request
    return {
        "asked": request,
        "stand": stand,
        "tone": TONES.get(Status(request.status), ""),
        "stations": stations(request),
        "next": next_words(stand),
        "missing": missing(stand),
        "deeds": deeds.offers(stand, begun=begun, name=name),
        "agreement": agreement(stand),
        "is_late": stand.is_late,
        "parties": list(request.parties.all()),
        "promised": promise_words.promised(request),
        "verdict": promise_words.verdict(request),
        "feature_report": feature_report(stand),
        **dates_part.context(stand),
        **spec_part.context(stand),
        **talk_part.context(stand, before=before),
        **relations.context(stand),
    }


def feature_report(stand: Stand) -> str:
    """Where a delivered feature's contribution to who comes again is told; else nothing."""
    request = stand.request
    event = request.details.get(kinds.EVENT, "") if request.kind == TeamRequest.Kind.FEATURE else ""
    if not event or request.delivered_on is None or not roles.allows(stand.staff, "metrics.view"):
        return ""
    page = reverse("admin:metrics_savedreport_show", args=[ReportKind.FEATURES.value])
    return f"{page}?{urlencode({'event': event})}"


def stations(request: TeamRequest) -> list[tuple[str, str]]:
    """The way from draft to judged, and where on it the request is."""
    if request.status not in WAY:
        return [(str(Status(request.status).label), "now")]
    here = WAY.index(Status(request.status))
    last = len(WAY) - 1
    return [
        (
            str(status.label),
            "done" if at < here or here == last else "now" if at == here else "later",
        )
        for at, status in enumerate(WAY)
    ]


def next_words(stand: Stand) -> str:
    """Whose turn it is, what for and for how long; or that nobody has to do anything."""
    request, turn = stand.request, stand.turn
    if turn is not None:
        worked = business_hours.worked(turn.since, stand.at, clock.zone())
        days = worked.total_seconds() / 3600 / business_hours.HOURS_A_DAY
        return _("%(team)s holds it: %(what)s. Working days so far: %(days)s.") % {
            "team": turn.team,
            "what": turn.what_for,
            "days": figures.number(days, digits=1),
        }
    match request.status:
        case Status.DRAFT:
            return _("A draft: nobody but %(team)s sees it.") % {"team": request.from_team}
        case Status.DELIVERED if request.metric:
            return _("Taken as asked. It is judged once the promised time is over.")
        case Status.DELIVERED:
            return _("Taken as asked. Say whether it kept its promise.")
    return ""


def missing(stand: Stand) -> list[kinds.Missing]:
    """What a draft still has to say before the other team can be asked."""
    if not stand.is_at(Status.DRAFT):
        return []
    content = kinds.content_of(stand.request)
    return kinds.missing(stand.request.kind, content, on=stand.today)


def agreement(stand: Stand) -> dict[str, Any]:
    """Both sides with what each said last, and what they agreed on."""
    request = stand.request
    said: dict[str, PriorityProposal] = {one.side: one for one in stand.proposals}
    newest = stand.proposals[-1] if stand.proposals else None
    teams = {Side.ASKING: request.from_team, Side.RECEIVING: request.to_team}
    return {
        "sides": [
            {
                "team": team,
                "name": capfirst(str(Side(side).label)),
                "proposal": said.get(side),
                "is_newest": newest is not None and newest.side == side,
                "said_yes": newest.confirmed_by if newest and newest.side != side else None,
                "is_agreed": request.is_agreed,
            }
            for side, team in teams.items()
        ],
        "newest": newest,
        "count": len(stand.proposals),
        "waits_for": _waits_for(stand, newest),
    }


def _waits_for(stand: Stand, newest: PriorityProposal | None) -> str:
    """Who has still to say yes; nothing where both did."""
    if newest is None or newest.confirmed_by_id is not None:
        return ""
    other = seeing.other_side(newest.side)
    team = stand.request.to_team if other == Side.RECEIVING else stand.request.from_team
    return _("%(team)s has not said yes to it yet.") % {"team": team}
