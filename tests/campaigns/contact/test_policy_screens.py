"""The contact policy on screen: what is in force, changing it, the holdout, one customer."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.admin import page
from campaigns.contact import blocked, holdouts, holds, policies
from campaigns.models import ContactHold, Message
from campaigns.policy.nodes import Approach
from console import clock
from tests.campaigns.contact.test_contacting import at_most, campaign_for, claim, policy
from tests.campaigns.factories import AT, people

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:campaigns_contactpolicy_changelist")
EDIT = reverse("admin:campaigns_contactpolicy_edit")
DAILY = {"most": "2", "window": "day"}
HOLDOUT = reverse("admin:campaigns_contactpolicy_holdout")


def text(response: Any) -> str:
    return str(response.content.decode())


def filled(client: Client, **changes: Any) -> dict[str, Any]:
    """The form as a browser would send it, with some fields filled in."""
    shown = client.get(EDIT).context["shown"]
    data: dict[str, Any] = {"seen": client.get(EDIT).context["seen"], "note": "Fewer"}
    for part in (shown.limits, *shown.caps, *shown.ways, *(
        one.management_form for one in (shown.caps, shown.ways)
    )):  # fmt: skip
        for field in part:
            value = field.value()
            if value is not None and value is not False:
                data[field.html_name] = value
    return data | changes


def test_without_a_policy_it_says_that_nothing_is_limited(signed_in: Any) -> None:
    shown = text(signed_in("analyst").get(PAGE))
    assert "Nothing is limited." in shown
    assert "Change the policy" not in shown


def test_a_manager_puts_a_policy_in_force_and_an_operator_does_not(signed_in: Any) -> None:
    client = signed_in("manager")
    data = filled(client, note="Fewer before 双11") | {
        "caps-0-most": "2",
        "caps-0-window": "week",
        "caps-0-channel": "sms",
        "quiet_from": "22:00",
        "quiet_until": "08:00",
        "ways-1-when_capped": "drop",
        "ways-0-when_barred": "downgrade",
        "ways-0-lower": "sms",
    }
    assert signed_in("operator").post(EDIT, data).status_code == 403
    assert policies.newest() is None
    assert client.post(EDIT, data).status_code == 302
    shown = text(client.get(PAGE))
    for words in (
        "At most 2 a week (SMS)",
        "Quiet 22:00–08:00",
        "over a cap → drop",
        "reach somebody → SMS",
        "双11",
    ):
        assert words in shown
    assert "Say why." in text(client.post(EDIT, data | {"seen": "1", "note": " "}))
    late = client.post(EDIT, data)
    assert "Somebody else changed the policy" in text(late)
    version = policies.newest()
    assert version is not None
    assert version.version == 1
    one = client.get(reverse("admin:campaigns_contactpolicy_change", args=[version.pk]))
    assert "At most 2 a week" in text(one)
    assert "Fewer before 双11" in text(one)


def test_what_cannot_be_is_said_where_it_stands(signed_in: Any) -> None:
    client = signed_in("manager")
    two = {f"caps-{n}-{name}": value for n in (0, 1) for name, value in DAILY.items()}
    for given, words in (
        ({"caps-0-most": "2", "caps-0-reserved": "3"}, "No more than the cap itself."),
        (two, "Two caps are of the same channel, window and stage."),
        ({"quiet_from": "22:00"}, "Give both times, or none."),
        ({"off_from": "22:00", "off_until": "22:00"}, "The two times have to differ."),
        ({"ways-0-when_quiet": "downgrade"}, "Choose another channel."),
        ({"ways-0-when_barred": "downgrade", "ways-0-lower": "email"}, "Choose another channel."),
    ):
        assert words in text(client.post(EDIT, filled(client) | given))
    assert policies.newest() is None


def test_what_was_kept_back_is_told_by_reason(signed_in: Any) -> None:
    policy(caps=[at_most(1, "month")])
    who = people(3)
    ids = [one.pk for one in who]
    claim(campaign_for(who), ids, at=clock.now())
    later = campaign_for(who)
    found = claim(later, ids, at=clock.now())
    Message.objects.bulk_create(
        Message(campaign=later, customer_id=pk, status="skipped", reason=verdict.reason)
        for pk, verdict in found.verdicts.items()
        if hasattr(verdict, "reason")
    )
    (total,) = blocked.totals(since=clock.now() - dt.timedelta(hours=1))
    assert (total.words, total.dropped, total.waiting) == ("enough messages this month", 3, 0)
    assert blocked.of_campaign(later) == [total]
    client = signed_in("operator")
    with CaptureQueriesContext(connection) as asked:
        shown = text(client.get(PAGE))
    assert "Enough messages this month" in shown
    assert len(asked) < 30
    assert page.context(later, client.staff)["totals"] == [total]


def test_the_holdout_is_set_with_its_history(signed_in: Any) -> None:
    people(5)
    client = signed_in("manager")
    assert signed_in("operator").post(HOLDOUT, {"percent": "5"}).status_code == 403
    assert client.post(HOLDOUT, {"percent": "5", "note": "Q1"}).status_code == 302
    assert client.post(HOLDOUT, {"percent": "7.5"}).status_code == 302
    shown = text(client.get(PAGE))
    assert "7.5 %" in shown
    assert "Q1" in shown
    assert "Nothing is different" in text(client.post(HOLDOUT, {"percent": "7.5"}))
    found = holdouts.at_the_moment()
    assert found is not None
    assert found.part == 750


def test_a_customers_page_says_what_keeps_messages_back(signed_in: Any) -> None:
    policy(caps=[at_most(3, "week", "email")])
    (one,) = who = people(1)
    claim(campaign_for(who), [one.pk], at=clock.now(), approach=Approach("email"))
    holds.pause(one.pk, days=3, at=clock.now())
    address = reverse("admin:campaigns_contactpolicy_of", args=[one.pk])
    whole = signed_in("support").get(reverse("admin:segments_customer_change", args=[one.pk]))
    assert address in text(whole)
    shown = text(signed_in("support").get(address))
    assert "1 / 3" in shown
    assert "paused by the customer" in shown
    assert "Pause contact" in shown
    seen = text(signed_in("analyst").get(address))
    assert "Pause contact" not in seen


def test_support_leaves_somebody_alone_and_lifts_it(signed_in: Any) -> None:
    (one,) = people(1)
    address = reverse("admin:campaigns_contactpolicy_hold", args=[one.pk])
    signed_in("operator").post(address, {"days": "7", "note": "angry"})
    assert not ContactHold.objects.exists()
    client = signed_in("support")
    client.post(address, {"days": "7", "note": " "})
    assert not ContactHold.objects.exists()
    client.post(address, {"days": "7", "note": "angry"})
    hold = ContactHold.objects.get()
    assert holds.in_force(AT).filter(pk=hold.pk).exists()
    client.post(reverse("admin:campaigns_contactpolicy_lift", args=[hold.pk]))
    assert not holds.in_force(AT).exists()
