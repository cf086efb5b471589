"""What waits for a request to be delivered: another request, a campaign, any record.

It waits until then, or until somebody who decides says in writing that it need not.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, kept_words
from console.models import PriorityProposal, RequestDependency, Staff, TeamRequest
from console.states import NotAllowed
from console.team_requests import keeping, paths, seeing, telling, turns

Status, Holding = TeamRequest.Status, turns.Holding
DONE = {Status.DELIVERED, Status.JUDGED}
LOCK = 0x0DE9  # the advisory lock of who draws a line: two at once could close a circle
AGREED, PROPOSED, UNKNOWN = "agreed", "proposed", "unknown"
A_SLIP_OF_THE_HAND = dt.timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """One request of a chain; None in the place of one that the reader may not see."""

    request: TeamRequest | None
    days: Decimal  # of work that is left
    promised_on: dt.date | None
    is_open: bool
    effort: str = AGREED  # who said these days: both teams, one of them (proposed), nobody


@transaction.atomic
def add(
    waits: models.Model, *, needs: TeamRequest, because: str = "", by: Staff, at: dt.datetime
) -> RequestDependency:
    """This record waits until that request is delivered. Of other records than requests, the
    edge asks whether they are theirs to change.

    Raises:
        NotAllowed: it would go in a circle (the words name it), is delivered, or not theirs.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if not seeing.may_see(needs, by):
        raise NotAllowed(_("There is no such request."))
    request = waits if isinstance(waits, TeamRequest) else None
    if request is not None:
        _require_sense(request, needs, by)
    if needs.status in DONE:
        raise NotAllowed(_("“%(request)s” is delivered already.") % {"request": needs})
    line = RequestDependency(
        needs=needs, because=kept_words.as_kept(because).strip()[:300], added_by=by
    )
    if request is not None:
        line.request = request
    else:
        line.subject_type = ContentType.objects.get_for_model(waits)
        line.subject_id = waits.pk
    try:
        with transaction.atomic():
            line.save(force_insert=True)
    except IntegrityError as twice:
        raise NotAllowed(_("It waits for that already.")) from twice
    audit.log("team_request.needed", needs, by=by, waits=str(waits), because=because)
    # Who hears of the one may not see the other, so another request is not named.
    words = "" if request is not None else kept_words.name(lambda: str(waits), most=300)
    telling.tell(needs, "team_request.needed", by=by, at=at, words=words)
    return line


@transaction.atomic
def remove(line: RequestDependency, *, because: str = "", by: Staff) -> None:
    """It does not wait for that. Who drew the line by mistake takes it back within a day; later
    somebody who decides does so, with the reason.

    Raises:
        NotAllowed: not theirs to say, or no reason.
    """
    is_mistake = line.added_by_id == by.pk and timezone.now() - line.added_at < A_SLIP_OF_THE_HAND
    if not is_mistake:
        _require_decision(line, because, by)
    audit.log("team_request.not_needed", line.needs, by=by, waits=_waits(line), because=because)
    line.delete()


@transaction.atomic
def waive(line: RequestDependency, *, because: str, by: Staff, at: dt.datetime) -> None:
    """Somebody who decides for the team that waits says in writing that it need not.

    Raises:
        NotAllowed: not theirs to say, no reason, or waived before.
    """
    line.refresh_from_db(from_queryset=RequestDependency.objects.select_for_update(of=("self",)))
    _require_decision(line, because, by)
    if line.waived_by_id is not None:
        raise NotAllowed(_("This was decided already."))
    line.waived_by, line.waived_at = by, at
    line.waived_because = kept_words.as_kept(because).strip()[:300]
    line.save(update_fields=["waived_by", "waived_at", "waived_because"])
    audit.log("team_request.waived", line.needs, by=by, waits=_waits(line), because=because)
    telling.tell(line.needs, "team_request.waived", by=by, at=at, words=line.waived_because)
    if line.request is not None:
        _go_on(line.request, by=by, at=at)


@transaction.atomic
def wait(line: RequestDependency, *, by: Staff, at: dt.datetime) -> None:
    """The receiving team cannot go on before that: its clock stands until it is delivered."""
    request = line.request
    if request is None:
        raise NotAllowed(_("Only a request has a clock."))
    keeping.lock(request)
    seeing.require_side(request, by, seeing.Side.RECEIVING)
    if request.status not in TeamRequest.TAKEN or line.needs not in waiting_for(request):
        raise NotAllowed(_("It does not wait for that."))
    turns.give(
        request,
        team_id=line.needs.to_team_id,
        holding=Holding.DEPENDENCY,
        by=by,
        at=at,
    )
    audit.log("team_request.waits", request, by=by, needs=line.needs_id)
    telling.tell(request, "team_request.waits", by=by, at=at)
    telling.tell(line.needs, "team_request.waited_for", by=by, at=at)


def let_go(request: TeamRequest, *, by: Staff, at: dt.datetime) -> None:
    """It is delivered: those that stood still for it go on, and hear of it."""
    lines = RequestDependency.objects.filter(needs=request, request__status__in=TeamRequest.OPEN)
    for line in lines.select_related("request").order_by("request"):
        assert line.request is not None
        _go_on(line.request, by=by, at=at)
        telling.tell(line.request, "team_request.freed", by=by, at=at)


