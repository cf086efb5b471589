"""Whose yes is needed: the policy for a request, who may vote at a step, and deputies."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import audit, kept_words, once, policy_rules, roles
from console.models import Approval, ApprovalPolicy, Deputy, PolicyVersion, Staff, Team
from console.models.approval_policy import UNTRIED
from console.policy_rules import Facts, Policy, Step, When
from console.states import NotAllowed, Stale

MISTAKES = {
    "steps": gettext_lazy("A policy has one to five steps."),
    "step": gettext_lazy(
        "A step names roles, colleagues or the lead, and wants no more of them than there are."
    ),
    "range": gettext_lazy("A range ends above where it begins."),
    "precedent": gettext_lazy("A precedent is there or not."),
    "hours": gettext_lazy("Write 1 to 2400 hours, or nothing."),
}
# Conditions of which the facts may be unknown before somebody asks.
KNOWN_BY = {
    "amount": "amount_minor",
    "audience": "audience",
    "discount": "discount_share",
    "precedent": "has_precedent",
}
UNTRIED_QUORUM = 2
UNTRIED_LOCK = 0x0277  # the advisory lock of who writes that policy
VIEW, CHANGE, DECIDE = "policies.view", "policies.change", "approvals.decide"


# --- which --------------------------------------------------------------------


def match(facts: Facts) -> PolicyVersion | None:
    """The version in force of the first active policy that is for these facts, by rank."""
    for version in in_force():
        if not policy_rules.read(version.content).when.misses(facts):
            return version
    return None


def possible(facts: Facts) -> list[Policy]:
    """Those that a request may come to, in their order, while some facts are not known yet."""
    told = facts.as_json()
    unknown = {name for name, fact in KNOWN_BY.items() if told[fact] is None}
    found = []
    for version in in_force():
        policy = policy_rules.read(version.content)
        missed = {*policy.when.misses(facts)}
        if missed <= unknown:
            found.append(policy)
        if not missed:
            break
    return found


def in_force(*, active: bool = True) -> list[PolicyVersion]:
    """The newest version of each policy, in the order in which they are asked."""
    versions = Prefetch("versions", PolicyVersion.objects.order_by("-number"))
    found = ApprovalPolicy.objects.prefetch_related(versions)
    if active:
        found = found.filter(is_active=True)
    newest = [(policy, policy.versions.all()[:1]) for policy in found]
    return [version for _policy, versions in newest for version in versions]


# --- writing them -------------------------------------------------------------


@transaction.atomic
def keep(
    policy: ApprovalPolicy | None,
    content: Policy,
    *,
    name: str,
    rank: int,
    because: str,
    by: Staff,
    seen: int = 0,
) -> PolicyVersion:
    """A new policy, or another version of one; what was asked under the old one goes on by it.

    Raises:
        NotAllowed: the role, no name or reason, steps or ranges that make no sense.
        Stale: somebody else changed it since version `seen`.
    """
    roles.require(by, CHANGE)
    if not name.strip() or not because.strip():
        raise NotAllowed(_("Give the policy a name, and say why it is wanted."))
    for mistake in policy_rules.mistakes(content):
        raise NotAllowed(str(MISTAKES[mistake]))
    policy = policy or ApprovalPolicy(name=name)
    if policy.pk:
        ApprovalPolicy.objects.select_for_update().get(pk=policy.pk)
    newest = policy.versions.order_by("-number").first() if policy.pk else None
    if newest is not None and newest.number != seen:
        raise Stale(_("Somebody else changed the policy; load the page again."))
    policy.name, policy.rank = name.strip(), rank
    policy.save()
    version = PolicyVersion.objects.create(
        policy=policy,
        number=seen + 1,
        content=content.as_json(),
        because=because.strip(),
        by=by,
    )
    audit.log("policy.kept", policy, by=by, version=version.number, because=because)
    return version


@transaction.atomic
def switch(policy: ApprovalPolicy, *, on: bool, by: Staff) -> None:
    """Ask it from now on, or no more. With none that matches, the answer is no."""
    roles.require(by, CHANGE)
    changed = ApprovalPolicy.objects.filter(pk=policy.pk, is_active=not on).update(is_active=on)
    if not changed:
        raise Stale(_("Somebody else has changed this policy already."))
    audit.log("policy.switched", policy, by=by, on=on)


def lets_untried_pass(staff: Any) -> bool:
    """Whether this person could ask for more than the usual where there is no precedent."""
    found = (policy_rules.read(one.content).when for one in in_force())
    return roles.allows(staff, CHANGE) and not any(one.precedent == "without" for one in found)


@transaction.atomic
def ask_twice_for_untried(*, by: Staff) -> PolicyVersion:
    """What nobody has tried before wants two yeses, before any other policy is asked.

    Raises:
        NotAllowed: the role, it is asked for already, or there are no two people to decide.
    """
    roles.require(by, CHANGE)
    _take_turns()
    if not lets_untried_pass(by):
        raise NotAllowed(_("A policy asks for it already."))
    if not _enough_decide():
        raise NotAllowed(_("Two people have to be there whose roles may decide."))
    who = sorted(roles.TABLE[DECIDE], reverse=True)
    content = Policy(
        when=When(precedent="without"), steps=[Step("role", roles=who, quorum=UNTRIED_QUORUM)]
    )
    because = kept_words.name(
        lambda: _("No past campaign tells what to expect, so a second person looks at it."), 300
    )
    known = ApprovalPolicy.objects.filter(name=UNTRIED).first()
    seen = known.versions.count() if known else 0
    if known is not None and not known.is_active:
        switch(known, on=True, by=by)
    return keep(known, content, name=UNTRIED, rank=1, because=because, by=by, seen=seen)


@transaction.atomic
def now_that_two_decide(*, by: Staff) -> PolicyVersion | None:
    """The same by itself, once: as soon as there are two who may. Who then switches it off, or has
    a policy of their own for it, is not asked again."""
    _take_turns()
    is_known = ApprovalPolicy.objects.filter(name=UNTRIED).exists()
    if is_known or not lets_untried_pass(by) or not _enough_decide():
        return None
    return ask_twice_for_untried(by=by)


def _take_turns() -> None:
    """Two administrators at the same moment write one policy; a lock, for there is no row yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [UNTRIED_LOCK])


