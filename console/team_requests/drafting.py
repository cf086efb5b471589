"""Writing down what is asked for: a first draft, and every change of it as a revision.

A change after the receiving team said yes has a reason, and costs days that this team says.
"""

import datetime as dt
import math
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from console import audit, business_hours, kept_words, roles
from console.models import RequestRevision, RequestSlip, Staff, Team, TeamRequest
from console.states import NotAllowed
from console.team_requests import dates, keeping, kinds, seeing, telling, turns

Status, Side = TeamRequest.Status, seeing.Side
Holding = turns.Holding


@transaction.atomic
def make(
    *,
    kind: str,
    title: str,
    to_team: Team,
    by: Staff,
    at: dt.datetime,
    from_team: Team | None = None,
    content: Mapping[str, Any] | None = None,
    parties: Collection[Team] = (),
    once: str = "",
) -> TeamRequest:
    """A draft that one team may ask of another; under the same `once` the one made before.

    `content` has the other fields by name, those of the kind under `details.<name>`.

    Raises:
        NotAllowed: the role or the team, a field that makes no sense, or a `once` of somebody else.
    """
    team = from_team or by.team
    roles.require(by, seeing.ASK)
    if team is None or (team.pk != by.team_id and by.role != Staff.Role.ADMIN):
        raise NotAllowed(_("Ask for the team that you belong to."))
    request = TeamRequest(
        kind=kind, from_team=team, to_team=to_team, asked_by=by, once=once, details={}
    )
    _fill(request, {"title": title, **(content or {})})
    _require_sense(request)
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError:
        return _made_before(once, by)
    request.parties.set([one for one in parties if one.pk not in {team.pk, to_team.pk}])
    _revise(request, number=1, because="", by=by, at=at)
    audit.log("team_request.made", request, by=by, edition=1, kind=kind, to=str(to_team))
    telling.watch(request, by)
    return request


def _made_before(once: str, by: Staff) -> TeamRequest:
    found = TeamRequest.objects.filter(once=once).first() if once else None
    if found is None:
        raise NotAllowed(_("This cannot be written down as it is."))
    if found.asked_by_id != by.pk:
        raise NotAllowed(_("This key was used for another request."))
    return found


# --- changing it --------------------------------------------------------------


@transaction.atomic
def edit(
    request: TeamRequest,
    *,
    edition: int,
    changes: Mapping[str, Any],
    because: str = "",
    costs_days: Decimal | None = None,
    by: Staff,
    at: dt.datetime,
) -> RequestRevision | None:
    """Say it in other words, which makes a revision; None where nothing differs.

    After the receiving team's yes it takes a reason. If that team changes it, it says at once what
    it costs; if the asking team does, the request waits for that answer (`cost`).

    Raises:
        NotAllowed: not theirs to change any more, no reason, or a field that makes no sense.
        Conflict: somebody else made another edition; nothing of either is lost.
    """
    keeping.lock(request, edition=edition)
    if not seeing.may_change(request, by):
        raise NotAllowed(_("What is asked for cannot be changed by you now."))
    was, taken = kinds.content_of(request), request.status in TeamRequest.TAKEN
    if "kind" in changes and request.status != Status.DRAFT:
        raise NotAllowed(_("It stays of its kind once it was asked."))
    _fill(request, changes)
    _require_sense(request)
    new = kinds.content_of(request)
    differ = [name for name in new if new[name] != was.get(name)]
    if not differ:
        return None
    receiving = seeing.side_of(request, by) == Side.RECEIVING
    if taken:
        _require_reason(differ, because, costs_days, receiving=receiving)
    number = request.revisions.count() + 1
    kept = _revise(request, number=number, because=because, by=by, at=at, after_yes=taken)
    names = {one.partition(".")[0] for one in differ} | ({"kind"} & changes.keys())
    values = {name: getattr(request, name) for name in names}
    line = {"revision": number, "fields": differ, "because": because}
    keeping.write(request, "revised", by=by, line=line, **values)
    telling.watch(request, by)
    telling.tell(request, "team_request.revised", by=by, at=at, words=because)
    if taken:
        _charge_or_ask(request, kept, costs_days, by=by, at=at)
    elif request.status == Status.ASKED and not receiving:
        turns.give_back(request, by=by, at=at)
    return kept


