"""What pages say of a request besides its deeds: efforts, dates, words and figures."""

import datetime as dt
from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import translation

from console.admin.team_requests.deeds import DEEDS
from console.models import Project, RequestNews, Staff, Team, TeamRequest
from console.team_requests import agreeing, dates, depending, moving, news, turns
from metrics.measurements import count
from metrics.models import Metric
from tests.console.team_requests.world import BASELINE, MONDAY, READY, World, days, later, moment
from tests.metrics.factories import measured

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def page_of(client: Client, request: TeamRequest) -> str:
    address = reverse("admin:console_teamrequest_change", args=[request.pk])
    return " ".join(client.get(address).content.decode().split())


def test_an_effort_that_was_only_proposed_counts_in_the_chain_and_is_marked(
    world: World, signed_in: SignIn
) -> None:
    last, proposed, unsaid = (world.accepted(title=name) for name in ("Last", "Said", "Unsaid"))
    TeamRequest.objects.filter(pk=last.pk).update(impact=1, effort_days=1, priority=1)
    for number, who in (("2", world.olga), ("4", world.tim)):
        said = {"priority": 1, "impact": 3, "effort_days": days(number)}
        agreeing.propose(proposed, **said, by=who, at=later(1))  # type: ignore[arg-type]
    depending.add(last, needs=proposed, by=world.olga, at=moment())
    depending.add(proposed, needs=unsaid, by=world.olga, at=moment())
    last.refresh_from_db()
    steps = depending.critical_path(last, seen_by=world.tim)
    assert [(int(step.days), step.effort) for step in steps] == [
        (0, "unknown"),
        (4, "proposed"),
        (1, "agreed"),
    ]
    client = signed_in(world.tim)
    text = page_of(client, last)
    assert "The chain that takes longest: 5 days of work" in text
    assert "4 days (proposed, not agreed)" in text
    assert "nobody said its effort" in text
    told = client.get(f"/api/v1/requests/{last.pk}/dependencies/").json()["critical_path"]
    assert [step["effort"] for step in told] == ["unknown", "proposed", "agreed"]


def test_lists_show_the_day_that_was_promised_first_beside_the_moved_one(
    world: World, signed_in: SignIn
) -> None:
    moved, kept = world.accepted(days=7, title="Moved"), world.accepted(days=8, title="Kept")
    said = {"cause": "estimate", "because": "Harder", "by": world.tim, "at": later(1)}
    dates.promise(moved, to=later(9).date(), **said)  # type: ignore[arg-type]
    client = signed_in(world.tim)
    for name in ("teamrequest_changelist", "teamrequest_mine", "teamrequest_board"):
        text = client.get(reverse(f"admin:console_{name}")).content.decode()
        struck, _end, rest = text.partition("</s>")
        assert struck.rstrip().endswith("<time>2018-03-12</time>"), name
        assert rest.lstrip().startswith("<time>2018-03-14</time>"), name
        assert f"<time>{kept.promised_on}</time></s>" not in text, name
        assert f"<time>{kept.promised_on}</time>" in text, name
    assert "2 working days later" in client.get("/admin/console/teamrequest/").content.decode()


def test_no_form_of_a_deed_has_two_fields_of_one_name() -> None:
    for language in ("en", "zh-hans"):
        with translation.override(language):
            for name, deed in DEEDS.items():
                labels = [str(field.label) for field in deed.form.base_fields.values()]
                shown = [one for one in labels if one != "None"]
                assert len(shown) == len(set(shown)), (language, name, shown)


def test_work_that_cannot_begin_yet_says_what_comes_first(world: World, signed_in: SignIn) -> None:
    request, first = world.accepted(), world.asked(title="The page first")
    client = signed_in(world.tim)
    press = reverse("admin:console_teamrequest_do", args=[request.pk, "start"])
    for words in ("Both teams agree on its priority first.", f"It waits for: #{first.pk}"):
        text = page_of(client, request)
        assert words in text
        assert "Begin the work" in text
        assert press not in text
        TeamRequest.objects.filter(pk=request.pk).update(impact=1, effort_days=1, priority=1)
        if not request.needs.exists():
            depending.add(request, needs=first, by=world.olga, at=moment())
    request.needs.all().delete()
    assert press in page_of(client, request)


def test_who_accepts_before_the_priority_is_agreed_is_still_led_to_the_proposal(
    world: World, signed_in: SignIn
) -> None:
    request = world.asked()
    said = {"priority": 1, "impact": 3, "effort_days": days("2")}
    agreeing.propose(request, **said, by=world.olga, at=moment())  # type: ignore[arg-type]
    who = {"owner": world.tim, "by": world.tim, "promised_on": later(7).date()}
    moving.accept(request, baseline=BASELINE, **who, at=moment())  # type: ignore[arg-type]
    assert 'class="button primary" href="#agreement"' in page_of(signed_in(world.tim), request)


