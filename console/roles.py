"""Who may do what: one table of roles and actions, asked at the edges."""

from typing import Any

from django.utils.translation import gettext as _

from console.models import Staff
from console.states import NotAllowed

# Two letters each, so that the table below reads as a table.
OP, PR, MA, AN, SU, AD = (
    Staff.Role.OPERATOR,
    Staff.Role.PRODUCT,
    Staff.Role.MANAGER,
    Staff.Role.ANALYST,
    Staff.Role.SUPPORT,
    Staff.Role.ADMIN,
)
EVERYBODY: set[str] = {OP, PR, MA, AN, SU, AD}

TABLE: dict[str, set[str]] = {
    "customers.view": EVERYBODY,
    "customers.contact": {OP, SU, AD},  # names and addresses, not only numbers
    "customers.change": {SU, AD},
    "customers.merge": {SU, AD},
    "customers.import": {OP, AD},
    "customers.export": {OP, AN, AD},
    "privacy.view": {SU, AD},
    "privacy.request": {SU, AD},
    "privacy.carry_out": {AD},
    "events.view": EVERYBODY,
    "events.change": {PR, AN, AD},
    "definitions.change": {MA, AN, AD},
    "sources.view": {OP, PR, AN, AD},
    "sources.change": {PR, AD},
    "dead_letters.view": {PR, AN, AD},
    "dead_letters.settle": {PR, AD},
    "imports.view": {OP, AN, AD},
    "imports.run": {OP, AN, AD},
    "pipeline.run": {OP, AN, AD},
    "segments.view": EVERYBODY,
    "segments.change": {OP, PR, AN, AD},
    "tags.view": EVERYBODY,
    "tags.change": {OP, PR, AN, SU, AD},  # make them, give them and take them
    "lists.view": EVERYBODY,
    "lists.change": {OP, AN, AD},
    "stages.view": EVERYBODY,
    "stages.change": {OP, AN, AD},
    "traits.view": EVERYBODY,
    "traits.change": {OP, PR, AN, AD},
    "scorings.view": EVERYBODY,
    "scorings.change": {OP, AN, AD},
    "templates.view": {OP, PR, MA, SU, AD},
    "templates.change": {OP, AD},
    "phrases.change": {MA, AD},  # words that messages avoid
    "campaigns.view": EVERYBODY,
    "campaigns.change": {OP, AD},
    "campaigns.submit": {OP, AD},
    "campaigns.run": {OP, AD},  # start, pause, resume, cancel
    "campaigns.decide_stop": {MA, AD},  # what the console stopped: goes on, or ends
    "cases.view": EVERYBODY,
    "cases.change": {OP, PR, MA, AN, AD},  # file what was learnt of their team's campaigns
    "coupons.view": EVERYBODY,
    "coupons.change": {OP, AD},
    "coupons.give": {OP, SU, AD},  # to one customer by hand, and take it back
    "coupons.redeem": {OP, SU, AD},  # by hand; tills do it with a key
    "guards.view": EVERYBODY,
    "guards.change": {MA, AD},
    "playbooks.view": EVERYBODY,
    "playbooks.change": {OP, AD},
    "playbooks.run": {OP, AD},  # submit its plays, put it in force, pause and end it
    "messages.view": {OP, MA, SU, AD},
    "accounts.view": {OP, MA, AD},
    "accounts.change": {AD},  # with their secrets, and to try them
    "suppressions.view": {OP, MA, SU, AD},
    "suppressions.change": {OP, SU, AD},
    "policy.view": EVERYBODY,
    "policy.change": {MA, AD},  # caps, quiet hours and the holdout: for all campaigns at once
    "approvals.view": {OP, MA, AD},
    "approvals.decide": {MA, AD},  # what a policy or a deputy gives stays within this
    "policies.view": {OP, MA, AD},
    "policies.change": {AD},
    "budgets.view": {OP, PR, MA, AN, AD},
    "budgets.change": {MA, AD},  # make them, and set the rule that guards them
    "budgets.fund": {MA, AD},
    "budgets.spend": {OP, MA, AD},  # set aside, spend what others committed, and release
    "budgets.ask": {OP, MA, AD},  # for money from another budget, or more
    "allocation.view": {OP, PR, MA, AN, AD},
    "allocation.decide": {MA, AD},  # accept or dismiss a proposal to move money
    "work.view": EVERYBODY,
    "work.do": EVERYBODY,  # what is theirs, or their team's and nobody's
    "work.give": {MA, AD},
    "requests.view": EVERYBODY,  # those that concern them: `team_requests.seeing`
    "requests.ask": EVERYBODY,  # for their own team
    "requests.take": EVERYBODY,  # accept, promise, deliver: for their own team
    "requests.decide": {MA, AD},  # their team's capacity, beyond a quota, waive a dependency
    "meetings.view": EVERYBODY,  # each their part of the pack
    "meetings.hold": {MA, AD},  # record what was decided, and close the meeting
    "metrics.view": EVERYBODY,
    "comparisons.change": {OP, PR, AN, AD},
    "rules.change": {MA, AN, AD},  # what a period is held to, and when periods close
    "alerts.change": {OP, MA, AN, AD},  # acknowledge, snooze, and set what is watched
    "lifetime.change": {OP, AN, AD},  # the settings of lifetime value
    "metrics.change": {OP, MA, AN, AD},
    "spend.change": {OP, MA, AN, AD},  # what acquisition costs, and how channels are told
    "goals.change": {OP, MA, AN, AD},
    "health.change": {OP, MA, AN, AD},  # weights, thresholds and benchmarks
    "reviews.change": {OP, PR, MA, AN, AD},  # what people say of a month or a year
    "jobs.view": EVERYBODY,
    "mailbox.view": {OP, MA, SU, AD},
    "audit.view": {MA, AD},
    "staff.view": {AD},
    "staff.change": {AD},
    "project.view": {AD},
    "project.change": {AD},
}


def allows(staff: Any, action: str) -> bool:
    """Whether the role of this person, if signed in, has this action.

    Raises:
        KeyError: nobody wrote the action into the table, which is a mistake in the code.
    """
    roles = TABLE[action]
    return isinstance(staff, Staff) and staff.is_active and staff.role in roles


def may_change(staff: Any, record: Any, action: str) -> bool:
    """Whether somebody may change this one record: the role has the action, and the
    record belongs to their team or to nobody's. Administrators mend everywhere."""
    if not allows(staff, action):
        return False
    owner_team = getattr(record, "team_id", None)
    return staff.role == AD or owner_team is None or owner_team == staff.team_id


def require(staff: Any, action: str, *, record: Any = None) -> None:
    """Refuse in words when `may_change` says no.

    Raises:
        NotAllowed: the role does not have the action, or the record is another team's.
    """
    if not allows(staff, action):
        raise NotAllowed(_("Your role does not allow this."))
    if record is not None and not may_change(staff, record, action):
        raise NotAllowed(_("This belongs to another team."))
