"""Work: giving it, doing it, handing it over, and saying what came of it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, roles, states, work_kinds
from console.models import Staff, Team, WorkItem
from console.states import NotAllowed, Stale

VIEW = "work.view"
DO = "work.do"
GIVE = "work.give"  # also: hand over what is somebody else's
TRIED, MOST_TRIES = "tried", 50  # in `facts`: each time that it was tried, and what was said
Status = WorkItem.Status


@transaction.atomic
def give(
    kind: str,
    title: str,
    *,
    on: dt.date,
    why: str = "",
    plan: str = "",
    subject: models.Model | None = None,
    owner: Staff | None = None,
    team: Team | None = None,
    due_on: dt.date | None = None,
    once: str = "",
    by: Staff | None = None,
) -> WorkItem | None:
    """A new work item; None when something was given under this `once` already.

    Words of the console itself are kept for readers of every language: `kept_words.each`.

    Two who give it at the same moment give it once: the database decides.

    Raises:
        NotAllowed: it is due before it is given, or says nothing.
    """
    if not title.strip():
        raise NotAllowed(_("Say what is to be done."))
    if due_on is not None and due_on < on:
        raise NotAllowed(_("It cannot be due before it is given."))
    item = WorkItem(
        kind=kind,
        title=title.strip(),
        why=why,
        plan=plan,
        owner=owner,
        team=team or (owner.team if owner else None),
        due_on=due_on,
        once=once,
        given_on=on,
        given_by=by,
    )
    if subject is not None:
        item.subject_type = ContentType.objects.get_for_model(subject)
        item.subject_id = subject.pk
    try:
        with transaction.atomic():
            item.save(force_insert=True)
    except IntegrityError:
        if not once:
            raise
        return None
    audit.log("work_item.given", item, by=by, kind=kind, owner=_name(owner), due_on=due_on)
    return item


@transaction.atomic
def hand_out(kind: str, title: str, *, on: dt.date, by: Staff, **values: Any) -> WorkItem:
    """Work that a person gives: to themselves, or as somebody who may give work to their team.

    Raises:
        NotAllowed: it is not theirs to give, or makes no sense.
    """
    owner, team = values.get("owner"), values.get("team")
    if not work_kinds.of(kind).is_given:
        raise NotAllowed(_("This kind of work comes of itself."))
    if owner is None and team is None:
        raise NotAllowed(_("Say who is to do it."))
    if owner != by:
        whose = WorkItem(team=team or (owner.team if owner else None))
        roles.require(by, GIVE, record=whose)
    roles.require(by, DO)
    if owner is not None and not owner.is_active:
        raise NotAllowed(_("%(who)s does not work here any more.") % {"who": owner})
    item = give(kind, title, on=on, by=by, **values)
    assert item is not None  # without `once` it is always given
    return item


@transaction.atomic
def ask_for_yes(item: WorkItem, *, of: Staff, question: str, on: dt.date, by: Staff) -> WorkItem:
    """Ask somebody else whether it may be done so; until then it is not finished.

    Raises:
        NotAllowed: it is closed or not theirs, they ask themselves, or ask nothing.
    """
    _require(item, by=by)
    if not item.is_unfinished:
        raise NotAllowed(_("This is closed; open it again first."))
    if of == by or not of.is_active:
        raise NotAllowed(_("Ask somebody else, who still works here."))
    if waits_for_yes(item):
        raise NotAllowed(_("Somebody is asked already."))
    due_on = on + dt.timedelta(days=work_kinds.of("answer").days)
    asked = give("answer", question, on=on, subject=item, owner=of, due_on=due_on, by=by)
    assert asked is not None  # without `once` it is always given
    return asked


def waits_for_yes(item: WorkItem) -> WorkItem | None:
    """The question that has to be answered before this is finished."""
    return about(item).filter(kind="answer", status__in=WorkItem.UNFINISHED).first()


# --- doing it -----------------------------------------------------------------


@transaction.atomic
def start(item: WorkItem, *, by: Staff) -> None:
    """Begin; what belonged to nobody belongs to who begins.

    Raises:
        NotAllowed: it is somebody else's, or closed.
        Stale: somebody else was first.
    """
    _require(item, by=by)
    also: dict[str, Any] = {} if item.owner_id else {"owner": by}
    states.move(item, to=Status.STARTED, **also)


@transaction.atomic
def finish(
    item: WorkItem,
    *,
    outcome: str = "",
    answer: Mapping[str, str] | None = None,
    on: dt.date | None = None,
    by: Staff,
) -> None:
    """Done, with what came of it: the answer to the form of its kind, and words.

    An answer that says "again" does not end it: it is due on the day that was named.

    Raises:
        NotAllowed: the form is not answered, or it is not theirs to finish.
        Stale: somebody else was first.
    """
    kind = work_kinds.of(item.kind)
    _require(item, by=by)
    if kind.by_deed:
        raise NotAllowed(_("It is done once it is decided, on the page of what it is about."))
    if waits_for_yes(item):
        raise NotAllowed(_("It waits for a yes that somebody was asked for."))
    read = work_kinds.read(kind, answer or {})
    for problem in read.problems.values():
        raise NotAllowed(problem)
    if read.again_on is not None:
        _again(item, read, words=outcome, on=on, by=by)
        return
    tries = {TRIED: item.facts[TRIED]} if TRIED in item.facts else {}
    also = {"result": read.result, "facts": read.facts | tries}
    _close(item, to=Status.DONE, words=outcome, by=by, **also)


def _again(
    item: WorkItem, read: work_kinds.Answer, *, words: str, on: dt.date | None, by: Staff
) -> None:
    day = read.again_on
    if day is None or day < (on or item.given_on):
        raise NotAllowed(_("Name a day that is still to come."))
    told = words.strip()
    tried = {"on": (on or item.given_on).isoformat(), "who": by.username, "words": told}
    tries = [*item.facts.get(TRIED, []), tried][-MOST_TRIES:]
    facts = item.facts | {TRIED: tries} if told else item.facts
    _change(item, due_on=day, tries=item.tries + 1, owner=item.owner or by, facts=facts)
    # What was said in a call is the customer's, so it stands with the work, and goes with it.
    audit.log("work_item.tried", item, by=by, due_on=day)


def drop(item: WorkItem, *, because: str, by: Staff) -> None:
    """Not to be done after all, with the reason.

    Raises:
        NotAllowed: no reason, or it is not theirs to drop.
        Stale: somebody else was first.
    """
    _close(item, to=Status.DROPPED, words=because, by=by)


@transaction.atomic
def settle(item: WorkItem, *, outcome: str, by: Staff | None) -> None:
    """Done by the deed that it asked for, whoever's it was; a closed one stays as it is."""
    kept = WorkItem.objects.select_for_update().get(pk=item.pk)
    if kept.is_unfinished:
        states.move(kept, to=Status.DONE, outcome=outcome, closed_at=timezone.now(), closed_by=by)