def _enough_decide() -> bool:
    deciders = Staff.objects.filter(is_active=True, role__in=roles.TABLE[DECIDE])
    return deciders.count() >= UNTRIED_QUORUM


# --- who ----------------------------------------------------------------------


def stands_for(
    approval: Approval,
    staff: Staff,
    *,
    barred: Collection[int],
    day: dt.date,
    deputies: Sequence[Deputy] | None = None,
) -> Staff | None:
    """Whose vote this person could give at the step that waits; None: nobody's.

    Their own, or that of somebody who is away and named them. Neither may have asked for it or
    had a hand in it, and neither gets beyond what their role allows.
    """
    step = step_of(approval)
    if step is None or not _may(staff, barred):
        return None
    if _is_named(step, staff, approval):
        return staff
    if deputies is None:
        deputies = list(Deputy.objects.filter(to=staff).select_related("of"))
    voted = _stood_for(approval)
    for deputy in deputies:
        if deputy.to_id != staff.pk or not deputy.holds(day) or deputy.of_id in voted:
            continue
        if _may(deputy.of, barred) and _is_named(step, deputy.of, approval):
            return deputy.of
    return None


def voters(approval: Approval, *, barred: Collection[int], day: dt.date) -> list[Staff]:
    """All who could vote at the step that waits, and have not."""
    deputies = list(Deputy.objects.filter(until__gte=day).select_related("of"))
    voted = {vote.by_id for vote in approval.votes.all()} | _stood_for(approval)
    everybody = Staff.objects.filter(is_active=True, role__in=roles.TABLE[DECIDE])
    return [
        one
        for one in everybody.select_related("team").order_by("username")
        if one.pk not in voted
        and stands_for(approval, one, barred=barred, day=day, deputies=deputies)
    ]


def _stood_for(approval: Approval) -> set[int | None]:
    return {vote.stands_for_id for vote in approval.votes.all()}


def step_of(approval: Approval) -> Step | None:
    """The step that waits; None: the policy has none, so nobody may say yes."""
    steps = policy_rules.read(approval.policy).steps
    return steps[approval.step] if approval.step < len(steps) else None


def _may(staff: Staff, barred: Collection[int]) -> bool:
    return staff.pk not in barred and roles.allows(staff, DECIDE)


def _is_named(step: Step, staff: Staff, approval: Approval) -> bool:
    if step.who == "role":
        return staff.role in step.roles
    if step.who == "staff":
        return staff.pk in step.staff
    team = approval.facts.get("team")
    return team is not None and _lead_of(team) == staff.pk


@once.a_page_asks
def _lead_of(team: int) -> int | None:
    return Team.objects.filter(pk=team).values_list("lead", flat=True).first()


# --- deputies -----------------------------------------------------------------


@transaction.atomic
def name_deputy(
    *, by: Staff, to: Staff, since: dt.date, until: dt.date, because: str = ""
) -> Deputy:
    """Somebody votes in one's place for some days; everybody names only their own deputy.

    Raises:
        NotAllowed: one of the two may not decide at all, or the days make no sense.
    """
    roles.require(by, DECIDE)
    if to.pk == by.pk or not roles.allows(to, DECIDE):
        raise NotAllowed(_("Name a colleague whose role may decide."))
    if until < since:
        raise NotAllowed(_("The period ends before it begins."))
    deputy = Deputy.objects.create(of=by, to=to, since=since, until=until, because=because.strip())
    audit.log("deputy.named", deputy, by=by, to=to.username, since=since, until=until)
    return deputy


@transaction.atomic
def end_deputy(deputy: Deputy, *, by: Staff) -> None:
    """Before its time, by either of the two."""
    if by.pk not in {deputy.of_id, deputy.to_id}:
        raise NotAllowed(_("Only the two of them end it."))
    now = timezone.now()
    if not Deputy.objects.filter(pk=deputy.pk, ended_at=None).update(ended_at=now):
        raise Stale(_("This deputy's time has ended already."))
    audit.log("deputy.ended", deputy, by=by)
