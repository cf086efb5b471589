"""The demo's requests between teams show what the field reports, made by the verbs alone."""

import datetime as dt

import pytest
from django.db.models import Sum

from console.models import Project, RequestSlip, TeamRequest
from metrics import demo
from tests.factories import StaffFactory, TeamFactory

pytestmark = pytest.mark.django_db
TODAY = dt.date(2018, 1, 1)


def people() -> demo.People:
    operations, growth = TeamFactory.create(name="Operations"), TeamFactory.create(name="Growth")
    return demo.People(
        operator=StaffFactory.create_with_role("operator", username="operator", team=operations),
        manager=StaffFactory.create_with_role("manager", team=operations),
        product=StaffFactory.create_with_role("product", username="product", team=growth),
        analyst=StaffFactory.create_with_role("analyst", team=growth),
    )


def test_the_demo_shows_both_slips_with_their_cause_and_what_is_under_way() -> None:
    Project.objects.update(today_on=TODAY, time_zone="Asia/Shanghai")
    who = people()
    demo.load(who, today=TODAY)
    slipped = RequestSlip.objects.values_list("request__kind", "cause").annotate(Sum("days"))
    assert sorted(slipped) == [("feature", "spec", 15), ("fix", "priority", 2)]
    late = TeamRequest.objects.get(kind="feature", status__in=["delivered", "judged"])
    assert late.revisions.filter(after_yes=True).count() == 4
    assert late.delivered_on == late.promised_on
    states = set(TeamRequest.objects.values_list("status", flat=True))
    assert states >= {"draft", "asked", "started", "delivered", "declined"}
    assert TeamRequest.objects.filter(lane="urgent", urgent_cause="churn").count() == 1
    many = TeamRequest.objects.count()
    demo.load(who, today=TODAY)
    assert TeamRequest.objects.count() == many
