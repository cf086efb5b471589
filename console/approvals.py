"""Asking for somebody else's yes, and giving or refusing it, step by step."""

import datetime as dt
import itertools
from collections.abc import Collection
from typing import Any, Protocol

from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from console import (
    audit,
    business_hours,
    clock,
    kept_words,
    policies,
    policy_rules,
    roles,
    states,
)
from console.models import Approval, Deputy, Staff, Vote
from console.policy_rules import Facts, Policy
from console.states import NotAllowed, Stale

__all__ = ["Approvable", "Facts"]
Status, Decision = Approval.Status, Vote.Decision
MOST_LOOKED_AT = 200


class Approvable(Protocol):
    """What a record offers so that it can be approved; the approval calls it back.

    One that is part of another may say as which kind policies look at it (`judged_as`).
    """

    pk: Any

    def digest(self) -> str:
        """SHA-256 over everything that the approver says yes to."""

    def editors(self) -> Collection[int]:
        """The numbers of all staff who had a hand in it: none of them decides about it."""

    def on_approved(self, approval: Approval) -> None: ...

    def on_rejected(self, approval: Approval) -> None:
        """Also when changes are asked for, and when nobody decided in time."""


@transaction.atomic
def request(
    subject: Any,
    *,
    by: Staff,
    summary: dict[str, Any],
    facts: Facts | None = None,
    within: dt.timedelta | None = None,
) -> Approval:
    """Ask for an approval of the subject as it is now, by the policy for these facts.

    The kind of the subject, and role and team of who asks, are known here already. Undecided it
    expires as the policy says, and after `within` at the latest.

    Raises:
        NotAllowed: no policy is for it, or a decision about it is pending already.
    """
    facts = _of_request(subject, by, facts or Facts())
    version = policies.match(facts)
    if version is None:
        raise NotAllowed(_("No policy says whose yes this needs, so nobody may give it."))
    try:
        with transaction.atomic():
            approval = Approval.objects.create(
                subject_type=ContentType.objects.get_for_model(subject),
                subject_id=subject.pk,
                title=kept_words.name(lambda: str(subject), most=200),
                digest=subject.digest(),
                summary=summary,
                requested_by=by,
                version=version,
                policy=version.content,
                facts=facts.as_json(),
                expires_at=_expires_at(version.content, timezone.now(), within),
            )
    except IntegrityError as twice:
        raise NotAllowed(_("A decision about this is pending already.")) from twice
    audit.log("approval.requested", approval, by=by, digest=approval.digest, policy=str(version))
    return approval


def possible(model: type[models.Model], *, by: Staff, **known: Any) -> list[Policy]:
    """Whose yes something of this kind may need, by what is known before it is asked for."""
    return policies.possible(_of_request(model, by, Facts(**known)))


# --- which there are ----------------------------------------------------------


def pending_for(subject: models.Model) -> Approval | None:
    """The approval of this record that waits for a decision, if there is one."""
    return latest_for(subject, status=Status.PENDING)


def latest_for(subject: models.Model, **where: Any) -> Approval | None:
    return Approval.objects.filter(
        subject_type=ContentType.objects.get_for_model(subject), subject_id=subject.pk, **where
    ).first()


def waiting_for(staff: Staff, *, most: int) -> list[Approval]:
    """What this person could decide now, the oldest first, at most so many of them."""
    rows = Approval.objects.filter(status=Status.PENDING).exclude(requested_by=staff)
    rows = rows.select_related("requested_by").prefetch_related("votes", "subject")
    deputies = list(Deputy.objects.filter(to=staff).select_related("of"))
    day = clock.today()

    def may(one: Approval, without: Collection[int]) -> bool:
        voted = any(staff.pk in {vote.by_id, vote.stands_for_id} for vote in one.votes.all())
        place = policies.stands_for(one, staff, barred=without, day=day, deputies=deputies)
        return not voted and place is not None

    # Who had a hand in a thing takes long to ask, so it is asked last and of few.
    open_to_role = (one for one in rows.order_by("created_at")[:MOST_LOOKED_AT] if may(one, ()))
    found = (one for one in open_to_role if may(one, barred(one, one.subject)))
    return list(itertools.islice(found, most))


