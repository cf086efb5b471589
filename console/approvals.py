"""Asking for somebody else's yes, and giving or refusing it."""

from typing import Any, Protocol

from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, roles, states
from console.models import Approval, Staff, Vote
from console.states import NotAllowed, Stale


class Approvable(Protocol):
    """What a record offers so that it can be approved; the approval calls it back."""

    pk: Any

    def digest(self) -> str:
        """SHA-256 over everything that the approver says yes to."""

    def on_approved(self, approval: Approval) -> None: ...

    def on_rejected(self, approval: Approval) -> None: ...


@transaction.atomic
def request(subject: Any, *, by: Staff, summary: dict[str, Any]) -> Approval:
    """Ask for an approval of the subject as it is now.

    Raises:
        NotAllowed: a decision about the same subject is pending already.
    """
    try:
        with transaction.atomic():
            approval = Approval.objects.create(
                subject_type=ContentType.objects.get_for_model(subject),
                subject_id=subject.pk,
                title=str(subject)[:200],
                digest=subject.digest(),
                summary=summary,
                requested_by=by,
            )
    except IntegrityError as twice:
        raise NotAllowed(_("A decision about this is pending already.")) from twice
    audit.log("approval.requested", approval, by=by, digest=approval.digest)
    return approval


def pending_for(subject: models.Model) -> Approval | None:
    """The approval of this record that waits for a decision, if there is one."""
    return latest_for(subject, status=Approval.Status.PENDING)


def latest_for(subject: models.Model, **where: Any) -> Approval | None:
    return Approval.objects.filter(
        subject_type=ContentType.objects.get_for_model(subject), subject_id=subject.pk, **where
    ).first()


@transaction.atomic
def approve(approval: Approval, *, by: Staff, comment: str = "") -> None:
    """Say yes; the subject is told in the same transaction.

    Raises:
        NotAllowed: the role, or the approver asked for it themselves.
        Stale: decided already, or the content changed since it was asked for.
    """
    subject = _decide(approval, by=by, decision=Vote.Decision.APPROVE, comment=comment)
    if subject.digest() != approval.digest:
        raise Stale(_("The content changed after approval was asked for; ask again."))
    states.move(approval, to=Approval.Status.APPROVED, decided_at=timezone.now())
    subject.on_approved(approval)


@transaction.atomic
def reject(approval: Approval, *, by: Staff, comment: str = "") -> None:
    """Say no, with a reason that the requester can act on.

    Raises:
        NotAllowed: the role, the requester, or no reason.
        Stale: decided already.
    """
    if not comment.strip():
        raise NotAllowed(_("Say why, so that the requester knows what to change."))
    subject = _decide(approval, by=by, decision=Vote.Decision.REJECT, comment=comment)
    states.move(approval, to=Approval.Status.REJECTED, decided_at=timezone.now())
    subject.on_rejected(approval)


@transaction.atomic
def withdraw(approval: Approval, *, by: Staff) -> None:
    """Take the asking back; the caller moves the subject."""
    states.move(approval, to=Approval.Status.WITHDRAWN, decided_at=timezone.now())


@transaction.atomic
def renew(subject: Any, *, was: str, because: str) -> int:
    """Let what was asked or answered about the subject hold for it as it is now.

    Only where it was asked for exactly what the subject was before a change that asks nobody's
    yes, such as an erasure that the law demands; how many approvals there were.
    """
    now, kept = subject.digest(), {Approval.Status.PENDING, Approval.Status.APPROVED}
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


def _decide(approval: Approval, *, by: Staff, decision: str, comment: str) -> Any:
    """Check the person, lock the subject's row, keep the vote."""
    roles.require(by, "approvals.decide")
    if by.pk == approval.requested_by_id:
        raise NotAllowed(_("Somebody else has to decide what you asked for."))
    if approval.status != Approval.Status.PENDING:
        raise Stale(_("This was decided already."))
    # Locked, so that an edit at the same moment waits and then sees the new status.
    model = approval.subject_type.model_class()
    assert model is not None
    subject = model._default_manager.select_for_update().get(pk=approval.subject_id)
    try:
        with transaction.atomic():
            Vote.objects.create(approval=approval, by=by, decision=decision, comment=comment)
    except IntegrityError as twice:
        raise Stale(_("You decided this already.")) from twice
    return subject
