"""A week's pack: made from what is known now, or as it was kept when the meeting was closed."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Case
from console import clock
from console.meetings import asked, numbers, open_questions, resources
from console.meetings.pack import Line, Pack, Section, as_data, from_data, iso
from console.meetings.weeks import DAY, Week
from console.models import Meeting, MeetingDecision, WorkItem

CASES_OF_DAYS, MOST_CASES = 30, 6


def build(week: Week, *, today: dt.date) -> Pack:
    """Everything that the meeting looks at; `pack.for_reader` takes a reader's part of it."""
    last, currency = today - DAY, clock.project().currency
    loads = resources.loads(today=today)
    return Pack(
        week.name,
        iso(week.since),
        iso(week.until),
        iso(today),
        [
            _decided_before(week, today=today),
            numbers.moved(week, last=last, currency=currency),
            numbers.at_risk(week, last=last, currency=currency),
            asked.due(week, today=today),
            asked.slipped(week),
            open_questions.section(loads, today=today),
            resources.section(loads, today=today),
            _cases(today=today),
        ],
    )


def kept(week: Week, *, today: dt.date) -> dict[str, Any]:
    """The pack in each language of the console, to be kept as it was seen."""
    found = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found[code] = as_data(build(week, today=today))
    return found


def as_seen(meeting: Meeting) -> Pack | None:
    """The pack of a closed meeting in the reader's language."""
    if not meeting.pack:
        return None
    language = translation.get_language() or settings.LANGUAGE_CODE
    return from_data(meeting.pack.get(language) or next(iter(meeting.pack.values())))


def _decided_before(week: Week, *, today: dt.date) -> Section:
    """What earlier meetings decided: what is not done yet, and what was done since the last."""
    before = MeetingDecision.objects.filter(meeting__monday__lt=week.since)
    last = before.filter(meeting__monday=week.ago(1).since)
    open_ones = before.filter(work__status__in=WorkItem.UNFINISHED)
    rows = (last | open_ones).distinct().select_related("work__owner", "meeting")
    return Section(
        "before",
        _("What was decided before"),
        [_of_decision(one, today) for one in rows.order_by("work__due_on", "pk")],
        _("Nothing is left of earlier meetings."),
    )


def _of_decision(one: MeetingDecision, today: dt.date) -> Line:
    item = one.work
    if item is None:
        return Line(what=one.text, request=one.request_id)
    result = item.came_to
    is_late = item.is_overdue(today)
    return Line(
        what=one.text,
        link=reverse("admin:console_workitem_change", args=[item.pk]),
        badge=_("overdue")
        if is_late
        else str(result.label if result else item.get_status_display()),
        tone="bad" if is_late else (result.tone if result else ""),
        when=iso(item.due_on),
        why=f"{item.owner or '–'} · {one.meeting}" + (f" · {item.outcome}" if item.outcome else ""),
        request=one.request_id,
    )


def _cases(*, today: dt.date) -> Section:
    """What was learnt of campaigns lately, for the sharing session."""
    found = Case.objects.filter(archived_at=None, filed_on__gt=today - DAY * CASES_OF_DAYS)
    tones = {Case.Outcome.WORKED: "good", Case.Outcome.MIXED: "warn", Case.Outcome.FAILED: "bad"}
    return Section(
        "cases",
        _("Cases to share"),
        [
            Line(
                what=one.title,
                link=reverse("admin:campaigns_case_change", args=[one.pk]),
                badge=one.get_outcome_display(),
                tone=tones[Case.Outcome(one.outcome)],
                when=iso(one.filed_on),
                why=one.lessons.strip().splitlines()[0][:160],
                needs="cases.view",
            )
            for one in found.order_by("-filed_on", "-pk")[:MOST_CASES]
            if one.lessons.strip()
        ],
        _("Nobody filed a case in the last thirty days."),
    )