@transaction.atomic
def cost(
    revision: RequestRevision,
    *,
    days: Decimal,
    by: Staff,
    at: dt.datetime,
    promised_on: dt.date | None = None,
) -> None:
    """The receiving team says what a change costs; the promise moves by it, or to another day.

    Raises:
        NotAllowed: said already, or not theirs to say.
    """
    request = revision.request
    keeping.lock(request)
    revision.refresh_from_db()
    seeing.require_side(request, by, Side.RECEIVING)
    if not revision.after_yes or revision.costs_days is not None:
        raise NotAllowed(_("What this change costs is said already."))
    _charge(request, revision, days, by=by, at=at, promised_on=promised_on)
    if request.status in TeamRequest.TAKEN and not uncosted(request).exists():
        turns.give_back(request, by=by, at=at)


def uncosted(request: TeamRequest) -> Any:
    """The changes of which the receiving team has still to say what they cost."""
    return request.revisions.filter(after_yes=True, costs_days=None)


def _charge_or_ask(
    request: TeamRequest,
    revision: RequestRevision,
    days: Decimal | None,
    *,
    by: Staff,
    at: dt.datetime,
) -> None:
    if days is not None:
        _charge(request, revision, days, by=by, at=at)
        return
    note = kept_words.name(
        lambda: _("What does revision %(number)d cost?") % {"number": revision.number}
    )
    turns.give(request, team_id=request.to_team_id, holding=Holding.COST, note=note, by=by, at=at)


def _charge(
    request: TeamRequest,
    revision: RequestRevision,
    days: Decimal,
    *,
    by: Staff,
    at: dt.datetime,
    promised_on: dt.date | None = None,
) -> None:
    if not 0 <= days <= 500:
        raise NotAllowed(_("Write the days from 0 to 500."))
    revision.costs_days = days
    revision.save(update_fields=["costs_days"])
    line = {"revision": revision.number, "days": days}
    audit.log("team_request.costed", request, by=by, **line)
    was = request.promised_on
    if was is None or request.status not in TeamRequest.TAKEN:
        telling.tell(request, "team_request.costed", by=by, at=at)
        return
    to = promised_on or business_hours.later_by(was, math.ceil(days))
    if to == was:  # whoever asked waits for the answer all the same
        words = kept_words.name(lambda: _("the promised day stays"))
        telling.tell(request, "team_request.costed", by=by, at=at, words=words)
        return
    dates.slip(
        request,
        to=to,
        cause=RequestSlip.Cause.SPEC,
        because=revision.because,
        by=by,
        at=at,
        revision=revision,
    )


@transaction.atomic
def readdress(
    request: TeamRequest, *, to_team: Team, by: Staff, at: dt.datetime, edition: int | None = None
) -> None:
    """Mean another team; only while it is a draft."""
    keeping.lock(request, edition=edition)
    seeing.require_side(request, by, Side.ASKING)
    if request.status != Status.DRAFT:
        raise NotAllowed(_("It was asked already; withdraw it first."))
    line = {"was": str(request.to_team), "to": str(to_team)}
    # Who was asked before hears and sees no more of it.
    keeping.write(request, "readdressed", by=by, line=line, to_team=to_team, asked_on=None)
    turns.end(request, at=at)


