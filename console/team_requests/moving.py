"""The life of a request: asked, accepted, started, delivered, judged; declined or withdrawn.

Each verb takes the edition that the person had before them, and reads `request` anew (`_deed`).
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from console import clock, kept_words
from console.models import RequestVerdict, Staff, TeamRequest
from console.states import NotAllowed
from console.team_requests import dates, depending, keeping, kinds, seeing, telling, turns

Status, Side, Holding = TeamRequest.Status, seeing.Side, turns.Holding
Lane, Outcome = TeamRequest.Lane, RequestVerdict.Outcome
OF_ONE_LIFE = (
    *("owner", "promised_on", "first_promised_on", "accepted_on", "started_on", "baseline"),
)


def ask(request: TeamRequest, *, by: Staff, at: dt.datetime, edition: int | None = None) -> None:
    """Ask the other team, once it says enough for its kind (`kinds.missing`).

    Raises:
        NotAllowed: something is missing, or it is not a draft of the asking team.
        Conflict: somebody else changed it meanwhile.
    """
    with _deed(request, Side.ASKING, by, edition):
        content = kinds.content_of(request)
        if found := kinds.missing(request.kind, content, on=clock.day_of(at)):
            raise NotAllowed(" ".join(str(one) for one in found))
        _move(request, Status.ASKED, by, asked_on=clock.day_of(at))
        turns.give_back(request, by=by, at=at)
        telling.watch(request, by)
        _tell(request, "asked", by, at, team=request.to_team_id)


def accept(
    request: TeamRequest,
    *,
    owner: Staff,
    promised_on: dt.date,
    baseline: Mapping[str, Any] | None = None,
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
) -> None:
    """The receiving team says yes: who does it, and until when; the baseline is frozen.

    `baseline` is what the metric is now (`metrics.promises.baseline`), needed where there is one.

    Raises:
        NotAllowed: not theirs to say, an owner of another team, a day that is over, no baseline.
        Conflict: somebody else changed it meanwhile.
    """
    with _deed(request, Side.RECEIVING, by, edition):
        _require_owner(request, owner)
        dates.require_day(promised_on, at=at)
        if request.metric and baseline is None:
            raise NotAllowed(_("Measure “%(metric)s” first.") % {"metric": request.metric})
        _move(
            request,
            Status.ACCEPTED,
            by,
            {"owner": owner.username, "promised_on": promised_on},
            owner=owner,
            promised_on=promised_on,
            first_promised_on=promised_on,
            accepted_on=clock.day_of(at),
            baseline=dict(baseline) if request.metric and baseline is not None else None,
        )
        turns.give_back(request, by=by, at=at)
        telling.watch(request, by, owner)
        words = kept_words.name(lambda: _("promised for %(day)s") % {"day": promised_on})
        _tell(request, "accepted", by, at, words=words)


def decline(
    request: TeamRequest,
    *,
    because: str,
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
) -> None:
    """The receiving team says no, with the reason."""
    with _deed(request, Side.RECEIVING, by, edition):
        _require_words(because)
        _move(request, Status.DECLINED, by, {"because": because})
        turns.end(request, at=at)
        _tell(request, "declined", by, at, words=because)


def send_back(
    request: TeamRequest,
    *,
    because: str,
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
) -> None:
    """The receiving team cannot say yes or no to it as it is; a draft again."""
    with _deed(request, Side.RECEIVING, by, edition):
        _require_words(because)
        _move(request, Status.DRAFT, by, {"deed": "sent_back", "because": because})
        _give(request, request.from_team_id, Holding.QUESTION, by, at, note=because)
        telling.watch(request, by)  # to hear of the answer
        _tell(request, "sent_back", by, at, words=because)


def withdraw(
    request: TeamRequest,
    *,
    because: str = "",
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
) -> None:
    """The asking team does not want it any more; once another was asked, with the reason."""
    with _deed(request, Side.ASKING, by, edition):
        if request.asked_on is not None:
            _require_words(because)
        _move(request, Status.WITHDRAWN, by, {"because": because})
        turns.end(request, at=at)
        _tell(request, "withdrawn", by, at, words=because)


def take_up(
    request: TeamRequest, *, by: Staff, at: dt.datetime, edition: int | None = None
) -> None:
    """What was declined or withdrawn is a draft again: another life, with another promise."""
    with _deed(request, Side.ASKING, by, edition):
        was = {"baseline": request.baseline, "promised_on": request.promised_on}
        line = {"deed": "taken_up", **was}
        _move(request, Status.DRAFT, by, line, **dict.fromkeys(OF_ONE_LIFE))


# --- the work -----------------------------------------------------------------


def start(request: TeamRequest, *, by: Staff, at: dt.datetime, edition: int | None = None) -> None:
    """Begin the work, once both sides agree on its priority; what is urgent may begin before.

    Raises:
        NotAllowed: not theirs, not agreed, or it waits for another request.
    """
    with _deed(request, Side.RECEIVING, by, edition):
        if words := too_early(request, seen_by=by):
            raise NotAllowed(words)
        _move(request, Status.STARTED, by, started_on=request.started_on or clock.day_of(at))
        turns.give_back(request, by=by, at=at)
        _tell(request, "started", by, at)


def too_early(request: TeamRequest, *, seen_by: Staff) -> str:
    """What has to come before the work begins, in words; nothing where it may begin."""
    if request.priority is None and request.lane != Lane.URGENT:
        return _("Both teams agree on its priority first.")
    if found := depending.waiting_for(request):
        names = ", ".join(depending.named(found, seen_by=seen_by))
        return _("It waits for: %(names)s.") % {"names": names}
    return ""


def put_back(
    request: TeamRequest,
    *,
    because: str,
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
) -> None:
    """Stop the work for now; the promise stays until somebody moves it."""
    with _deed(request, Side.RECEIVING, by, edition):
        _require_words(because)
        if request.status != Status.STARTED:
            raise NotAllowed(_("Nobody works on it."))
        _move(request, Status.ACCEPTED, by, {"deed": "put_back", "because": because})
        _tell(request, "put_back", by, at, words=because)


def hand_over(
    request: TeamRequest,
    *,
    owner: Staff,
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
) -> None:
    """Somebody else of the receiving team does it."""
    with _deed(request, Side.RECEIVING, by, edition):
        if request.status not in TeamRequest.TAKEN:
            raise NotAllowed(_("Nobody works on it."))
        _require_owner(request, owner)
        was = request.owner
        line = {"was": was.username if was else "", "owner": owner.username}
        keeping.write(request, "handed_over", by=by, line=line, owner=owner)
        telling.watch(request, owner)
        _tell(request, "handed_over", by, at, words=str(owner))


def deliver(
    request: TeamRequest,
    *,
    note: str = "",
    cause: str = "",
    because: str = "",
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
) -> None:
    """It is done, and the asking team's to look at. Later than promised, it says what made it so.

    Raises:
        NotAllowed: not theirs, not started, or late without a cause.
        Conflict: somebody else changed it meanwhile.
    """
    with _deed(request, Side.RECEIVING, by, edition):
        day = clock.day_of(at)
        if request.status == Status.STARTED and request.promised_on and request.promised_on < day:
            if not (cause and because.strip()):
                raise NotAllowed(_("It is later than promised; say what made it so."))
            found = dates.evidence(request, cause)
            dates.slip(request, to=day, cause=cause, because=because, by=by, at=at, **found)
        _move(request, Status.DELIVERED, by, {"note": note}, delivered_on=day)
        _give(request, request.from_team_id, Holding.REVIEW, by, at, note=note)
        _tell(request, "delivered", by, at, words=note)
        depending.let_go(request, by=by, at=at)


def receive(
    request: TeamRequest, *, by: Staff, at: dt.datetime, edition: int | None = None
) -> None:
    """The asking team says that it is what they asked for; whether it works is judged later."""
    with _deed(request, Side.ASKING, by, edition):
        if request.status != Status.DELIVERED or turns.holder(request) is None:
            raise NotAllowed(_("There is nothing to look at."))
        turns.end(request, at=at)
        keeping.write(request, "received", by=by, line={})
        _tell(request, "received", by, at)


def give_back(
    request: TeamRequest,
    *,
    because: str,
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
) -> None:
    """What was delivered is not what was asked for: in work again, and the promise stays."""
    with _deed(request, Side.ASKING, by, edition):
        _require_words(because)
        if request.status != Status.DELIVERED:
            raise NotAllowed(_("Only what was delivered can be given back."))
        _move(
            request,
            Status.STARTED,
            by,
            {"deed": "given_back", "because": because},
            delivered_on=None,
        )
        _give(request, request.to_team_id, Holding.WORK, by, at, note=because)
        telling.watch(request, by)  # to hear when it is delivered again
        _tell(request, "given_back", by, at, words=because)


@transaction.atomic
def judge(
    request: TeamRequest,
    *,
    outcome: str,
    measured: Mapping[str, Any],
    words: str = "",
    by: Staff | None,
    at: dt.datetime,
    edition: int | None = None,
) -> RequestVerdict:
    """Say whether it moved its number, as `metrics.promises.judge` tells; again when more is known.

    Without a metric somebody says so in words. `by` is None for the console itself. A verdict of
    who asked also says that it is what they asked for.

    Raises:
        NotAllowed: it is not delivered, the asking team has not looked at it yet, nothing is said,
            or they are of neither team.
        Conflict: somebody else changed it meanwhile.
    """
    keeping.lock(request, edition=edition)
    if by is not None and seeing.side_of(request, by) is None and by.role != Staff.Role.ADMIN:
        raise NotAllowed(_("This is for the two teams to say."))
    if by is not None and request.status == Status.DELIVERED and turns.holder(request) is not None:
        _look_first(request, by)
    if outcome not in Outcome.values:
        raise NotAllowed(_("Say whether it was met."))
    if not measured and not words.strip():
        raise NotAllowed(_("Say in a few words what came of it."))
    verdict = RequestVerdict.objects.create(
        request=request,
        outcome=outcome,
        measured=dict(measured),
        words=kept_words.as_kept(words).strip()[:2000],
        by=by,
        at=at,
    )
    if request.status == Status.JUDGED:
        keeping.write(request, "judged", by=by, line={"outcome": outcome})
    else:
        keeping.move(request, to=Status.JUDGED, by=by, line={"outcome": outcome})
    turns.end(request, at=at)
    telling.tell(
        request,
        "team_request.judged",
        by=by,
        at=at,
        words=kept_words.name(verdict.get_outcome_display),
    )
    return verdict


def _look_first(request: TeamRequest, by: Staff) -> None:
    """Whether it is what was asked for comes before whether it helped."""
    if by.role != Staff.Role.ADMIN and by.team_id != request.from_team_id:
        raise NotAllowed(_("The team that asked has not looked at it yet."))
    keeping.write(request, "received", by=by, line={})


# --- what they share ----------------------------------------------------------


@contextmanager
def _deed(request: TeamRequest, side: str, by: Staff, edition: int | None) -> Iterator[None]:
    """One transaction over the row as it is, locked, for somebody of this side."""
    with transaction.atomic():
        keeping.lock(request, edition=edition)
        seeing.require_side(request, by, side)
        yield


def _move(
    request: TeamRequest,
    to: str,
    by: Staff,
    line: Mapping[str, Any] | None = None,
    **fields: Any,
) -> None:
    keeping.move(request, to=to, by=by, line=dict(line or {}), **fields)


def _give(
    request: TeamRequest, team_id: int, holding: str, by: Staff, at: dt.datetime, *, note: str
) -> None:
    turns.give(
        request,
        team_id=team_id,
        holding=holding,
        by=by,
        at=at,
        note=kept_words.as_kept(note).strip()[:300],
    )


def _tell(
    request: TeamRequest,
    what: str,
    by: Staff,
    at: dt.datetime,
    *,
    words: str = "",
    team: int | None = None,
) -> None:
    also = telling.who_answers(team) if team else []
    telling.tell(request, f"team_request.{what}", by=by, at=at, words=words, also=also)


def _require_words(because: str) -> None:
    if not because.strip():
        raise NotAllowed(_("Say why."))


def _require_owner(request: TeamRequest, owner: Staff) -> None:
    if not owner.is_active or owner.team_id != request.to_team_id:
        raise NotAllowed(_("Who does it belongs to the receiving team."))
