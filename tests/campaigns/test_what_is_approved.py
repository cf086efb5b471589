"""What a yes is said to: each field that decides, behind whoever's back it is changed."""

import datetime as dt
from typing import Any

import pytest
from django.db import models
from pyroaring import BitMap

from campaigns import transitions
from campaigns.contact import policies
from campaigns.delivery.saying import Saying
from campaigns.models import (
    Audience,
    Campaign,
    ChannelAccount,
    CouponBatch,
    Quote,
    TemplateRevision,
    Wave,
)
from campaigns.offers import coupon_batches
from console import approvals, clock, tasks
from console.models import Approval, Project
from console.states import NotAllowed, Stale
from segments.models.fields import BitmapField
from tests.campaigns.factories import (
    CouponBatchFactory,
    TemplateFactory,
    alice,
    bob,
    campaign_at,
    people,
)
from tests.campaigns.journeys.steps import message, wait
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db
# How a record stands, whose it is, and what follows from fields that are decided. A field that is
# in no list decides, so a new one either voids a yes when it changes, or is written down here.
NOT_DECIDED: dict[type[models.Model], set[str]] = {
    Campaign: {
        *("id", "status", "owner", "team", "external_ref", "stopped_because", "paused_at"),
        *("closed_at", "created_at", "started_at", "finished_at", "is_demonstration"),
    },
    Audience: {"id", "campaign", "size", "no_room", "layers"},
    Quote: {"id", "campaign", "low_minor", "expected_minor", "returns", "made_at"},
    CouponBatch: {"id", "owner", "team", "created_at", "archived_at", "most_issued", "most_a_day"},
    TemplateRevision: {"id", "template", "number", "by", "at"},
}
# Where any other value would not do.
OTHERS: dict[str, Any] = {"words": {}, "coupons": [], "kind": "percent", "channel": "sms"}
OTHERS |= {"shared_code": "OTHERCODE", "markup": "mjml"}
BY_TYPE: list[tuple[tuple[type, ...], Any]] = [
    ((models.BooleanField,), lambda now: not now),
    ((models.DateTimeField,), lambda _now: dt.datetime(2019, 1, 1, tzinfo=dt.UTC)),
    ((models.DateField,), lambda _now: dt.date(2019, 1, 1)),
    ((models.IntegerField, models.FloatField, models.ForeignKey), lambda now: (now or 0) + 1),
    ((models.JSONField,), lambda _now: {"other": 1}),
    ((models.CharField, models.TextField), lambda _now: "other"),
    ((BitmapField,), lambda _now: BitMap([99])),
]


