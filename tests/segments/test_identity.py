"""Identifiers: one customer each, whoever asks first and however many ask at once."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from segments import identity
from segments.models import Customer, Identifier
from tests.segments import factories


@pytest.mark.django_db
def test_unknown_values_become_customers_and_known_ones_stay() -> None:
    known = factories.IdentifierFactory(kind="user_id", value="anna")
    since = dt.datetime(2017, 5, 5, tzinfo=dt.UTC)
    found = identity.resolve("user_id", ["anna", "ben", "ben"], at=since)
    assert found["anna"] == known.customer_id
    assert Customer.objects.get(pk=found["ben"]).created_at == since
    assert Customer.objects.count() == 2
    assert identity.resolve("user_id", ["ben", "anna"]) == found


@pytest.mark.django_db
def test_the_same_value_of_another_kind_is_somebody_else() -> None:
    first = identity.resolve("user_id", ["1"])
    assert identity.resolve("household", ["1"]) != first


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["", "   ", "x" * 201, "a\0b"])
def test_what_cannot_name_a_customer_is_refused_and_nobody_is_made(value: str) -> None:
    with pytest.raises(identity.BadIdentifier):
        identity.resolve("user_id", ["good", value])
    assert not Customer.objects.exists()


@pytest.mark.django_db
def test_any_text_can_be_an_identifier() -> None:
    odd = ["a'b", 'a"b', "a\\b", "{a,b}", "NULL", "王芳", "a\tb\nc", " padded "]
    found = identity.resolve("user_id", odd)
    assert set(found) == set(odd)
    assert set(Identifier.objects.values_list("value", flat=True)) == set(odd)


@pytest.mark.django_db(transaction=True)
def test_two_that_meet_the_same_strangers_at_once_make_each_customer_once() -> None:
    """Many values in opposite orders, so that a deadlock or a double would show."""
    values = [f"stranger-{number}" for number in range(3000)]
    together = threading.Barrier(2)

    def ask(mine: list[str]) -> dict[str, int]:
        try:
            together.wait()
            return identity.resolve("user_id", mine)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(ask, [values, values[::-1]])
    assert one == other
    assert len(one) == Customer.objects.count() == Identifier.objects.count() == 3000


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_the_other_transaction_gets_its_customer() -> None:
    claimed, asked = threading.Event(), threading.Event()

    def ask_second() -> dict[str, int]:
        try:
            claimed.wait(60)
            asked.set()
            return identity.resolve("user_id", ["anna", "ben"])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(ask_second)
        with transaction.atomic():
            first = identity.resolve("user_id", ["anna"])
            claimed.set()
            asked.wait(60)
        found = second.result(timeout=60)
    assert found["anna"] == first["anna"]
    assert Customer.objects.count() == 2
