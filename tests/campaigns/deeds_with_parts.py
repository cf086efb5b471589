"""Deeds of people with what campaigns are made of, and with money."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from campaigns import guards
from campaigns.contact import holdouts, holds
from campaigns.contact import policies as contact
from campaigns.models import (
    Campaign,
    Case,
    ChannelAccount,
    CouponBatch,
    Guard,
    MessageTemplate,
    Phrase,
)
from campaigns.offers import coupon_batches, coupons
from campaigns.outcomes import cases
from campaigns.providers import accounts
from campaigns.words import phrases, templates
from console import budgets, clock, outlays, policies, transfers
from console.models import Staff, Transfer
from console.policy_rules import Policy
from metrics import allocation
from metrics.models import Proposal
from tests.campaigns.deeds import Deed, anybody
from tests.campaigns.factories import (
    AT,
    CouponBatchFactory,
    people,
    segment_of,
)
from tests.campaigns.outcomes.test_cases import SAID, over
from tests.console.spine import DAY, ONE_YES, asked, budget, policy, somebody, thing
from tests.factories import TeamFactory

EVIDENCE = {"rows": [], "found_at": "2018-01-15T09:00:00Z"}


# --- what campaigns are made of ---------------------------------------------------


def guard() -> Guard:
    said: dict[str, Any] = {
        "offer": Campaign.Offer.DISCOUNT,
        "segment": segment_of(people(1)),
        "why": "x",
    }
    return guards.save(None, name="Guard", by=somebody("admin"), **said)


def batch() -> CouponBatch:
    made: CouponBatch = CouponBatchFactory.create()
    return made


def words() -> MessageTemplate:
    return templates.add(name="Hi", subject="Hi", body="<p>Hi</p>", by=somebody("operator"))


def phrase() -> Phrase:
    return phrases.add(by=somebody("admin"), text="best ever")


def case() -> Case:
    by = somebody("operator")
    return cases.file(over(by), by=by, on=DAY, **SAID)


def account() -> ChannelAccount:
    given = {"url": "http://127.0.0.1:9/"}
    return accounts.add("webhook", by=somebody("admin"), name="Hook", given=given)


TEN = {"value_minor": 1_000, "valid_minutes": 60}
ROBOT: dict[str, Any] = {"name": "Hook", "given": {"url": "http://127.0.0.1:9/x"}}
CAPS = {"caps": [{"most": 3, "window": "week"}]}
PARTS = {
    "guards.save": anybody(guards.ACTION, guard, lambda one, by: guards.save(one, by=by, why="y")),
    "guards.archive": anybody(guards.ACTION, guard, lambda one, by: guards.archive(one, by=by)),
    "guards.install": Deed(
        guards.ACTION,
        list,
        lambda _n, by: guards.install(by=by),
        of_a_team=False,
        also="segments.change",
    ),
    "coupon_batches.add": anybody(
        coupon_batches.ACTION, list, lambda _n, by: coupon_batches.add(by=by, name="Ten", **TEN)
    ),
    "coupon_batches.edit": Deed(
        coupon_batches.ACTION, batch, lambda one, by: coupon_batches.edit(one, by=by, name="Other")
    ),
    "coupon_batches.archive": Deed(
        coupon_batches.ACTION, batch, lambda one, by: coupon_batches.archive(one, by=by)
    ),
    "coupons.give": anybody(
        coupons.GIVE,
        lambda: (batch(), people(1)[0]),
        lambda one, by: coupons.give(one[0], one[1].pk, because="Sorry", by=by, at=clock.now()),
    ),
    "coupons.revoke": anybody(
        coupons.GIVE,
        lambda: coupons.give(
            batch(), people(1)[0].pk, because="x", by=somebody("admin"), at=clock.now()
        ),
        lambda one, by: coupons.revoke(one, because="Twice", by=by),
    ),
    "templates.add": anybody(
        templates.ACTION, list, lambda _n, by: templates.add(name="A", subject="A", body="A", by=by)
    ),
    "templates.edit": Deed(
        templates.ACTION,
        words,
        lambda one, by: templates.edit(one, by=by, seen_revision=1, subject="B"),
    ),
    "templates.archive": Deed(
        templates.ACTION, words, lambda one, by: templates.archive(one, by=by)
    ),
    "phrases.add": anybody(phrases.ACTION, list, lambda _n, by: phrases.add(by=by, text="free")),
    "phrases.edit": anybody(
        phrases.ACTION, phrase, lambda one, by: phrases.edit(one, by=by, instead="y")
    ),
    "phrases.drop": anybody(phrases.ACTION, phrase, lambda one, by: phrases.drop(one, by=by)),
    "cases.file": Deed(
        cases.ACTION,
        lambda: over(somebody("operator")),
        lambda one, by: cases.file(one, by=by, on=DAY, **SAID),
    ),
    "cases.edit": Deed(
        cases.ACTION,
        case,
        lambda one, by: cases.edit(one, by=by, seen=1, **SAID | {"title": "Other"}),
    ),
    "cases.archive": Deed(cases.ACTION, case, lambda one, by: cases.archive(one, by=by)),
    "accounts.add": anybody(
        accounts.ACTION, list, lambda _n, by: accounts.add("webhook", by=by, **ROBOT)
    ),
    "accounts.change": anybody(
        accounts.ACTION,
        account,
        lambda one, by: accounts.change(one, by=by, tariff=Decimal(0), per_minute=60, **ROBOT),
    ),
    "accounts.use": anybody(
        accounts.ACTION, account, lambda one, by: accounts.use(one, is_enabled=False, by=by)
    ),
    "accounts.make_default": anybody(
        accounts.ACTION, account, lambda one, by: accounts.make_default(one, by=by)
    ),
    "contact.change": anybody(
        "policy.change",
        list,
        lambda _n, by: contact.change(CAPS, based_on=0, note="x", by=by, at=AT),
    ),
    "holdouts.set_share": anybody(
        "policy.change", list, lambda _n, by: holdouts.set_share(500, by=by, at=AT)
    ),
    "holds.leave_alone": anybody(
        holds.ACTION,
        lambda: people(1)[0],
        lambda one, by: holds.leave_alone(one, days=3, note="x", by=by, at=AT),
    ),
    "holds.lift": anybody(
        holds.ACTION,
        lambda: holds.leave_alone(people(1)[0], days=3, note="x", by=somebody("admin"), at=AT),
        lambda one, by: holds.lift(one, by=by, at=AT),
    ),
}


# --- money ------------------------------------------------------------------------


def moved(name: str, **more: Any) -> Callable[[Any, Staff], Any]:
    return lambda one, by: getattr(budgets, name)(one, 5, key="k", on=DAY, by=by, **more)


def set_aside() -> Any:
    one = budget(1000)
    budgets.reserve(one, 10, subject=thing(), key="r", on=DAY)
    return one


def archived() -> Any:
    one = budget(1000)
    budgets.archive(one, by=somebody("admin"))
    return one


def transfer() -> Transfer:
    return Transfer.objects.get(pk=asked().subject_id)


def proposal() -> Proposal:
    said = {"source": "a", "source_name": "A", "target": "b", "target_name": "B"}
    gain = {"gain_minor": 5, "gain_low_minor": 1, "gain_high_minor": 9, "sure": 0.97}
    return Proposal.objects.create(dimension="channel", amount_minor=5, made_at=AT, **said, **gain)


IN_JANUARY: dict[str, Any] = {"since": DAY, "until": DAY}
RULE: dict[str, Any] = {"over": "ask", "warn_share": 0.1, "because": "x", "seen": 1}
MONEY = {
    "budgets.make": Deed(
        budgets.CHANGE,
        TeamFactory.create,
        lambda one, by: budgets.make(name="B", team=one, by=by, **IN_JANUARY),
    ),
    "budgets.edit": Deed(
        budgets.CHANGE,
        lambda: budget(5),
        lambda one, by: budgets.edit(
            one, by=by, name="B", purpose="", since=one.since, until=one.until
        ),
    ),
    "budgets.set_rule": Deed(
        budgets.CHANGE,
        lambda: budget(5),
        lambda one, by: budgets.set_rule(
            one, by=by, over="ask", warn_share=0.1, because="x", seen=1
        ),
    ),
    "budgets.archive": Deed(
        budgets.CHANGE, lambda: budget(5), lambda one, by: budgets.archive(one, by=by)
    ),
    "budgets.restore": Deed(budgets.CHANGE, archived, lambda one, by: budgets.restore(one, by=by)),
    "budgets.fund": Deed(budgets.FUND, lambda: budget(5), moved("fund")),
    "budgets.reduce": Deed(budgets.FUND, lambda: budget(5), moved("reduce", because="x")),
    "outlays.ask": Deed(
        budgets.SPEND,
        set_aside,
        lambda one, by: outlays.ask(
            one, 5, subject=thing(), because="x", evidence=EVIDENCE, key="k", on=DAY, by=by
        ),
    ),
    "outlays.release": Deed(
        budgets.SPEND,
        set_aside,
        lambda one, by: outlays.release(one, subject=thing(), key="k", on=DAY, by=by),
    ),
    "transfers.ask": Deed(
        budgets.ASK,
        lambda: (budget(name="To"), budget(1000, name="From")),
        lambda one, by: transfers.ask(
            one[0], 5, source=one[1], because="x", evidence=EVIDENCE, key="k", on=DAY, by=by
        ),
    ),
    "transfers.refuse": Deed(
        budgets.CHANGE, transfer, lambda one, by: transfers.refuse(one, because="No", by=by)
    ),
    "allocation.dismiss": anybody(
        allocation.DECIDE,
        proposal,
        lambda one, by: allocation.dismiss(one, by=by, because="No", at=AT),
    ),
    "allocation.accept": anybody(
        allocation.DECIDE,
        proposal,
        lambda one, by: allocation.accept(one, by=by, because="Yes", on=DAY, at=AT),
    ),
    "policies.keep": anybody(
        policies.CHANGE,
        list,
        lambda _n, by: policies.keep(
            None, Policy(steps=[ONE_YES]), name="P", rank=5, because="x", by=by
        ),
    ),
    "policies.switch": anybody(
        policies.CHANGE,
        lambda: policy(ONE_YES).policy,
        lambda one, by: policies.switch(one, on=False, by=by),
    ),
    "policies.ask_twice_for_untried": anybody(
        policies.CHANGE,
        lambda: [somebody("manager"), somebody("manager")],
        lambda _n, by: policies.ask_twice_for_untried(by=by),
    ),
    "policies.name_deputy": anybody(
        policies.DECIDE,
        lambda: somebody("manager"),
        lambda one, by: policies.name_deputy(by=by, to=one, since=DAY, until=DAY),
    ),
}