@transaction.atomic
def reopen(item: WorkItem, *, by: Staff) -> None:
    """Take it up again; the outcome so far stays to be read."""
    _require(item, by=by)
    states.move(item, to=Status.OPEN, closed_at=None, closed_by=None)


@transaction.atomic
def _close(item: WorkItem, *, to: str, words: str, by: Staff, **also: Any) -> None:
    _require(item, by=by)
    if not words.strip() and not also.get("result"):
        raise NotAllowed(_("Say in a few words what came of it."))
    states.move(
        item,
        to=to,
        outcome=words.strip(),
        closed_at=timezone.now(),
        closed_by=by,
        **also,
    )


# --- changing it --------------------------------------------------------------


@transaction.atomic
def hand_over(item: WorkItem, *, to: Staff | None, because: str = "", by: Staff) -> None:
    """Give it to somebody else, or back to nobody.

    Raises:
        NotAllowed: it is closed, not theirs to give, or the other one has left.
        Stale: somebody else changed it.
    """
    _require(item, by=by)
    if to is not None and not to.is_active:
        raise NotAllowed(_("%(who)s does not work here any more.") % {"who": to})
    if to is not None and _asked(item, to):
        raise NotAllowed(_("Ask somebody else, who still works here."))
    was, team = item.owner, to.team if to else item.team
    _change(item, owner=to, team=team)
    audit.log(
        "work_item.handed_over", item, by=by, was=_name(was), owner=_name(to), because=because
    )


@transaction.atomic
def move_deadline(item: WorkItem, *, to: dt.date, because: str, by: Staff) -> None:
    """Another deadline, with the reason.

    Raises:
        NotAllowed: it is closed, not theirs, or no reason is given.
        Stale: somebody else changed it.
    """
    _require(item, by=by)
    if not because.strip():
        raise NotAllowed(_("Say why the deadline moves."))
    was = item.due_on
    _change(item, due_on=to)
    audit.log("work_item.deadline_moved", item, by=by, was=was, due_on=to, because=because)


def _change(item: WorkItem, **fields: Any) -> None:
    """Write fields over an unfinished item, unless somebody else changed them meanwhile."""
    if not item.is_unfinished:
        raise NotAllowed(_("This is closed; open it again first."))
    seen = {f"{name}": getattr(item, name) for name in fields}
    rows = WorkItem.objects.filter(pk=item.pk, status__in=WorkItem.UNFINISHED, **seen)
    if not rows.update(**fields):
        raise Stale(
            _("%(what)s was changed by somebody else; load the page again.") % {"what": item}
        )
    for name, value in fields.items():
        setattr(item, name, value)


# --- whose --------------------------------------------------------------------


def may_do(item: WorkItem, *, by: Staff) -> bool:
    """Its owner, anybody of its team while nobody owns it, and who may give work."""
    if not roles.allows(by, DO) or _asked(item, by):
        return False
    if item.owner_id == by.pk or roles.may_change(by, item, GIVE):
        return True
    return item.owner_id is None and item.team_id in {None, by.team_id}


def _asked(item: WorkItem, staff: Staff) -> bool:
    """Whether it is a question of theirs, which somebody else answers, whoever they are."""
    return item.kind == "answer" and item.given_by_id == staff.pk


def unfinished() -> QuerySet[WorkItem]:
    return WorkItem.objects.filter(status__in=WorkItem.UNFINISHED)


def mine(staff: Staff) -> Q:
    """What this person owns."""
    return Q(owner=staff)


def of_team(staff: Staff) -> Q:
    """What the team owns, and what nobody owns."""
    return Q(team=staff.team) if staff.team_id else Q(owner=staff) | Q(team=None)


def about(subject: models.Model) -> QuerySet[WorkItem]:
    """The work that a record gave cause to, the newest first."""
    kind = ContentType.objects.get_for_model(subject)
    found = WorkItem.objects.filter(subject_type=kind, subject_id=subject.pk)
    return found.select_related("owner").order_by("-pk")


def _require(item: WorkItem, *, by: Staff) -> None:
    """Whether they may, by whose work it is at this moment; nobody hands it over meanwhile."""
    roles.require(by, DO)
    kept = WorkItem.objects.select_for_update().get(pk=item.pk)
    if kept.owner_id != item.owner_id:
        raise Stale(
            _("%(what)s was changed by somebody else; load the page again.") % {"what": item}
        )
    if not may_do(item, by=by):
        raise NotAllowed(_("This is somebody else's work; ask them to hand it over."))


def _name(staff: Staff | None) -> str:
    return staff.username if staff else ""
