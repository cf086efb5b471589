"""Holding a meeting: what is decided becomes work, and closing it keeps the pack as it was seen."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import audit, kept_words, roles, states, work
from console.meetings import building
from console.meetings.weeks import Week
from console.models import Meeting, MeetingDecision, Staff, TeamRequest
from console.states import NotAllowed
from console.team_requests import seeing

VIEW, HOLD = "meetings.view", "meetings.hold"
KIND = "decision"


@transaction.atomic
def decide(
    week: Week,
    *,
    text: str,
    owner: Staff,
    due_on: dt.date,
    on: dt.date,
    by: Staff,
    request: TeamRequest | None = None,
) -> MeetingDecision:
    """Record what was decided, as work of whoever carries it out.

    Raises:
        NotAllowed: the role, a closed meeting, nothing said, or it is about a request that who
            carries it out does not see.
    """
    roles.require(by, HOLD)
    meeting = _open(week)
    text = " ".join(str(kept_words.as_kept(text)).split())
    if not 0 < len(text) <= 500:
        raise NotAllowed(_("Say what was decided, in at most 500 letters."))
    if not owner.is_active:
        raise NotAllowed(_("%(who)s does not work here any more.") % {"who": owner})
    if request is not None and not seeing.may_see(request, owner):
        raise NotAllowed(_("%(who)s does not see this request.") % {"who": owner})
    item = work.give(
        KIND,
        text,
        on=on,
        why=kept_words.keep(gettext_lazy("Decided in the meeting of %(week)s."), week=week.name),
        subject=request or meeting,
        owner=owner,
        due_on=due_on,
        by=by,
    )
    decision = MeetingDecision.objects.create(
        meeting=meeting, text=text, request=request, work=item, decided_by=by
    )
    audit.log("meeting.decided", meeting, by=by, owner=owner.username, due_on=due_on)
    return decision


@transaction.atomic
def close(week: Week, *, at: dt.datetime, today: dt.date, by: Staff) -> Meeting:
    """Keep the pack as it is now; nothing is decided in this meeting any more.

    Raises:
        NotAllowed: the role, or it is closed already.
    """
    roles.require(by, HOLD)
    meeting = _open(week)
    pack = building.kept(week, today=today)
    states.move(meeting, to=Meeting.Status.CLOSED, pack=pack, closed_by=by, closed_at=at)
    return meeting


def decided(meeting: Meeting | None, *, seen_by: Staff) -> list[MeetingDecision]:
    """What a meeting decided, without what is about requests that the reader may not see."""
    if meeting is None:
        return []
    rows = list(meeting.decisions.select_related("work__owner", "request", "decided_by"))
    asked = [one.request_id for one in rows if one.request_id]
    visible = set(seeing.visible_to(seen_by).filter(pk__in=asked).values_list("pk", flat=True))
    return [one for one in rows if one.request_id is None or one.request_id in visible]


def _open(week: Week) -> Meeting:
    """The week's meeting, held against who closes it at the same time."""
    Meeting.objects.get_or_create(monday=week.since)
    meeting = Meeting.objects.select_for_update().get(monday=week.since)
    if meeting.status == Meeting.Status.CLOSED:
        raise NotAllowed(_("This meeting is closed."))
    return meeting
