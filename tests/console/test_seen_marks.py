"""Two who change one thing at once: the second is told, over nobody's words is written."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import translation

from campaigns import guards, playbooks
from campaigns.models import Guard
from campaigns.words import phrases
from console import seen
from console.models import Budget, Staff
from segments import event_sources, tags
from tests.campaigns.factories import (
    CampaignFactory,
    CouponBatchFactory,
    bob,
    budget_with,
    segment_of,
)
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def one_of(what: str, by: Staff) -> tuple[Model, dict[str, Any], tuple[str, ...]]:
    """A record, the fields of its form, and two of them that people change."""
    if what == "guard":
        segment = segment_of([])
        made: Any = guards.save(None, name="Full price", offer="perk", segment=segment, by=by)
        said = {"name": "Full price", "offer": "perk", "segment": segment.pk, "then": "asks"}
        return made, said | {"percent": 10, "why": ""}, ("name", "why")
    if what == "tag":
        return (
            tags.add(name="VIP", by=by),
            {"name": "VIP", "description": "", "color": "#0d9488"},
            ("name", "description"),
        )
    if what == "phrase":
        made = phrases.add(text="free", kind="promise", by=by)
        return made, {"text": "free", "kind": made.kind, "instead": ""}, ("text", "instead")
    if what == "segment":
        made = segment_of([], name="Buyers", team=by.team)
        said = {"name": "Buyers", "description": "", "rule": '{"all": []}'}
        return made, said, ("name", "description")
    if what == "source":
        made = event_sources.add(name="Shop", by=by)
        return made, {"name": "Shop", "description": ""}, ("name", "description")
    made = budget_with(0)
    said = {"name": made.name, "purpose": "", "since": made.since, "until": made.until}
    return made, said, ("name", "purpose")


def form_of(record: Model) -> tuple[str, str]:
    """Where one reads the form, and where it is sent."""
    if isinstance(record, Budget):
        address = reverse("admin:console_budget_edit", args=[record.pk])
        return address, address
    page = reverse(f"admin:{record._meta.label_lower.replace('.', '_')}_change", args=[record.pk])
    is_source = record._meta.model_name == "eventsource"
    done = reverse("admin:segments_source_do", args=[record.pk, "change"]) if is_source else page
    return page, done


@pytest.mark.parametrize("what", ["guard", "tag", "phrase", "source", "budget", "segment"])
def test_who_began_from_an_older_form_is_told(signed_in: SignIn, what: str) -> None:
    client = signed_in("admin")
    record, said, (first, second) = one_of(what, client.staff)  # type: ignore[attr-defined]
    page, address = form_of(record)
    context: Any = client.get(page).context
    form = context.get("adminform") or context.get("form")
    mark = form.form.initial["seen"] if hasattr(form, "form") else form and form.initial["seen"]
    mark = mark or context["seen"]
    client.post(address, said | {second: "a colleague's", "seen": mark})
    told = client.post(address, said | {first: "Mine", "seen": mark}, follow=True)
    assert "was changed by somebody else" in told.content.decode()
    record = type(record)._default_manager.get(pk=record.pk)
    assert (str(getattr(record, first)), getattr(record, second)) == (said[first], "a colleague's")
    page_now: Any = client.get(page)
    assert page_now.status_code == 200


@pytest.mark.parametrize("what", ["guard", "tag", "phrase", "source"])
def test_who_only_reads_sees_no_mark(signed_in: SignIn, what: str) -> None:
    record, *_said = one_of(what, signed_in("admin").staff)  # type: ignore[attr-defined]
    reader = "manager" if what == "tag" else "analyst"
    shown = signed_in(reader).get(form_of(record)[0])
    assert shown.status_code in {200, 403}
    assert 'name="seen"' not in shown.content.decode()
    assert ">Seen" not in shown.content.decode()


@pytest.mark.parametrize("what", ["tags", "playbooks", "coupon-batches", "campaigns", "segments"])
def test_the_api_refuses_what_began_from_something_else(signed_in: SignIn, what: str) -> None:
    by = bob()
    make: dict[str, Callable[[], Any]] = {
        "tags": lambda: tags.add(name="VIP", by=by),
        "playbooks": lambda: playbooks.add(name="Save them", by=by),
        "coupon-batches": lambda: CouponBatchFactory.create(team=by.team),
        "segments": lambda: segment_of([], team=by.team, owner=by),
        "campaigns": lambda: CampaignFactory.create(segment=segment_of([]), team=by.team, owner=by),
    }
    client = signed_in(by)
    address = f"/api/v1/{what}/{make[what]().pk}/"

    def patch(said: dict[str, Any]) -> Any:
        return client.patch(address, said, "application/json")

    began = client.get(address).json()["seen"]
    now = patch({"name": "First", "seen": began})
    assert (now.status_code, now.json()["name"]) == (200, "First"), now.content
    late = patch({"name": "Second", "seen": began})
    assert late.status_code == 409
    assert "was changed by somebody else" in late.json()["detail"]
    assert patch({"name": "Third", "seen": now.json()["seen"]}).status_code == 200
    assert patch({"name": "Fourth"}).status_code == 200, "without a mark nothing is compared"


def test_the_mark_is_the_same_in_both_languages() -> None:
    guards.install(by=StaffFactory.create(role="admin"))
    marks = set()
    for code in ("zh-hans", "en"):
        with translation.override(code):
            marks.add(seen.of(Guard.objects.earliest("pk"), guards.SETTINGS))
    assert len(marks) == 1