@transaction.atomic
def set_parties(
    request: TeamRequest, *, teams: Collection[Team], by: Staff, at: dt.datetime
) -> None:
    """Which other teams have a part in it, and so see it."""
    keeping.lock(request)
    if not seeing.may_change(request, by):
        raise NotAllowed(_("What is asked for cannot be changed by you now."))
    sides = {request.from_team_id, request.to_team_id}
    before = set(request.parties.values_list("pk", flat=True))
    after = [one for one in teams if one.pk not in sides]
    request.parties.set(after)
    line = {"parties": [str(one) for one in after]}
    audit.log("team_request.parties", request, by=by, **line)
    added = [one.pk for one in after if one.pk not in before]
    heard = [pk for team in added for pk in telling.who_answers(team)]
    telling.tell(request, "team_request.parties", by=by, at=at, also=heard)


# --- its content --------------------------------------------------------------


def _fill(request: TeamRequest, changes: Mapping[str, Any]) -> None:
    """Set fields by their names, from texts or values."""
    if "kind" in changes:
        request.kind = str(changes["kind"])
    details = dict(request.details)
    own = {kinds.DETAIL + one.name for one in kinds.FIELDS.get(request.kind, ())}
    for name, value in changes.items():
        if name in own:
            short = name.removeprefix(kinds.DETAIL)
            if _differs(details.get(short, ""), value):
                details[short] = _words(value)
        elif name in kinds.LABELS:
            if _differs(getattr(request, name), value):
                setattr(request, name, _value(name, value))
        elif name != "kind":
            raise NotAllowed(_("A request has no field “%(name)s”.") % {"name": name})
    request.details = details


def _differs(old: Any, new: Any) -> bool:
    """Whether it reads otherwise; the form shows one half of what ships in both languages."""
    return not isinstance(old, str) or kept_words.said(old) != str(new or "").strip()


def _words(value: Any) -> str:
    return str(kept_words.as_kept(value) or "").strip()


def _value(name: str, value: Any) -> Any:
    if name not in {"expected_change", "expected_by"}:
        return _words(value)
    if value in (None, ""):
        return None
    try:
        if name == "expected_by":
            return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
        return Decimal(str(value))
    except (ValueError, InvalidOperation) as wrong:
        label = {"field": kinds.label("", name), "text": str(value)[:40]}
        raise NotAllowed(_("%(field)s: “%(text)s” cannot be read.") % label) from wrong


def _require_sense(request: TeamRequest) -> None:
    """Raises NotAllowed with the words of the first field that cannot be kept."""
    if not request.title:
        raise NotAllowed(_("Say what is asked for."))
    names = {"kind", *kinds.LABELS}
    others = [one.name for one in request._meta.fields if one.name not in names]
    if request.expected_change is not None and request.expected_change < -1:
        raise NotAllowed(_("No number becomes less by more than 100 %."))
    longest = max((len(text) for text in request.details.values()), default=0)
    try:
        request.clean_fields(exclude=[*others, *(["why"] if not request.why else [])])
    except ValidationError as wrong:
        name, words = next(iter(wrong.message_dict.items()))
        said = {"field": kinds.label(request.kind, name), "words": words[0]}
        raise NotAllowed(_("%(field)s: %(words)s") % said) from wrong
    if longest > 8000:
        raise NotAllowed(_("A field takes at most 8000 characters."))


def _require_reason(
    differ: list[str], because: str, costs_days: Decimal | None, *, receiving: bool
) -> None:
    if not because.strip():
        raise NotAllowed(_("It was accepted already; say why it changes."))
    if "metric" in differ:
        raise NotAllowed(_("Its baseline is frozen, so the metric stays."))
    if receiving and costs_days is None:
        raise NotAllowed(_("Say what the change costs in days; 0 is an answer too."))
    if costs_days is not None and not receiving:
        raise NotAllowed(_("The receiving team says what a change costs."))


def _revise(
    request: TeamRequest,
    *,
    number: int,
    because: str,
    by: Staff,
    at: dt.datetime,
    after_yes: bool = False,
) -> RequestRevision:
    return RequestRevision.objects.create(
        request=request,
        number=number,
        content={"kind": request.kind, **kinds.content_of(request)},
        author=by,
        because=_words(because)[:300],
        after_yes=after_yes,
        at=at,
    )
