"""When: the promise and what moved it, and who held the request how long."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from console import clock, figures
from console.admin.team_requests.standing import Stand
from console.models import RequestSlip, RequestTurn, Team, TeamRequest
from console.team_requests import dates, seeing, turns

Status = TeamRequest.Status


@dataclass(frozen=True)
class Mark:
    """One point on the line of dates."""

    day: dt.date
    words: str
    tone: str = ""  # slip, earlier, late or done
    because: str = ""
    about: str = ""  # which revision, proposal or request made it move
    who: str = ""
    link: str = ""


def context(stand: Stand) -> dict[str, Any]:
    request = stand.request
    slips = list(request.slips.select_related("by", "revision", "displaced_by"))
    return {
        "marks": marks(stand, slips),
        "slipped": slipped(slips),
        "causes": causes(slips),
        "own_clock": _own_clock(stand),
        "held": held(stand),
    }


def marks(stand: Stand, slips: list[RequestSlip]) -> list[Mark]:
    """From the asking over every promise to the delivery, in the order in which it was said."""
    request, found = stand.request, []
    if request.asked_on:
        found.append(Mark(request.asked_on, pgettext("a date", "asked"), who=str(request.asked_by)))
    if request.first_promised_on:
        found.append(Mark(request.first_promised_on, pgettext("a date", "promised first")))
    visible = _visible(stand, slips)
    found += [_slip(stand, one, visible) for one in slips]
    if request.delivered_on:
        found.append(Mark(request.delivered_on, pgettext("a date", "delivered"), "done"))
    elif stand.is_late:
        found.append(Mark(stand.today, pgettext("a date", "today, and not delivered"), "late"))
    return found


def _slip(stand: Stand, slip: RequestSlip, visible: set[int]) -> Mark:
    words = _("%(days)s: %(cause)s") % {
        "days": days_words(slip.days),
        "cause": slip.get_cause_display(),
    }
    about, link = _what_moved_it(stand, slip, visible)
    tone = "slip" if slip.days > 0 else "earlier"
    return Mark(slip.to, words, tone, slip.because, about, str(slip.by), link)


def _what_moved_it(stand: Stand, slip: RequestSlip, visible: set[int]) -> tuple[str, str]:
    """The revision, or the request that pushed it out, with its page; of others' only that."""
    if slip.revision is not None:
        number = slip.revision.number
        link = reverse("admin:console_teamrequest_revision", args=[stand.request.pk, number])
        return _("revision %(number)d") % {"number": number}, link if number > 1 else ""
    if slip.displaced_by is None:
        return "", ""
    if slip.displaced_by.pk not in visible:
        return _("another team's request"), ""
    page = reverse("admin:console_teamrequest_change", args=[slip.displaced_by.pk])
    return str(slip.displaced_by), page


def _visible(stand: Stand, slips: list[RequestSlip]) -> set[int]:
    """Those that pushed it out and that this person may see."""
    others = [one.displaced_by_id for one in slips if one.displaced_by_id]
    if not others:
        return set()
    found = seeing.visible_to(stand.staff).filter(pk__in=others)
    return set(found.values_list("pk", flat=True))


def days_words(days: int) -> str:
    """By how many working days a promise moved, and in which direction."""
    if days < 0:
        words = ngettext("%(n)d working day earlier", "%(n)d working days earlier", -days)
        return words % {"n": -days}
    return ngettext("%(n)d working day later", "%(n)d working days later", days) % {"n": days}


def slipped(slips: list[RequestSlip]) -> str:
    """All slips together; nothing where the promise stands as it was made."""
    days = sum(one.days for one in slips)
    return days_words(days) if slips and days else ""


def causes(slips: list[RequestSlip]) -> list[tuple[str, str, int]]:
    """Cause, days and how often, the heaviest first."""
    found: dict[str, list[int]] = {}
    for one in slips:
        found.setdefault(one.get_cause_display(), []).append(one.days)
    rows = [(cause, days_words(sum(days)), len(days)) for cause, days in found.items()]
    return sorted(rows, key=lambda row: -sum(found[row[0]]))


def _own_clock(stand: Stand) -> dt.date | None:
    """When it would be due by the receiving team's own clock, where that is another day."""
    if not stand.is_at(*TeamRequest.TAKEN):
        return None
    due = dates.due_by_clock(stand.request, at=stand.at)
    return None if due == stand.request.promised_on else due


def held(stand: Stand) -> list[dict[str, Any]]:
    """A bar for each team, in stretches by what it held the request for."""
    found = turns.clocks(stand.request, at=stand.at, zone=clock.zone())
    names = {one.pk: str(one) for one in Team.objects.filter(pk__in=[f.team_id for f in found])}
    longest = max((_sum(found, team) for team in names), default=0.0) or 1.0
    return [
        {
            "team": name,
            "days": figures.number(_sum(found, team), digits=1),
            "parts": [
                {
                    "what": RequestTurn.Holding(one.holding).label,
                    "days": figures.number(one.days, digits=1),
                    "width": f"{100 * one.days / longest:.2f}",
                    "waits": one.holding not in (RequestTurn.Holding.WORK,),
                }
                for one in found
                if one.team_id == team
            ],
        }
        for team, name in sorted(names.items(), key=lambda one: -_sum(found, one[0]))
    ]


def _sum(found: list[turns.Held], team: int) -> float:
    return sum(one.days for one in found if one.team_id == team)
