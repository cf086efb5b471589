"""A campaign's plan as it stands: read with what there is, said in words, and put beside others."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from campaigns.contact import policies
from campaigns.models import Campaign, ChannelAccount, CouponBatch, MessageTemplate
from campaigns.models.account import own_of_channels
from campaigns.plans import moments, tree, triggers, words
from campaigns.plans.known import Known, Named
from campaigns.plans.nodes import Message, Plan, PlanError
from console import kept_words, once
from console.models import Staff, Team
from segments import vocabulary


@once.a_page_asks
def known() -> Known:
    """What a plan may speak about now, in the active language."""
    by_name = kept_words.by_name("name")
    templates = MessageTemplate.objects.filter(archived_at=None).order_by(by_name)
    batches = CouponBatch.objects.filter(archived_at=None).order_by(by_name)
    return Known(
        templates={one.pk: Named(one.name, channel_of(one)) for one in templates.defer("body")},
        channels=channels(),
        coupons=dict(batches.values_list("pk", "name")),
        staff={one.pk: str(one) for one in Staff.objects.filter(is_active=True)},
        teams=dict(Team.objects.values_list("pk", "name")),
        rules=vocabulary.current(),
        said=kept_words.said,
        lower=policies.lower(),
    )


def channels() -> dict[str, str]:
    """Ways in which messages go out from here, and what they are called.

    Mail always can; every other channel needs an account.
    """
    names = {"email", *(one.channel for one in own_of_channels())}
    return {one.value: str(one.label) for one in ChannelAccount.Channel if one.value in names}


def step_names(campaign: Campaign) -> dict[str, str]:
    """What people call its steps, by their keys; none where the plan is not understood."""
    try:
        return words.names(of(campaign), known(), _)
    except PlanError:
        return {}


def channel_of(template: MessageTemplate) -> str:
    """Through which channel a template goes."""
    return str(getattr(template, "channel", "email"))


def read(campaign: Campaign) -> Plan:
    """The plan of a draft or of what is to be submitted.

    Raises:
        PlanError: it speaks of what does not exist (any more), or is no plan.
    """
    if not campaign.plan:
        return of(campaign)
    return tree.parse(campaign.plan, known())


def of(campaign: Campaign) -> Plan:
    """The plan of a campaign that was approved, whatever was put away since."""
    if not campaign.plan:
        template = campaign.template
        channel = channel_of(template) if template else "email"
        return tree.single(campaign.template_id, channel)
    return tree.parse(campaign.plan, ANYTHING)


def message(campaign: Campaign, step: str) -> Message:
    """One of its messages, by the step's key."""
    found = of(campaign).by_key[step]
    assert isinstance(found, Message)
    return found


def problems(
    *,
    entry: str,
    segment: Any,
    template: Any,
    plan: Any,
    timetable: Any,
    trigger: Any,
    most_a_day: int | None,
    most_in_all: int | None,
) -> Iterator[tuple[str, str]]:
    """What could never be submitted: the field, and why in words."""
    event = Campaign.Entry.EVENT
    for name, most in (("most_a_day", most_a_day), ("most_in_all", most_in_all)):
        if most is not None and entry == Campaign.Entry.ONCE:
            yield name, _("Its audience is frozen; only of one that lasts can this be limited.")
    if segment is None and entry != event:
        yield "segment", _("Choose a segment first.")
    if template is None and not plan:
        yield "template", _("Choose a template first.")
    now = known()
    asked: list[tuple[str, bool, Callable[[], object]]] = [
        ("plan", bool(plan), lambda: tree.parse(plan, now)),
        ("timetable", entry == Campaign.Entry.RECURRING, lambda: moments.read(timetable)),
        ("trigger", entry == event, lambda: triggers.read(trigger, now.rules)),
    ]
    for field, is_meant, read_it in asked:
        try:
            if is_meant:
                read_it()
        except PlanError as problem:
            yield field, problem.said(_)


def lines(campaign: Campaign) -> list[str]:
    """The plan as text, a line a step; for those who decide about it."""
    now = known()
    return [
        "    " * line.depth + line.words for line in words.lines(of(campaign), now, translate=_)
    ]


class _Any(Mapping[Any, Any]):
    """Everything there could be."""

    def __getitem__(self, key: Any) -> str:
        return ""

    def __contains__(self, key: object) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0


_ANY = _Any()
ANYTHING = Known(channels=_ANY, coupons=_ANY, staff=_ANY, teams=_ANY, is_open=True)