def _go_on(request: TeamRequest, *, by: Staff, at: dt.datetime) -> None:
    TeamRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    now = turns.holder(request)
    if now is not None and now.holding == Holding.DEPENDENCY and not waiting_for(request):
        turns.give_back(request, by=by, at=at)


# --- looking ------------------------------------------------------------------


def lines_of(record: models.Model) -> QuerySet[RequestDependency]:
    """What a record waits for, waived lines and delivered requests too."""
    found = RequestDependency.objects.select_related("needs", "waived_by")
    if isinstance(record, TeamRequest):
        return found.filter(request=record)
    kind = ContentType.objects.get_for_model(record)
    return found.filter(subject_type=kind, subject_id=record.pk)


def waiting_for(record: models.Model) -> list[TeamRequest]:
    """The requests that have to be delivered before this goes on; empty: nothing is in its way."""
    lines = lines_of(record).filter(waived_by=None).exclude(needs__status__in=DONE)
    return [line.needs for line in lines]


def named(requests: Iterable[TeamRequest], *, seen_by: Staff) -> list[str]:
    """Their names for a reader; of one that does not concern them only that there is one."""
    found = list(requests)
    visible = _visible([one.pk for one in found], seen_by)
    return [str(one) if one.pk in visible else _("another team's request") for one in found]


def critical_path(request: TeamRequest, *, seen_by: Staff) -> list[Step]:
    """The chain before a request, it at the end, that takes most days of work until then."""
    needs, found = _before(request)
    proposed = _proposed(found)
    left = {pk: _left(one, proposed.get(pk)) for pk, one in found.items()}
    chain = paths.critical(needs, left, request.pk)
    visible = _visible(chain, seen_by)
    return [
        Step(
            request=found[pk] if pk in visible else None,
            days=left[pk],
            promised_on=found[pk].promised_on,
            is_open=found[pk].status in TeamRequest.OPEN,
            effort=_who_said(found[pk], proposed.get(pk)),
        )
        for pk in chain
    ]


def _before(request: TeamRequest) -> tuple[dict[int, set[int]], dict[int, TeamRequest]]:
    """All that a request waits for, near and far, that is still to be delivered."""
    needs: dict[int, set[int]] = {}
    found, rest = {request.pk: request}, {request.pk}
    while rest:
        lines = RequestDependency.objects.filter(request__in=rest, waived_by=None)
        lines = lines.exclude(needs__status__in=DONE).select_related("needs")
        rest = set()
        for line in lines:
            needs.setdefault(line.request_id or 0, set()).add(line.needs_id)
            if line.needs_id not in found:
                found[line.needs_id] = line.needs
                rest.add(line.needs_id)
    return needs, found


def _proposed(found: Iterable[int]) -> dict[int, Decimal]:
    """The effort that was proposed last, whether or not the other side said yes to it."""
    said = PriorityProposal.objects.filter(request__in=list(found)).order_by("request", "-pk")
    return dict(said.distinct("request").values_list("request", "effort_days"))


def _left(request: TeamRequest, proposed: Decimal | None) -> Decimal:
    """The effort on which both agreed; until then the one proposed last, as capacity counts it."""
    is_open = request.status in {Status.DRAFT, *TeamRequest.OPEN}
    return request.effort_days or proposed or Decimal(0) if is_open else Decimal(0)


def _who_said(request: TeamRequest, proposed: Decimal | None) -> str:
    if request.effort_days is not None:
        return AGREED
    return UNKNOWN if proposed is None else PROPOSED


def _visible(ids: Iterable[int], staff: Staff) -> set[int]:
    return set(seeing.visible_to(staff).filter(pk__in=list(ids)).values_list("pk", flat=True))


# --- its parts ----------------------------------------------------------------


def _require_sense(request: TeamRequest, needs: TeamRequest, by: Staff) -> None:
    if not seeing.may_change(request, by):
        raise NotAllowed(_("What is asked for cannot be changed by you now."))
    if request.pk == needs.pk:
        raise NotAllowed(_("A request does not wait for itself."))
    known, _found = _before(needs)
    if way := paths.circle(known, waits=request.pk, on=needs.pk):
        there = TeamRequest.objects.in_bulk(way)
        names = " → ".join(named([there[pk] for pk in way], seen_by=by))
        raise NotAllowed(_("That would go in a circle: %(way)s.") % {"way": names})


def _require_decision(line: RequestDependency, because: str, by: Staff) -> None:
    if not any(seeing.may_decide(by, team) for team in _teams(line)):
        raise NotAllowed(_("A manager of the team that waits decides this."))
    if not because.strip():
        raise NotAllowed(_("Say why it need not wait."))


def _teams(line: RequestDependency) -> set[int | None]:
    """The teams of which a manager decides whether it waits; None: of any."""
    if line.request is not None:
        return {line.request.from_team_id, line.request.to_team_id}
    return {getattr(line.subject, "team_id", None)}


def _waits(line: RequestDependency) -> str:
    return str(line.request or line.subject)
