"""Filters of a page that somebody keeps under a name, for themselves or for their team."""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from console import audit
from console.models import SavedView, Staff
from console.states import NotAllowed

MOST = 50  # of one person on one page
LONGEST_NAME, LONGEST_QUERY = 60, 1000
# Where one is in a list, and what a message said, are no part of a view.
LEFT_OUT = {"p", "page", "cursor", "csrfmiddlewaretoken", "_changelist_filters", "_popup"}


@transaction.atomic
def keep(page: str, *, name: str, query: str, by: Staff, is_shared: bool = False) -> SavedView:
    """Keep the filters in `query` of a page (a URL's name); the same name is written over.

    Raises:
        NotAllowed: it has no name, too much in it, or there are too many already.
    """
    called, filters = " ".join(name.split()), tidy(query)
    _require_sense(page, called, filters)
    theirs = SavedView.objects.select_for_update().filter(staff=by, page=page)
    if not theirs.filter(name=called).exists() and theirs.count() >= MOST:
        raise NotAllowed(_("You keep %(most)d views here; remove one first.") % {"most": MOST})
    view, _made = SavedView.objects.update_or_create(
        staff=by,
        page=page,
        name=called,
        defaults={"query": filters, "is_shared": is_shared and by.team_id is not None},
    )
    audit.log("saved_view.kept", view, by=by, page=page, is_shared=view.is_shared)
    return view


@transaction.atomic
def remove(view: SavedView, *, by: Staff) -> None:
    """Forget it.

    Raises:
        NotAllowed: it is somebody else's.
    """
    if view.staff_id != by.pk:
        raise NotAllowed(_("Only who kept a view removes it."))
    audit.log("saved_view.removed", view, by=by, page=view.page)
    view.delete()


def of(staff: Staff, page: str) -> QuerySet[SavedView]:
    """Somebody's own views of a page, and those that colleagues of the team share."""
    theirs = Q(staff=staff)
    if staff.team_id:
        theirs |= Q(is_shared=True, staff__team=staff.team_id, staff__is_active=True)
    found = SavedView.objects.filter(theirs, page=page).select_related("staff")
    return found.order_by("name", "pk")


def tidy(query: str) -> str:
    """A query as it is kept: read and written anew, without the page's number, in one order."""
    given = QueryDict(query.lstrip("?"), mutable=True)
    for name in LEFT_OUT & set(given):
        del given[name]
    pairs = sorted((name, value) for name, values in given.lists() for value in values if value)
    kept = QueryDict(mutable=True)
    for name, value in pairs:
        kept.appendlist(name, value)
    return kept.urlencode()


def address(view: SavedView) -> str:
    """Where the page stands with these filters."""
    try:
        page = reverse(view.page)
    except NoReverseMatch:  # a page that is no more
        page = reverse("admin:index")
    return f"{page}?{view.query}"


def _require_sense(page: str, name: str, filters: str) -> None:
    try:
        reverse(page)
    except NoReverseMatch as problem:
        raise NotAllowed(_("There is no such page.")) from problem
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NotAllowed(_("Give the view a name of at most %(most)d letters.") % {"most": 60})
    if len(filters) > LONGEST_QUERY:
        raise NotAllowed(_("These filters are too long to be kept."))