def require_live(subject: Any) -> Approval:
    """The yes to the subject exactly as it is now.

    Raises:
        NotAllowed: nobody has said yes to the newest asking.
        Stale: it was said to something else than what the subject is now.
    """
    approval = latest_for(subject)
    if approval is None or approval.status != Status.APPROVED:
        raise NotAllowed(kept_words.say(gettext_noop("Nobody has approved this.")))
    if approval.digest != subject.digest():
        words = gettext_noop("The content changed after it was approved; ask for approval again.")
        raise Stale(kept_words.say(words))
    return approval


# --- voting -------------------------------------------------------------------


def approve(approval: Approval, *, by: Staff, comment: str = "") -> None:
    """Say yes. With the last yes that the policy wants, the subject is told at once.

    Raises:
        NotAllowed: the role, the step is not theirs, or they had a hand in it.
        Stale: decided already, or the content changed since it was asked for.
    """
    _vote(approval, by=by, decision=Decision.APPROVE, comment=comment)


def reject(approval: Approval, *, by: Staff, comment: str = "") -> None:
    """Say no, with a reason that the requester can act on; one no is enough.

    Raises:
        NotAllowed: the role, the step is not theirs, they had a hand in it, or no reason.
        Stale: decided already.
    """
    _vote(approval, by=by, decision=Decision.REJECT, comment=comment)


def ask_for_changes(approval: Approval, *, by: Staff, comment: str) -> None:
    """Give it back to be changed and asked for again; as `reject`, but not a no for good."""
    _vote(approval, by=by, decision=Decision.CHANGES, comment=comment)


@transaction.atomic
def _vote(approval: Approval, *, by: Staff, decision: str, comment: str) -> None:
    roles.require(by, policies.DECIDE)
    if decision != Decision.APPROVE and not comment.strip():
        raise NotAllowed(_("Say why, so that the requester knows what to change."))
    subject = _lock(approval)
    place = _place(approval, subject, by)
    if decision == Decision.APPROVE and subject.digest() != approval.digest:
        raise Stale(_("The content changed after approval was asked for; ask again."))
    _keep(approval, by=by, place=place, decision=decision, comment=comment)
    if decision == Decision.APPROVE:
        _go_on(approval, subject)
        return
    to = Status.REJECTED if decision == Decision.REJECT else Status.CHANGES
    _end(approval, to)
    subject.on_rejected(approval)


def _place(approval: Approval, subject: Any, by: Staff) -> Staff:
    """Whose vote they give; refuse in words when it is nobody's."""
    if words := why_not(approval, by, barred=barred(approval, subject)):
        raise NotAllowed(words)
    found = policies.stands_for(approval, by, barred=barred(approval, subject), day=clock.today())
    assert found is not None
    return found


def why_not(approval: Approval, staff: Staff, *, barred: Collection[int]) -> str:
    """In words, why this person cannot vote now; empty when they can."""
    if approval.status != Status.PENDING:
        return _("This was decided already.")
    if approval.expires_at is not None and approval.expires_at <= timezone.now():
        return _("The time in which this could be decided is over.")
    if staff.pk == approval.requested_by_id:
        return _("You asked for this yourself, so somebody else has to decide it.")
    if not roles.allows(staff, policies.DECIDE):
        return _("Your role may read this, but not decide it.")
    if staff.pk in barred:
        return _("You had a hand in this, so somebody else has to decide it.")
    if any(staff.pk in {vote.by_id, vote.stands_for_id} for vote in approval.votes.all()):
        return _("You said yes already, or your deputy did; others have to decide as well.")
    if not policies.stands_for(approval, staff, barred=barred, day=clock.today()):
        return _("The step that waits is for others, as the policy says.")
    return ""


def barred(approval: Approval, subject: Any) -> set[int]:
    """Who asked, and who had a hand in it."""
    editors = getattr(subject, "editors", None)
    return {approval.requested_by_id, *(editors() if editors else ())}


def _keep(approval: Approval, *, by: Staff, place: Staff, decision: str, comment: str) -> None:
    try:
        with transaction.atomic():
            Vote.objects.create(
                approval=approval,
                by=by,
                stands_for=place,
                step=approval.step,
                digest=approval.digest,
                decision=decision,
                comment=comment,
            )
    except IntegrityError as twice:
        raise Stale(
            _("This was voted on already, by you or in the same person's place.")
        ) from twice