def decided(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    fields = [one for one in model._meta.concrete_fields if one.name not in NOT_DECIDED[model]]
    assert {one.name for one in model._meta.concrete_fields} >= NOT_DECIDED[model]
    return fields


def other(field: "models.Field[Any, Any]", now: Any) -> Any:
    """Another value of the field, as valid as nobody looks at it."""
    if field.name in OTHERS:
        return OTHERS[field.name]
    return next(make(now) for kinds, make in BY_TYPE if isinstance(field, kinds))


def approved() -> Campaign:
    """Two messages, a coupon that could be of any kind, and limits."""
    batch = CouponBatchFactory.create(
        percent=10, most_minor=100, gift="Tea", shared_code="OURCODE1", valid_minutes=30
    )
    second = TemplateFactory.create()
    return campaign_at(
        "approved",
        people(3),
        plan=[message("first", coupon=batch.pk), wait(), message("second", second)],
    )


def fresh(campaign: Campaign) -> Campaign:
    return Campaign.objects.get(pk=campaign.pk)


def test_each_field_that_decides_is_in_what_was_approved() -> None:
    campaign = approved()
    before = campaign.digest()
    assert approvals.require_live(campaign).digest == before
    for field in decided(Campaign):
        changed = fresh(campaign)
        setattr(changed, field.attname, other(field, getattr(changed, field.attname)))
        assert changed.digest() != before, field.name
    for field in decided(Audience):
        changed = fresh(campaign)
        setattr(
            changed.audience, field.attname, other(field, getattr(changed.audience, field.attname))
        )
        assert changed.digest() != before, field.name


@pytest.mark.parametrize("model", [Quote, CouponBatch, TemplateRevision])
def test_so_is_each_field_of_its_price_its_coupons_and_its_words(model: Any) -> None:
    campaign = approved()
    before = campaign.digest()
    for row in model.objects.order_by("pk"):
        for field in decided(model):
            now = getattr(row, field.attname)
            rows = model.objects.filter(pk=row.pk)
            rows.update(**{field.attname: other(field, now)})
            assert fresh(campaign).digest() != before, field.name
            rows.update(**{field.attname: now})
            assert fresh(campaign).digest() == before, field.name


def test_what_changed_does_not_start_and_is_void_within_the_minute() -> None:
    owner = bob()
    campaign = campaign_at("approved", by=owner)
    Campaign.objects.update(priority=99)
    with pytest.raises(Stale):
        transitions.start(fresh(campaign), by=owner, at=clock.now())
    assert not Wave.objects.exists()
    tasks.look_after_approvals()
    assert (fresh(campaign).status, Approval.objects.get().status) == ("draft", "void")
    tasks.look_after_approvals()
    assert Approval.objects.get().status == "void"


@pytest.mark.parametrize("status", ["submitted", "approved"])
def test_another_contact_policy_asks_for_another_yes(status: str) -> None:
    owner = bob()
    campaign = campaign_at(status, by=owner)
    policies.change({}, based_on=0, note="fewer", by=alice(), at=clock.now())
    approve = lambda: approvals.approve(Approval.objects.get(), by=alice())  # noqa: E731
    start = lambda: transitions.start(campaign, by=owner, at=clock.now())  # noqa: E731
    go_on = approve if status == "submitted" else start
    with pytest.raises(Stale, match="contact policy"):
        go_on()
    tasks.look_after_approvals()
    assert (fresh(campaign).status, Approval.objects.get().status) == ("draft", "void")


def rename(what: str) -> None:
    if what == "project":
        Project.objects.update(name="Another shop")
    else:
        given = {"sender": "Another shop <new@shop.example>"}
        values = {"kind": "smtp", "channel": "email", "token": "a", "given": given}
        ChannelAccount.objects.update_or_create(
            is_default=True, defaults={"name": "Mail", **values}
        )


@pytest.mark.parametrize("what", ["project", "account"])
@pytest.mark.parametrize("status", ["submitted", "approved"])
def test_another_sender_asks_for_another_yes(status: str, what: str) -> None:
    owner = bob()
    campaign = campaign_at(status, by=owner)
    rename(what)
    approve = lambda: approvals.approve(Approval.objects.get(), by=alice())  # noqa: E731
    start = lambda: transitions.start(campaign, by=owner, at=clock.now())  # noqa: E731
    go_on = approve if status == "submitted" else start
    with pytest.raises(Stale, match="sender"):
        go_on()
    tasks.look_after_approvals()
    assert (fresh(campaign).status, Approval.objects.get().status) == ("draft", "void")


def test_what_is_under_way_goes_on_under_the_names_that_were_approved() -> None:
    rename("account")
    ChannelAccount.objects.update(given={"sender": "Our “shop” <old@shop.example>"})
    Project.objects.update(name="Our shop")
    campaign = campaign_at("sending", people(1))
    rename("project")
    rename("account")
    wave = Wave.objects.get()
    said = Saying(fresh(campaign), wave, sender="Another shop <new@shop.example>")
    assert said.sender == '"Our “shop”" <new@shop.example>', "mail servers know the new address"
    assert {letter.sender for letter in said.letters.values()} == {"Our shop"}
    approvals.require_live(fresh(campaign))


def test_what_was_approved_and_taken_back_is_no_yes_any_more() -> None:
    owner = bob()
    campaign = campaign_at("approved", by=owner)
    transitions.withdraw(campaign, by=owner)
    assert Approval.objects.get().status == "void"
    with pytest.raises(NotAllowed):
        approvals.require_live(campaign)


def test_who_made_its_coupon_does_not_approve_it() -> None:
    admin = StaffFactory.create(role="admin")
    batch = coupon_batches.add(
        by=admin, name="Ten off", kind="value", value_minor=1_000, valid_minutes=60
    )
    words = TemplateFactory.create()
    campaign = campaign_at("submitted", plan=[message("hello", words, coupon=batch.pk)])
    asked = approvals.pending_for(campaign)
    assert asked
    with pytest.raises(NotAllowed, match="had a hand"):
        approvals.approve(asked, by=admin)
    approvals.approve(asked, by=alice())