def test_the_time_on_a_changes_cost_is_told_apart_from_the_time_on_the_yes(
    world: World, signed_in: SignIn
) -> None:
    request = world.accepted()
    world.edit(request, world.olga, changes={"spec": "More"})
    Project.objects.update(today_on=later(2).date())
    page = signed_in(world.tim).get(reverse("admin:console_teamrequest_change", args=[request.pk]))
    parts = {part["what"] for team in page.context["held"] for part in team["parts"]}
    assert parts == {"to be accepted", "to be done", "cost of a change to be told"}
    old = import_module("console.migrations.0019_cost_is_a_turn_of_its_own")
    for step, kinds in ((old.join, ["answer", "work", "answer"]), (old.part, None)):
        step(apps, None)
        held = list(request.turns.values_list("holding", flat=True))
        assert held == (kinds or ["answer", "work", "cost"])


def test_who_sends_it_back_or_on_hears_of_what_comes_next(world: World) -> None:
    Team.objects.filter(pk=world.tech.pk).update(lead=world.tim)  # who is told by default
    request = world.asked()
    moving.send_back(request, because="Which page?", by=world.tina, at=later(1))
    moving.ask(request, by=world.olga, at=later(2))
    assert heard(world.tina)[-1] == "team_request.asked"
    moving.accept(
        request,
        owner=world.tim,
        promised_on=later(7).date(),
        baseline=BASELINE,
        by=world.tim,
        at=later(3),
    )
    told = RequestNews.objects.get(to=world.olga, what="team_request.accepted")
    assert news.said(told).endswith("accepted it: promised for 2018-03-12")
    TeamRequest.objects.filter(pk=request.pk).update(impact=1, effort_days=1, priority=1)
    moving.start(request, by=world.tim, at=later(4))
    moving.deliver(request, by=world.tim, at=later(5))
    moving.give_back(request, because="Not the page", by=world.otto, at=later(6))
    moving.deliver(request, by=world.tim, at=later(7))
    assert heard(world.otto) == ["team_request.delivered"]
    second = world.accepted()
    said = {"team": world.operations, "holding": "question", "note": "Which?"}
    turns.hand(second, **said, by=world.chief, at=later(1))
    moving.withdraw(second, because="Not any more", by=world.olga, at=later(2))
    assert heard(world.chief)[-1] == "team_request.withdrawn"


def test_the_definition_of_ready_looks_at_the_day_and_at_who_is_asked(
    world: World, signed_in: SignIn
) -> None:
    client = signed_in(world.olga)
    ready = reverse("admin:console_teamrequest_ready", args=["feature"])
    over = "The day by when the number is to have moved is over; choose a later one."
    promised = {"metric": "", "expected_change": "5", "from_team": world.operations.pk}
    text = client.post(ready, promised | {"expected_by": "2018-02-01"}).content.decode()
    assert over in text
    assert "Say: receiving team." in text
    there = {"expected_by": "2018-04-01", "to_team": world.tech.pk}
    text = client.post(ready, promised | there).content.decode()
    assert over not in text
    assert "By when" in text
    assert "Say: receiving team." not in text
    assert "Receiving team" in text
    draft = world.draft()
    Project.objects.update(today_on="2018-07-01")
    assert over in page_of(client, draft)


def test_metrics_stand_under_their_groups_and_bounds_say_what_they_are(
    world: World, signed_in: SignIn
) -> None:
    measured(count("orders", MONDAY - dt.timedelta(days=1), 100))
    first = Metric.objects.get(key="orders")
    client = signed_in(world.olga)
    text = client.get("/admin/console/teamrequest/new/", {"kind": "feature"}).content.decode()
    _before, _at, group = text.partition(f'<optgroup label="{first.get_group_display().title()}')
    assert f'<option value="{first.key}">' in group.partition("</optgroup>")[0]
    with translation.override("zh-hans"):
        assert str(Metric.Group.VALUE.label) == "价值"
    request = world.draft(content=READY | {"metric": first.key})
    frozen = {"value": 100.0, "low": 90.0, "high": 110.0}
    days = {"since": "2018-01-08", "until": "2018-03-04"}
    TeamRequest.objects.filter(pk=request.pk).update(baseline=frozen | days)
    assert '<span class="quiet">95 % bounds 90' in page_of(client, request)


def heard(who: Staff) -> list[str]:
    return list(RequestNews.objects.filter(to=who).values_list("what", flat=True).order_by("pk"))