def _go_on(approval: Approval, subject: Any) -> None:
    """To the next step when this one has the votes it wants; after the last, it is approved."""
    steps = policy_rules.read(approval.policy).steps
    yes = approval.votes.filter(step=approval.step, decision=Decision.APPROVE).count()
    if yes < steps[approval.step].quorum:
        audit.log("approval.vote", approval, step=approval.step, yes=yes)
        return
    if approval.step + 1 < len(steps):
        approval.step += 1
        Approval.objects.filter(pk=approval.pk).update(step=approval.step)
        audit.log("approval.step", approval, step=approval.step)
        return
    _end(approval, Status.APPROVED)
    subject.on_approved(approval)


@transaction.atomic
def refuse(approval: Approval, *, by: Staff, comment: str) -> None:
    """The no of somebody from whom a thing would be taken, whomever the policy names.

    The caller says who that is. It is written down as a vote, so that who asked reads why.

    Raises:
        NotAllowed: no reason.
        Stale: decided already.
    """
    if not comment.strip():
        raise NotAllowed(_("Say why, so that the requester knows what to change."))
    subject = _lock(approval)
    _keep(approval, by=by, place=by, decision=Decision.REJECT, comment=comment)
    _end(approval, Status.REJECTED)
    subject.on_rejected(approval)


# --- ending without a vote ----------------------------------------------------


@transaction.atomic
def withdraw(approval: Approval, *, by: Staff) -> None:
    """Take the asking back; the caller moves the subject."""
    _end(approval, Status.WITHDRAWN)


@transaction.atomic
def void(subject: Any, *, because: str) -> Approval | None:
    """The subject is no longer what was asked about or approved; the caller moves it."""
    _locked(type(subject), subject.pk)
    approval = latest_for(subject, status__in=[Status.PENDING, Status.APPROVED])
    if approval is not None:
        states.move(approval, to=Status.VOID, line={"because": because})
    return approval


@transaction.atomic
def expire(approval: Approval, *, at: dt.datetime) -> bool:
    """Give it back when nobody decided in time; whether it was so."""
    try:
        subject = _lock(approval)
    except Stale:  # somebody decided it meanwhile
        return False
    if approval.expires_at is None or approval.expires_at > at:
        return False
    _end(approval, Status.EXPIRED)
    subject.on_rejected(approval)
    return True


def overdue(*, at: dt.datetime) -> list[Approval]:
    """What waits for a decision although its time is over."""
    return list(Approval.objects.filter(status=Status.PENDING, expires_at__lte=at))


@transaction.atomic
def renew(subject: Any, *, was: str, because: str) -> int:
    """Let what was asked or answered about the subject hold for it as it is now.

    Only where it was asked for exactly what the subject was before a change that asks nobody's
    yes, such as an erasure that the law demands; how many approvals there were.
    """
    now, kept = subject.digest(), {Status.PENDING, Status.APPROVED}
    found = Approval.objects.filter(
        subject_type=ContentType.objects.get_for_model(subject),
        subject_id=subject.pk,
        digest=was,
        status__in=kept,
    )
    for approval in found:
        Approval.objects.filter(pk=approval.pk).update(digest=now)
        audit.log("approval.renewed", approval, was=was, now=now, because=because)
    return len(found)


def _end(approval: Approval, to: str) -> None:
    states.move(approval, to=to, decided_at=timezone.now(), decided_on=clock.today())


def _lock(approval: Approval) -> Any:
    """The subject first, then the approval, as everybody does; both as they are now."""
    model = approval.subject_type.model_class()
    assert model is not None
    subject = _locked(model, approval.subject_id)
    Approval.objects.select_for_update(of=("self",), no_key=True).get(pk=approval.pk)
    approval.refresh_from_db()
    if approval.status != Status.PENDING:
        raise Stale(_("This was decided already."))
    return subject


def _locked(model: type[models.Model], pk: Any) -> Any:
    return model._default_manager.select_for_update(of=("self",), no_key=True).get(pk=pk)


def _of_request(subject: Any, by: Staff, facts: Facts) -> Facts:
    kind = getattr(subject, "judged_as", subject._meta.label_lower)
    known = {"kind": kind, "role": by.role, "team": by.team_id}
    return Facts(**{**facts.as_json(), **known})


def _expires_at(
    content: dict[str, Any], at: dt.datetime, within: dt.timedelta | None
) -> dt.datetime | None:
    ends = [] if within is None else [at + within]
    policy = policy_rules.read(content)
    if policy.expires_hours is not None and policy.business_hours:
        ends.append(business_hours.after(at, policy.expires_hours, clock.zone()))
    elif policy.expires_hours is not None:
        ends.append(at + dt.timedelta(hours=policy.expires_hours))
    return min(ends, default=None)
