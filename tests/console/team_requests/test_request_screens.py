"""Requests on screen: found, written down, worked with, and changed by two at once."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from console.admin.team_requests.deeds import DEEDS
from console.models import Project, RequestComment, TeamRequest
from console.team_requests import agreeing, depending, drafting, moving, talking
from segments import catalogue
from tests.console.team_requests.world import READY, World, days, later, moment
from tests.segments.factories import SegmentFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:console_teamrequest_{name}", args=args)


def do(client: Client, request: TeamRequest, deed: str, **given: Any) -> Any:
    seen = TeamRequest.objects.get(pk=request.pk).edition
    return client.post(at("do", request.pk, deed), {"edition": seen} | given)


# --- the list -------------------------------------------------------------------


def test_the_list_shows_what_concerns_one_and_costs_the_same_for_many(
    signed_in: SignIn, world: World, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        world.asked(title=f"Wish {number}")
    client = signed_in(world.tim)
    with django_assert_max_num_queries(16):
        text = client.get(at("changelist")).content.decode()
    assert "Wish 3" in text
    assert "to be accepted" in text
    stranger = signed_in(world.sam).get(at("changelist")).content.decode()
    assert "Wish" not in stranger
    assert "Ask another team" in stranger


def test_filters_narrow_the_list_and_the_file_alike(signed_in: SignIn, world: World) -> None:
    late, other = world.accepted(days=1, title="=Late one"), world.asked(title="Asked one")
    Project.objects.update(today_on=later(7).date())
    client = signed_in(world.tim)
    text = client.get(at("changelist"), {"state": "late"}).content.decode()
    assert "=Late one" in text
    assert "Asked one" not in text
    file = client.get(at("export"), {"state": "late"})
    lines = b"".join(file.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert "'=Late one" in lines[1]
    by_number = client.get(at("changelist"), {"q": f"#{other.pk}"}).content.decode()
    assert "Asked one" in by_number
    assert f"#{late.pk} " not in by_number
    nothing = client.get(at("changelist"), {"q": "unheard of"}).content.decode()
    assert 'data-empty="filtered"' in nothing


def test_what_is_over_is_found_only_by_who_looks_for_it(signed_in: SignIn, world: World) -> None:
    request = world.asked(title="Given up")
    moving.decline(request, because="No room", by=world.tim, at=moment(hour=11))
    client = signed_in(world.olga)
    assert "Given up" not in client.get(at("changelist")).content.decode()
    for asked in ({"state": "any"}, {"status": "declined"}, {"q": "given"}):
        assert "Given up" in client.get(at("changelist"), asked).content.decode(), asked


# --- written down ---------------------------------------------------------------


def given(world: World, **values: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        **READY,
        "kind": "feature",
        "title": "Pay in one step",
        "from_team": world.operations.pk,
        "to_team": world.tech.pk,
        "metric": "",
        "expected_change": "",
        "expected_by": "",
        "key": "form:1",
    }
    return said | values


def test_a_draft_waits_for_what_a_team_can_be_asked_with(signed_in: SignIn, world: World) -> None:
    client = signed_in(world.olga)
    assert "creative" in client.get(at("new")).content.decode()
    begun = client.get(at("new"), {"kind": "fix", "title": "It is <b>slow"}).content.decode()
    assert "It is &lt;b&gt;slow" in begun
    refused = client.post(at("new"), given(world, kind="fix", ask="1")).content.decode()
    assert "Say: How one sees it." in refused
    top = refused.split("To be looked at:")[1].split("</ul>")[0]
    assert ">How one sees it</a>" in top, "the field itself is far below"
    link = top.split('href="#')[1].split('"')[0]
    assert f'id="{link}"' in refused
    assert "To be looked at:" not in begun
    assert not TeamRequest.objects.exists()
    for _ in range(2):  # a double click
        client.post(at("new"), given(world, kind="fix"))
    kept = TeamRequest.objects.get()
    assert (kept.status, kept.why) == ("draft", READY["why"])
    page = client.get(at("change", kept.pk)).content.decode()
    assert "Say: What happens." in page


def test_readiness_is_told_while_one_writes(signed_in: SignIn, world: World) -> None:
    client = signed_in(world.olga)
    data = {"title": "x", "details.steps": "Open it", "expected_change": "no number"}
    text = client.post(at("ready", "fix"), data).content.decode()
    there = re.findall(r'class="is-there">\s*([^<]+?)\s*<', text)
    assert there == ["What", "How one sees it"]
    assert "Say: What happens." in text


# --- worked with ----------------------------------------------------------------

FIX = {
    "why": "Half of the coupons are refused.",
    "details.steps": "Scan a coupon",
    "details.happens": "It is refused",
    "details.should": "It is taken",
    "details.affected": "30 a day",
}


def fix(world: World, **values: Any) -> TeamRequest:
    return world.draft(**{"kind": "fix", "content": FIX, **values})


def test_a_request_is_worked_with_from_its_page(signed_in: SignIn, world: World) -> None:
    request = fix(world)
    olga, tim = signed_in(world.olga), signed_in(world.tim)
    assert tim.get(at("change", request.pk)).status_code == 404
    assert do(olga, request, "ask").status_code == 302
    assert "Accept, and promise a day" in tim.get(at("change", request.pk)).content.decode()
    assert "Accept, and promise a day" not in olga.get(at("change", request.pk)).content.decode()
    refused = do(tim, request, "accept", owner=world.olga.pk, promised_on="2018-03-09")
    assert refused.status_code == 400
    assert (
        do(tim, request, "accept", owner=world.tim.pk, promised_on="2018-03-09").status_code == 302
    )
    moved = do(tim, request, "promise", to="2018-03-13", cause="spec", because="New tills")
    assert moved.status_code == 409
    text = moved.content.decode()
    assert "Nobody changed the specification since it was accepted." in text
    assert "New tills</textarea>" in text  # nothing that was written is lost
    assert (
        do(tim, request, "promise", to="2018-03-13", cause="estimate", because="Tills").status_code
        == 302
    )
    TeamRequest.objects.update(impact=3, effort_days=2, priority=1)
    for deed, given in (("start", {}), ("deliver", {"note": "In 4.2"})):
        assert do(tim, request, deed, **given).status_code == 302, deed
    assert do(olga, request, "receive").status_code == 302
    page = olga.get(at("change", request.pk)).content.decode()
    assert "2 working days later" in page
    assert "estimate was wrong" in page
    assert TeamRequest.objects.get().status == "delivered"


def test_a_deed_of_yesterdays_page_is_told_who_was_there(signed_in: SignIn, world: World) -> None:
    request = fix(world)
    moving.ask(request, by=world.olga, at=moment())
    seen = request.edition
    world.edit(request, world.olga, changes={"why": "All coupons are refused."})
    given = {"edition": seen, "owner": world.tim.pk, "promised_on": "2018-03-09"}
    tim = signed_in(world.tim)
    answer = tim.post(at("do", request.pk, "accept"), given)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert f"{world.olga} changed" in text
    assert TeamRequest.objects.get().status == "asked"
    renewed = re.search(r'name="edition" value="(\d+)"[^>]*id="accept-edition"', text)
    assert renewed
    again = tim.post(at("do", request.pk, "accept"), given | {"edition": renewed[1]})
    assert again.status_code == 302


@pytest.mark.parametrize("role", ["operator", "manager", "support"])
def test_a_stranger_finds_nothing_and_changes_nothing(
    signed_in: SignIn, world: World, role: str
) -> None:
    request = fix(world)
    moving.ask(request, by=world.olga, at=moment())
    client = signed_in(world.person(world.support, role))
    assert client.get(at("change", request.pk)).status_code == 404
    assert client.get(at("edit", request.pk)).status_code == 404
    assert client.get(at("revision", request.pk, 1)).status_code == 404
    for deed in DEEDS:
        assert do(client, request, deed, because="x").status_code == 404, deed
    assert TeamRequest.objects.get().status == "asked"


def test_both_sides_agree_and_see_what_moves_out(signed_in: SignIn, world: World) -> None:
    world.tech.days_a_week = 5
    world.tech.save()
    first = world.accepted(days=4, title="Was there first")
    TeamRequest.objects.filter(pk=first.pk).update(impact=2, effort_days=4, priority=2)
    request = world.accepted(days=8, title="Comes in")
    olga, tim = signed_in(world.olga), signed_in(world.tim)
    said = {"priority": 1, "impact": 5, "effort_days": "4"}
    assert do(olga, request, "propose", **said).status_code == 302
    waiting = request.proposals.get()
    assert do(olga, request, "confirm", number=waiting.pk).status_code == 409
    text = tim.get(at("change", request.pk)).content.decode()
    assert "Say yes to it" in text
    assert "Was there first" in text  # it would be done later than promised
    assert do(tim, request, "confirm", number=waiting.pk).status_code == 302
    page = tim.get(at("change", request.pk))
    assert "both agree" in page.content.decode()
    room = next(one for one in page.context["deeds"]["room"] if one.name == "make_room")
    seen = room.form["seen"].value()
    huge = f'{{"{"9" * 5000}": "2018-01-05"}}'
    assert do(tim, request, "make_room", seen=huge, because="More").status_code == 400
    broken = do(tim, request, "make_room", seen='{"x": 1}', because="More for customers")
    assert broken.status_code == 400
    assert do(tim, request, "make_room", seen=seen, because="More for customers").status_code == 302
    slip = first.slips.get()
    assert (slip.cause, slip.displaced_by) == ("capacity", request)
    assert "no capacity" in olga.get(at("change", first.pk)).content.decode()


def test_what_waits_is_named_only_to_who_may_see_it(signed_in: SignIn, world: World) -> None:
    request, first = world.asked(title="Second"), world.asked(title="First one")
    hidden = world.draft(
        title="Secret of support", by=world.sam, from_team=world.support, to_team=world.support
    )
    olga, chief = signed_in(world.olga), signed_in(world.chief)
    for number in (f"#{hidden.pk}", "999999", "x"):
        answer = do(olga, request, "need", needs=number)
        assert answer.status_code == 409, number
        assert "There is no such request." in answer.content.decode()
    assert do(olga, request, "need", needs=f"#{first.pk}").status_code == 302
    circle = do(olga, first, "need", needs=str(request.pk))
    assert "in a circle" in circle.content.decode()
    line = request.needs.get()
    assert do(olga, request, "waive", number=line.pk, because="No").status_code == 409
    assert do(chief, request, "waive", number=line.pk, because="By hand").status_code == 302
    text = olga.get(at("change", request.pk)).content.decode()
    assert "First one" in text
    assert "By hand" in text


def test_a_page_costs_the_same_however_much_happened(
    signed_in: SignIn, world: World, django_assert_max_num_queries: Any
) -> None:
    request = world.accepted()
    for number in range(4):
        world.edit(request, world.olga, changes={"spec": f"Page {number}"}, at=later(number + 1))
        revision = request.revisions.last()
        assert revision
        drafting.cost(revision, days=days("1"), by=world.tim, at=later(number + 1, hour=11))
        talking.comment(request, text=f"Said {number}", by=world.tina, at=later(number + 1))
        other = world.asked(title=f"Before {number}")
        depending.add(request, needs=other, by=world.olga, at=later(number + 1))
        request.refresh_from_db()
    client = signed_in(world.tim)
    with django_assert_max_num_queries(75):
        assert "4 working days later" in client.get(at("change", request.pk)).content.decode()


def test_people_talk_and_files_are_kept_to_be_downloaded(signed_in: SignIn, world: World) -> None:
    request = world.asked()
    olga, tim = signed_in(world.olga), signed_in(world.tim)
    said = f"Is this <b>right</b>, @{world.tim.username}?"
    assert do(olga, request, "say", text=said).status_code == 302
    file = SimpleUploadedFile("plan.csv", b"day,coupons\n2018-03-05,30\n")
    assert do(olga, request, "attach", file=file).status_code == 302
    page = SimpleUploadedFile("page.html", b"<script>1</script>")
    assert do(olga, request, "attach", file=page).status_code == 409
    text = tim.get(at("change", request.pk)).content.decode()
    assert "Is this &lt;b&gt;right&lt;/b&gt;" in text
    assert "plan.csv" in text
    kept = request.files.get()
    answer = tim.get(at("file", request.pk, kept.pk))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert signed_in(world.sam).get(at("file", request.pk, kept.pk)).status_code == 404
    other = world.asked()
    assert tim.get(at("file", other.pk, kept.pk)).status_code == 404
    assert do(tim, request, "remove_file", number=kept.pk).status_code == 409
    assert do(olga, request, "remove_file", number=kept.pk).status_code == 302
    assert not request.files.exists()


def test_what_it_is_about_can_be_said_later_and_every_comment_is_reached(
    signed_in: SignIn, world: World
) -> None:
    request, olga = world.asked(), signed_in(world.olga)
    segment = SegmentFactory.create()
    page = reverse("admin:segments_segment_change", args=[segment.pk])
    assert do(olga, request, "link", address="/admin/nowhere/").status_code == 409
    assert do(olga, request, "link", address=f"http://testserver{page}?tab=x").status_code == 302
    assert request.links.get().subject == segment
    RequestComment.objects.bulk_create(
        RequestComment(request=request, author=world.tim, text=f"Said {n}.", at=moment())
        for n in range(130)
    )
    newest = olga.get(at("change", request.pk)).content.decode()
    assert ("Said 129." in newest, "Said 20." in newest) == (True, False)
    older = re.search(r'href="(\?before=\d+)#talk"', newest)
    assert older
    text = olga.get(at("change", request.pk) + older[1]).content.decode()
    assert ("Said 129." in text, "Said 20." in text, "Said 0." in text) == (False, True, True)


# --- changed --------------------------------------------------------------------


def form_of(client: Client, request: TeamRequest) -> dict[str, Any]:
    """What the form of a request sends when nobody touches it."""
    return sent(client.get(at("edit", request.pk)).context["form"])


def sent(form: Any) -> dict[str, Any]:
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def test_every_change_can_be_read_word_by_word(signed_in: SignIn, world: World) -> None:
    request = fix(world, content=FIX | {"spec": "One\nTwo"})
    client = signed_in(world.olga)
    said = form_of(client, request)
    said["spec"] = said["spec"].replace("\n", "\r\n")  # as browsers send it
    assert client.post(at("edit", request.pk), said).status_code == 302
    assert request.revisions.count() == 1  # nothing differs
    assert client.post(at("edit", request.pk), said | {"why": "All of the coupons are refused."})
    text = client.get(at("revision", request.pk, 2)).content.decode()
    assert "<del>Half</del><ins>All</ins> of the coupons are refused." in text
    assert client.get(at("revision", request.pk, 3)).status_code == 404
    assert "<del>Half</del>" in client.get(at("change", request.pk)).content.decode()


def test_two_who_change_it_at_once_both_keep_their_words(signed_in: SignIn, world: World) -> None:
    request = fix(world)
    olga, otto = signed_in(world.olga), signed_in(world.otto)
    mine, theirs = form_of(olga, request), form_of(otto, request)
    theirs |= {"title": "Take coupons", "why": "Two of three coupons are refused."}
    assert otto.post(at("edit", request.pk), theirs).status_code == 302
    mine |= {"why": "Every coupon is refused.", "details.should": "It is taken at once"}
    met = olga.post(at("edit", request.pk), mine)
    assert met.status_code == 409
    text = met.content.decode()
    assert str(world.otto) in text
    assert "Every coupon is refused.</textarea>" in text
    assert "<ins>Two of three coupons are</ins>" in text or "Two of three" in text
    kept = TeamRequest.objects.get()
    assert (kept.title, kept.why) == ("Take coupons", "Two of three coupons are refused.")
    again = sent(met.context["form"])
    assert again["title"] == "Take coupons"  # only the other one changed it
    assert olga.post(at("edit", request.pk), again).status_code == 302
    kept.refresh_from_db()
    assert (kept.title, kept.why) == ("Take coupons", "Every coupon is refused.")
    assert kept.details["should"] == "It is taken at once"
    assert kept.revisions.count() == 3


def test_the_page_says_what_the_turn_is_for_and_leads_there(
    signed_in: SignIn, world: World
) -> None:
    request = world.accepted()
    catalogue.register({"cart_opened"})
    world.edit(request, world.olga, changes={"spec": "More", "details.event": "cart_opened"})
    tim = signed_in(world.tim)
    page = tim.get(at("change", request.pk))
    assert "cost of a change to be told" in page.context["next"]
    assert 'href="#spec"' in page.content.decode()
    assert "cost of a change to be told" in tim.get(at("changelist")).content.decode()
    shown = dict(page.context["answers"])
    assert shown["Event that shows its use"] == catalogue.titles()["cart_opened"]
    form = tim.get(at("edit", request.pk)).content.decode()
    assert "data-ready" not in form
    asked = world.asked(title="Second")
    agreeing.propose(asked, priority=1, impact=3, effort_days=days("2"), by=world.olga, at=later(1))
    assert 'href="#agreement"' in tim.get(at("change", asked.pk)).content.decode()
