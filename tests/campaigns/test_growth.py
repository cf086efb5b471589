"""The growth programme: levels, badges that ship, what is rewarded, and what an app shows."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from campaigns.growth import badges, programme, standing
from campaigns.models import Campaign
from campaigns.offers import coupons
from campaigns.providers import accounts
from campaigns.public.in_app import signature
from console import clock
from console.states import NotAllowed
from segments import arrays, collection, membership, sheet, tags, traits, valuing
from segments.models import Customer, Identifier, ScoringRun, Tag, TierFlow
from segments.scorings import VALUE
from segments.sheet import Fresh
from tests.campaigns.factories import CampaignFactory, CouponBatchFactory, bob, people
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/campaigns/playbook/growth/"


def score(who: list[Customer], orders: list[int], *, day: dt.date | None = None) -> None:
    """Everybody by their orders; the value score follows."""
    day = day or clock.today()
    ids = np.array([one.pk for one in who])
    streaks = np.where(np.array(orders) > 5, 30, 0)
    values: dict[str, Any] = {
        "orders": np.array(orders, np.int32),
        "average_order_minor": np.array(orders, np.int64) * 100,
        "active_streak_days": streaks.astype(np.int32),
        "shares": np.zeros(len(ids), np.int32),
        "invites": np.zeros(len(ids), np.int32),
        "content_made": np.zeros(len(ids), np.int32),
    }
    sheet.write({key: Fresh(arrays.spread(ids, one)) for key, one in values.items()}, day=day)
    valuing.run(VALUE, day)


@pytest.fixture
def ten() -> list[Customer]:
    traits.install()
    who = people(10)
    score(who, [*range(1, 11)])
    return who


def for_level(level: str, **fields: Any) -> Campaign:
    rule = {"trait": "value_tier", "op": "=", "value": level}
    segment = collection.add(name=f"On {level} {fields}"[:60], rule=rule, by=StaffFactory())
    batch = CouponBatchFactory()
    plan = [{"key": "a", "kind": "message", "channel": "email", "template": 1, "coupon": batch.pk}]
    return CampaignFactory(segment=segment, plan=plan, **fields)


def test_levels_say_who_is_there_from_how_many_points_and_what_they_bring(
    ten: list[Customer],
) -> None:
    gold = for_level("high", status="sending", name="For the best")
    for_level("high", status="draft", name="Not yet")
    found = programme.programme(clock.today())
    assert [(one.tier.pk, one.size) for one in found.levels] == [
        ("high", 2),
        ("middle", 3),
        ("ordinary", 5),
    ]
    least = [one.least for one in found.levels]
    assert least == sorted(least, reverse=True)
    assert [one.perks for one in found.levels] == [[gold], [], []]
    assert found.rewards == {"tasks": [], "social": [], "perks": [gold]}


def test_who_came_up_is_counted_and_who_is_scored_first_moved_nowhere(ten: list[Customer]) -> None:
    before = clock.today() - dt.timedelta(days=3)
    assert not any(one.came_up for one in programme.programme(clock.today()).levels)
    TierFlow.objects.update(on=before)
    ScoringRun.objects.update(day=before)
    score(ten, [*range(10, 0, -1)])
    levels = programme.programme(clock.today()).levels
    assert [one.size for one in levels] == [2, 3, 5]
    assert [(one.came_up, one.fell_in) for one in levels] == [(2, 0), (3, 0), (0, 5)]


def test_the_badges_that_ship_are_given_at_once_and_made_once(ten: list[Customer]) -> None:
    made = badges.take(by=bob())
    sizes = {str(one): one.size for one in made}
    assert sizes == {
        "First order": 10,
        "Seven days in a row": 5,
        "Thirty days in a row": 5,
        "Shares what is good": 0,
        "Creator": 0,
    }
    assert all(one.is_badge and one.segment and not one.is_lost for one in made)
    with translation.override("zh-hans"):
        assert badges.take(by=bob()) == []
        assert str(Tag.objects.get(pk=made[0].pk)) == "首单达成"
    found = programme.programme(clock.today())
    kinds = {kind: {str(one) for one in some} for kind, some in found.rewards.items()}
    assert kinds["social"] == {"Shares what is good", "Creator"}
    assert kinds["tasks"] == {"First order", "Seven days in a row", "Thirty days in a row"}
    assert kinds["perks"] == set()
    assert found.badges[0].tag.name == "First order"
    assert found.badges[0].lately == 10
    with pytest.raises(NotAllowed):
        badges.take(by=StaffFactory(role="manager"))


def test_who_has_reached_everything_is_told(ten: list[Customer]) -> None:
    tag = tags.add(name="Everybody's", by=bob(), is_badge=True)
    assert programme.programme(clock.today()).at_the_end == 0
    tags.give(tag, membership.everyone(), by=bob(), at=clock.now())
    assert programme.programme(clock.today()).at_the_end == 2


def test_who_is_at_the_end_without_any_badge_is_not_said_to_have_every_one(
    ten: list[Customer], client: Client
) -> None:
    client.force_login(StaffFactory.create(role="operator"))
    html = client.get(PAGE, headers={"accept-language": "en"}).content.decode()
    assert "and there is no badge" in html
    assert "have every badge" not in html


def test_one_customer_sees_level_way_badges_and_perks(ten: list[Customer]) -> None:
    badges.take(by=bob())
    best, other = ten[-1], ten[4]
    coupon = coupons.give(
        CouponBatchFactory(),
        other.pk,
        because="birthday",
        by=StaffFactory(role="support"),
        at=clock.now(),
    )
    found = standing.standing([other.pk], at=clock.now())
    assert (found.next_level != "", found.missing > 0) == (True, True)
    assert [one.name for one in found.badges] == ["First order"]
    assert [one.pk for one in found.perks] == [coupon.pk]
    top = standing.standing([best.pk], at=clock.now())
    assert (top.next_level, top.missing, top.perks) == ("", 0, [])
    assert top.points is not None
    assert found.points is not None
    assert top.points > found.points
    assert top.ahead_of is not None
    assert found.ahead_of is not None
    assert 0 <= found.ahead_of < top.ahead_of < 1
    later = clock.now() + dt.timedelta(days=4_000)
    assert standing.standing([other.pk], at=later).perks == []


def test_the_app_asks_for_it_for_its_own_user_alone(ten: list[Customer]) -> None:
    account = accounts.add("in_app", by=StaffFactory(role="admin"), name="App", given={})
    Identifier.objects.create(customer=ten[-1], kind="user_id", value="anna")
    address = f"/t/a/{account.pk}/standing"

    def ask(user: str, signed_for: str) -> Any:
        token = signature(accounts.secret_of(account), signed_for)
        headers: dict[str, Any] = {
            "HTTP_X_USER_ID": user,
            "HTTP_AUTHORIZATION": f"Bearer {token}",
            "HTTP_ACCEPT_LANGUAGE": "en",
        }
        return Client().get(address, **headers)

    told = ask("anna", "anna").json()
    assert told["level"] == "High value"
    assert told["next_level"] == ""
    assert told["as_of"] == clock.today().isoformat()
    assert ask("anna", "ben").status_code == 401
    assert ask("nobody", "nobody").status_code == 404


def test_the_page_takes_the_badges_by_role_and_asks_little(
    ten: list[Customer],
    signed_in: Callable[..., Client],
    django_assert_max_num_queries: Any,
) -> None:
    client = signed_in("operator")
    empty = client.get(PAGE).content.decode()
    assert "No badge yet" in empty
    assert "Not rewarded" not in empty
    assert client.post(PAGE).status_code == 302
    assert Tag.objects.filter(is_badge=True).count() == 5
    assert "Not rewarded: standing." in client.get(PAGE).content.decode()
    for_level("high", status="sending", name="For the best")
    with django_assert_max_num_queries(40):
        page = client.get(PAGE).content.decode()
    assert "For the best" in page
    assert "Not rewarded" not in page
    part = client.get(reverse("admin:campaigns_playbook_standing", args=[ten[0].pk]))
    assert "First order" in part.content.decode()
    manager = signed_in("manager")
    assert manager.get(PAGE).status_code == 200
    Tag.objects.all().delete()
    assert manager.post(PAGE).status_code == 403
    assert not Tag.objects.exists()
