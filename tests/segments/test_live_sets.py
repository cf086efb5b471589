"""The sets that follow every change equal the question to the tables, whatever happened."""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from console.states import NotAllowed
from segments import identity, live_sets, merging
from segments.merging import Pair
from segments.models import Consent, Customer, LiveSet, LiveSetChange, Merge
from tests import factories as people
from tests.segments import factories

pytestmark = pytest.mark.django_db
AT = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)


def asked() -> BitMap:
    """Everybody, as the tables say."""
    return BitMap(Customer.objects.filter(identity.LIVING).values_list("pk", flat=True))


def agreed(channel: str) -> BitMap:
    found = Consent.objects.filter(channel=channel, purpose="marketing", granted=True)
    return BitMap(found.values_list("customer_id", flat=True))


def come(_which: int) -> None:
    identity.resolve("user_id", [f"new-{Customer.objects.count()}-{n}" for n in range(3)], at=AT)


def merge(which: int) -> None:
    living = sorted(asked())
    if len(living) > 1:
        kept, absorbed = living[which % len(living)], living[which % len(living) - 1]
        merging.merge_many([Pair(kept, absorbed, Merge.Reason.SAID_SO, {})], at=AT)


def part(which: int) -> None:
    done = list(Merge.objects.filter(status=Merge.Status.DONE))
    if done:
        with suppress(NotAllowed):  # somebody else absorbed one of them, or they were erased
            merging.undo(done[which % len(done)], by=people.StaffFactory.create_with_role("admin"))


def erase(which: int) -> None:
    """What `forgetting` does to these two tables."""
    for customer in sorted(asked())[: which % 2]:
        Customer.objects.filter(pk=customer).update(erased_at=AT)
        Consent.objects.filter(customer=customer).delete()


def agree(which: int) -> None:
    for at, customer in enumerate(sorted(asked())):
        Consent.objects.update_or_create(
            customer_id=customer,
            channel=("email", "sms")[(which + at) % 2],
            purpose="marketing",
            defaults={"granted": bool((which // 2 + at) % 3), "at": AT},
        )


def gather(which: int) -> None:
    live_sets.gather(least=which)


DEEDS: list[Callable[[int], None]] = [come, come, merge, part, erase, agree, gather]


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 20)), max_size=12))
def test_the_sets_equal_what_the_tables_say_after_anything(deeds: list[Any]) -> None:
    for deed, which in deeds:
        deed(which)
        assert live_sets.everyone() == asked(), deed.__name__
        for channel in ("email", "sms"):
            assert live_sets.agreed(channel, "marketing").members == agreed(channel), deed.__name__


def test_a_consent_that_goes_to_another_customer_goes_with_it() -> None:
    consent = factories.ConsentFactory()
    other = factories.CustomerFactory()
    Consent.objects.filter(pk=consent.pk).update(customer=other)
    assert live_sets.agreed("email", "marketing").members == BitMap([other.pk])


def test_gathering_leaves_the_set_and_no_changes() -> None:
    who = factories.CustomerFactory()
    before = live_sets.now(live_sets.EVERYONE)
    assert live_sets.gather(least=1_000) == 0
    assert live_sets.gather() >= 1
    assert not LiveSetChange.objects.exists()
    assert LiveSet.objects.get(name=live_sets.EVERYONE).members == before.members
    assert who.pk in live_sets.everyone()


def test_the_version_tells_that_nothing_changed() -> None:
    factories.CustomerFactory()
    first = live_sets.now(live_sets.EVERYONE)
    assert live_sets.now(live_sets.EVERYONE) is first
    factories.CustomerFactory()
    assert live_sets.now(live_sets.EVERYONE).version != first.version


@pytest.mark.django_db(transaction=True)
def test_who_comes_while_others_are_gathered_is_not_lost() -> None:
    """The slower transaction has the lower number, and commits after the gathering."""
    with psycopg.connect(**_where()) as slow:
        slow.execute(
            "INSERT INTO segments_customer (id, name, email, language, attributes, created_at) "
            "VALUES (900, '', '', '', '{}', now())"
        )
        quick = factories.CustomerFactory()
        live_sets.gather()
        assert live_sets.everyone() == BitMap([quick.pk])
        slow.commit()
    assert live_sets.everyone() == BitMap([quick.pk, 900])
    live_sets.gather()
    assert live_sets.everyone() == BitMap([quick.pk, 900])


def _where() -> dict[str, Any]:
    given = connection.get_connection_params()
    return {
        key: given[key] for key in ("host", "port", "user", "password", "dbname") if key in given
    }
