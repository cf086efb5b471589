"""What words speak of and an audience does not have."""

import datetime as dt

import pytest

from campaigns.models import TemplateRevision
from campaigns.words import gaps
from segments import bitmaps
from segments.models import Customer
from tests.campaigns.factories import people

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 1, 1)


def found(body: str, customers: list[Customer]) -> list[tuple[str, int, bool, bool]]:
    words = {"en": {"subject": "Hi", "body": body}}
    revision = TemplateRevision(channel="email", language="en", words=words)
    members = bitmaps.from_ids(one.pk for one in customers)
    return [
        (one.variable, one.missing, one.is_covered, one.stops)
        for one in gaps.of(revision, members, day=DAY)
    ]


def test_who_has_no_name_is_counted_among_the_audience_alone() -> None:
    audience, others = people(3), people(2, prefix="o")
    Customer.objects.filter(pk__in=[audience[0].pk, others[0].pk]).update(name="")
    assert found("{{ customer.name }}", audience) == [("customer.name", 1, False, False)]
    assert found("{{ customer.name | default: 'you' }}", audience) == [
        ("customer.name", 1, True, False)
    ]
    asked = "{% if customer.name %}Dear {{ customer.name }}{% endif %}"
    assert found(asked, audience) == [("customer.name", 1, True, False)]
    assert found(asked + "{{ customer.name }}", audience)[0][2] is False
    assert found("{{ customer.number }} {{ coupon.code }}", audience) == []


def test_an_attribute_that_is_missing_keeps_the_message_back() -> None:
    audience = people(3)
    Customer.objects.filter(pk=audience[0].pk).update(attributes={"home": {"city": "北京"}})
    Customer.objects.filter(pk=audience[1].pk).update(attributes={"home": {"city": ""}})
    assert found("{{ customer.attributes.home.city }}", audience) == [
        ("customer.attributes.home.city", 2, False, True)
    ]


def test_a_trait_that_was_never_computed_is_missing_of_everybody() -> None:
    audience = people(2)
    assert found("{{ traits.orders }}", audience) == [("traits.orders", 2, False, False)]
    assert found("{% if traits.orders > 2 %}x{% endif %}", audience) == []
