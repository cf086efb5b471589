"""Coupons over the API: tills with a key, people with a role."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from campaigns.models import Coupon, CouponBatch, Redemption
from campaigns.offers import coupons
from console import clock
from console.models import AuditEntry
from segments import event_sources, identity, write_keys
from tests.campaigns.factories import CouponBatchFactory, bob, people
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Any]
URL = "/api/v1/coupons/"
BATCHES = "/api/v1/coupon-batches/"


@pytest.fixture
def till() -> Callable[..., Any]:
    """Asks with a key of these scopes."""

    def of(*scopes: str, name: str = "Till") -> Callable[..., Any]:
        admin = StaffFactory.create_with_role("admin")
        source = event_sources.add(name=name, description="", by=admin)
        _key, text = write_keys.make(source, by=admin, scopes=scopes or ("coupons",))
        client = Client()

        def ask(deed: str, **said: Any) -> Any:
            headers = {"Authorization": f"Bearer {text}"}
            address = f"{URL}{deed}/"
            return client.post(address, said, content_type="application/json", headers=headers)

        return ask

    return of


def a_code(**terms: Any) -> str:
    batch = CouponBatchFactory.create(**terms)
    (customer,) = people(1, prefix=f"b{batch.pk}")
    made = coupons.give(batch, customer.pk, because="test", by=bob(), at=clock.now())
    return made.code or batch.shared_code


def test_a_till_checks_redeems_and_reverses(till: Callable[..., Any]) -> None:
    code, ask = a_code(), till()
    checked = ask("check", code=code, order="A-1", amount_minor=5_000)
    assert (checked.status_code, checked.json()["cost_minor"]) == (200, 2_000)
    said: dict[str, Any] = {"code": code, "order": "A-1", "amount_minor": 5_000, "key": "one"}
    first, again = ask("redeem", **said), ask("redeem", **said)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["discount_minor"] == 2_000
    undone = [ask("reverse", order="A-1").json() for _ in range(2)]
    assert undone[0] == undone[1]
    assert undone[0][0]["reversed_at"]
    line = AuditEntry.objects.get(action="coupon.redeemed")
    assert (line.staff, line.via) == (None, "api")


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [
        ({"code": "NOSUCHCODE22", "key": "1"}, 404, "unknown"),
        ({"key": "1", "amount_minor": 10}, 422, "below_floor"),
        ({"key": "1", "amount_minor": 9_900, "user_id": "nobody"}, 404, "unknown_customer"),
        ({"amount_minor": 9_900}, 400, "no_key"),
    ],
    ids=str,
)
def test_a_refusal_says_why_for_programs_and_people(
    till: Callable[..., Any], said: dict[str, Any], status: int, reason: str
) -> None:
    answer = till()("redeem", **({"code": a_code(floor_minor=9_900)} | said))
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert answer.json()["detail"]
    assert not Redemption.objects.exists()


def test_two_sources_may_call_their_redemptions_the_same(till: Callable[..., Any]) -> None:
    shop, store = till(name="Shop"), till(name="Store")
    assert shop("redeem", code=a_code(), key="1").status_code == 201
    assert store("redeem", code=a_code(), key="1").status_code == 201


def test_a_customer_is_named_as_the_source_knows_them(till: Callable[..., Any]) -> None:
    code = a_code(shared_code="SPRING")
    owner = Coupon.objects.get().customer_id
    known = identity.resolve("user_id", ["u-1"])
    Coupon.objects.update(customer=known["u-1"])
    ask = till()
    assert ask("redeem", code=code, key="1", customer=owner).json()["reason"] == "not_theirs"
    assert ask("redeem", code=code, key="2", user_id="u-1").status_code == 201


def test_without_the_scope_or_with_no_key_nothing_is_told(
    till: Callable[..., Any], client: Client
) -> None:
    code = a_code()
    assert till("events")("redeem", code=code, key="1").status_code == 403
    said = {"code": code, "key": "1"}
    for headers in ({}, {"Authorization": "Bearer wk_wrong"}):
        address = f"{URL}redeem/"
        answer = client.post(address, said, content_type="application/json", headers=headers)
        assert answer.status_code == 401
    assert not Redemption.objects.exists()


@pytest.mark.parametrize(("role", "status"), [("support", 201), ("analyst", 403)])
def test_people_redeem_by_role(signed_in: SignIn, role: str, status: int) -> None:
    client, said = signed_in(role), {"code": a_code(), "key": "1"}
    answer = client.post(f"{URL}redeem/", said, content_type="application/json")
    assert answer.status_code == status
    assert Redemption.objects.count() == (status == 201)
    if status == 201:
        assert Redemption.objects.get().by == client.staff


def test_a_batch_is_made_changed_and_given(signed_in: SignIn) -> None:
    client, (customer,) = signed_in("operator"), people(1)
    terms = {"name": "Fifteen minutes", "kind": "value", "value_minor": 500, "valid_minutes": 15}
    made = client.post(BATCHES, terms, content_type="application/json")
    assert made.status_code == 201, made.json()
    one = f"{BATCHES}{made.json()['id']}/"
    changed = client.patch(one, {"value_minor": 600}, content_type="application/json")
    assert changed.json()["value_minor"] == 600
    said = {"customer": customer.pk, "because": "late parcel"}
    given = client.post(f"{one}give/", said, content_type="application/json").json()
    lasts = dt.datetime.fromisoformat(given["expires_at"]) - dt.datetime.fromisoformat(
        given["issued_at"]
    )
    assert (given["customer"], lasts) == (customer.pk, dt.timedelta(minutes=15))
    late = client.patch(one, {"value_minor": 700}, content_type="application/json")
    assert late.status_code == 403
    assert signed_in("analyst").post(BATCHES, terms).status_code == 403
    assert CouponBatch.objects.get().value_minor == 600
