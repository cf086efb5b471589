"""Views that somebody keeps of a page, for themselves or for the team."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from console import saved_views
from console.models import SavedView, Staff
from console.states import NotAllowed
from tests.factories import StaffFactory, TeamFactory

pytestmark = pytest.mark.django_db
PAGE = "admin:console_workitem_changelist"


def names(staff: Staff) -> list[str]:
    return [one.name for one in saved_views.of(staff, PAGE)]


def test_one_keeps_filters_without_the_page_number_and_writes_over_a_name() -> None:
    anna = StaffFactory.create()
    view = saved_views.keep(
        PAGE, name=" Late  ones ", query="?p=3&state=late&kind=b&kind=a", by=anna
    )
    assert (view.name, view.query) == ("Late ones", "kind=a&kind=b&state=late")
    assert saved_views.address(view) == f"{reverse(PAGE)}?kind=a&kind=b&state=late"
    saved_views.keep(PAGE, name="Late ones", query="state=all", by=anna)
    assert SavedView.objects.get().query == "state=all"


def test_the_team_sees_what_is_shared_and_nobody_else_anything() -> None:
    anna, ben = StaffFactory.create(), StaffFactory.create()
    stranger = StaffFactory.create(team=TeamFactory.create(name="Others"))
    saved_views.keep(PAGE, name="Mine", query="", by=anna)
    shared = saved_views.keep(PAGE, name="Ours", query="state=all", by=anna, is_shared=True)
    assert (names(anna), names(ben), names(stranger)) == (["Mine", "Ours"], ["Ours"], [])
    with pytest.raises(NotAllowed):
        saved_views.remove(shared, by=ben)
    saved_views.remove(shared, by=anna)
    assert names(ben) == []


@pytest.mark.parametrize(
    ("page", "name", "query"),
    [
        ("https://evil.example/", "x", ""),
        ("admin:nothing", "x", ""),
        (PAGE, " ", ""),
        (PAGE, "x" * 61, ""),
        (PAGE, "x", "q=" + "y" * 2000),
    ],
    ids=["elsewhere", "no page", "no name", "long name", "long query"],
)
def test_what_makes_no_view_is_refused(page: str, name: str, query: str) -> None:
    with pytest.raises(NotAllowed):
        saved_views.keep(page, name=name, query=query, by=StaffFactory.create())
    assert not SavedView.objects.exists()


def test_a_view_is_kept_and_removed_by_its_owner_alone(signed_in: Callable[..., Client]) -> None:
    anna = signed_in("operator")
    given = {"page": PAGE, "name": "Late", "query": "state=late", "is_shared": "1"}
    answer = anna.post(reverse("admin:console_savedview_keep"), given)
    assert answer["Location"] == f"{reverse(PAGE)}?state=late"
    view = SavedView.objects.get()
    remove = reverse("admin:console_savedview_remove", args=[view.pk])
    assert signed_in("support").post(remove).status_code == 404
    assert SavedView.objects.exists()
    assert anna.post(remove)["Location"] == reverse(PAGE)
    assert not SavedView.objects.exists()
