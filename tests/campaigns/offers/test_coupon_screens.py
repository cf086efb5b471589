"""The screens of coupons: who sees what, and that pressing does what it says."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Coupon, CouponBatch, Redemption
from campaigns.offers import coupon_codes, coupons, redemptions
from campaigns.offers.redemptions import Order
from console import clock
from tests.campaigns.factories import CouponBatchFactory, bob, people

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Any]
TERMS = {
    "name": "Fifteen minutes",
    "kind": "value",
    "value_minor": "19.90",
    "floor_minor": "99",
    "lasts": "3",
    "lasts_in": "1440",
    "comes_back": "on",
}


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:campaigns_{name}", args=args)


def given(batch: CouponBatch | None = None) -> Coupon:
    batch = batch or CouponBatchFactory.create()
    (customer,) = people(1, prefix=f"s{Coupon.objects.count()}")
    return coupons.give(batch, customer.pk, because="test", by=bob(), at=clock.now())


def test_a_batch_is_made_in_whole_units_and_changed(signed_in: SignIn) -> None:
    client = signed_in("operator")
    made = client.post(page("couponbatch_add"), TERMS)
    batch = CouponBatch.objects.get()
    assert made.headers["Location"] == page("couponbatch_change", batch.pk)
    assert (batch.value_minor, batch.floor_minor, batch.valid_minutes) == (1_990, 9_900, 4_320)
    assert (batch.owner, batch.team) == (client.staff, client.staff.team)
    shown = client.get(page("couponbatch_change", batch.pk)).content.decode()
    assert 'value="19.90"' in shown
    assert "3 days" in shown
    client.post(page("couponbatch_change", batch.pk), TERMS | {"value_minor": "25"})
    batch.refresh_from_db()
    assert batch.value_minor == 2_500


def test_who_began_from_an_older_coupon_is_told(signed_in: SignIn) -> None:
    client = signed_in("operator")
    client.post(page("couponbatch_add"), TERMS)
    batch = CouponBatch.objects.get()
    address = page("couponbatch_change", batch.pk)
    began = client.get(address).context["adminform"].form.initial["seen"]
    client.post(address, TERMS | {"value_minor": "25", "seen": began})
    answer = client.post(address, TERMS | {"name": "Mine", "seen": began}).content.decode()
    assert "was changed by somebody else" in answer
    batch.refresh_from_db()
    assert (batch.value_minor, batch.name) == (2_500, TERMS["name"])


def test_terms_that_make_no_coupon_come_back_in_words(signed_in: SignIn) -> None:
    client = signed_in("operator")
    for wrong, words in [
        ({"value_minor": ""}, "how much it takes off"),
        ({"value_minor": "1.234"}, "Write an amount"),
        ({"lasts": ""}, "how long it is valid"),
    ]:
        answer = client.post(page("couponbatch_add"), TERMS | wrong).content.decode()
        assert words in answer
        assert "coupon_gives_something" not in answer
    assert not CouponBatch.objects.exists()


def test_what_somebody_has_keeps_its_terms_and_can_have_another_name(signed_in: SignIn) -> None:
    owner = bob()
    batch = CouponBatchFactory.create(team=owner.team)
    given(batch)
    client = signed_in(owner)
    client.post(page("couponbatch_change", batch.pk), TERMS | {"most_issued": "9"})
    batch.refresh_from_db()
    assert (batch.name, batch.most_issued) == ("Fifteen minutes", 9)
    assert (batch.value_minor, batch.valid_minutes) == (2_000, 15)


@pytest.mark.parametrize("role", ["analyst", "support"])
def test_who_may_not_change_a_batch_sees_how_it_goes(signed_in: SignIn, role: str) -> None:
    batch = given().batch
    client = signed_in(role)
    shown = client.get(page("couponbatch_change", batch.pk))
    assert (shown.status_code, "How it goes" in shown.content.decode()) == (200, True)
    assert client.post(page("couponbatch_change", batch.pk), TERMS).status_code == 403
    client.post(page("couponbatch_do", batch.pk, "archive"))
    batch.refresh_from_db()
    assert batch.archived_at is None


def test_a_coupon_is_given_redeemed_and_reversed_by_hand(signed_in: SignIn) -> None:
    client, batch, (customer,) = signed_in("support"), CouponBatchFactory.create(), people(1)
    said = {"customer": f"#{customer.pk}", "because": "late parcel"}
    client.post(page("couponbatch_do", batch.pk, "give"), said)
    coupon = Coupon.objects.get()
    assert (coupon.customer, coupon.given_by) == (customer, client.staff)
    shown = client.get(page("coupon_redeem"), {"coupon": coupon.pk}).content.decode()
    assert coupon_codes.show(coupon.code) in shown
    typed = {"key": "k", "code": coupon_codes.show(coupon.code).lower(), "order": "A-1"}
    for _ in range(2):  # pressed twice
        client.post(page("coupon_redeem"), typed | {"amount_minor": "50"})
    assert Redemption.objects.get().order_minor == 5_000
    client.post(page("coupon_do", coupon.pk, "reverse"), {"because": "refunded"})
    coupon.refresh_from_db()
    assert coupon.status == "issued"
    client.post(page("coupon_do", coupon.pk, "revoke"), {"because": "mistake"})
    coupon.refresh_from_db()
    assert coupon.status == "revoked"
    assert client.get(page("coupon_change", coupon.pk)).status_code == 200


def test_a_refusal_stands_in_the_form(signed_in: SignIn) -> None:
    typed = {"key": "k", "code": "NOSUCHCODE22", "order": "A-1"}
    answer = signed_in("operator").post(page("coupon_redeem"), typed)
    assert "There is no such coupon." in answer.content.decode()


def test_codes_show_only_to_those_who_may_redeem(signed_in: SignIn) -> None:
    coupon = given()
    shown = coupon_codes.show(coupon.code)
    for role, sees in [("support", True), ("analyst", False)]:
        client = signed_in(role)
        one = client.get(page("coupon_change", coupon.pk)).content.decode()
        listed = client.get(page("coupon_changelist")).content.decode()
        assert (shown in one, shown in listed, coupon.code in listed) == (sees, False, False)
    assert signed_in("analyst").get(page("coupon_redeem")).status_code == 403
    analyst = signed_in("analyst")
    analyst.post(page("coupon_do", coupon.pk, "revoke"), {"because": "x"})
    coupon.refresh_from_db()
    assert coupon.status == "issued"


def test_a_coupon_is_found_by_its_whole_code_or_its_customer(signed_in: SignIn) -> None:
    coupon, other = given(), given()
    client = signed_in("support")
    for typed in (coupon_codes.show(coupon.code), f"#{coupon.customer_id}"):
        found = client.get(page("coupon_changelist"), {"q": typed}).content.decode()
        assert page("coupon_change", coupon.pk) in found
        assert page("coupon_change", other.pk) not in found


def test_a_customers_page_shows_their_coupons(signed_in: SignIn) -> None:
    coupon = given()
    client = signed_in("support")
    whole = client.get(reverse("admin:segments_customer_change", args=[coupon.customer_id]))
    part = page("coupon_of", coupon.customer_id)
    assert part in whole.content.decode()
    assert coupon.batch.name in client.get(part).content.decode()


def test_the_lists_ask_the_same_few_questions_for_many(signed_in: SignIn) -> None:
    client = signed_in("operator")
    addresses = [page("couponbatch_changelist"), page("coupon_changelist")]

    def asked() -> list[int]:
        counts = []
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    given()
    asked()
    few = asked()
    for number in range(3):
        code = given().code
        redemptions.redeem(code, Order(f"k{number}"), at=clock.now())
    assert asked() == few
