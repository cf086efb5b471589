"""The library: ready-made segments by theme, with what they need, how many fit, and “use it”."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from console import clock, figures, formats, roles
from console.states import NotAllowed
from segments import collection, library, membership, ready, tasks, trait_words, vocabulary
from segments.admin import segment_pages
from segments.models import Segment
from segments.rules.nodes import RuleError
from segments.rules.vocabulary import CHOICE, Vocabulary

EVENT, FIELD, WORD = "event:", "field:", "word:"
MOST_VALUES = 200  # that are offered for a word


def urls() -> list[URLPattern]:
    """The addresses, to stand before those of the admin itself."""
    view, name = admin.site.admin_view, "segments_library"
    return [
        path("library/", view(show), name=name),
        path("library/<slug:key>/count/", view(count), name=f"{name}_count"),
        path("library/<slug:key>/use/", view(require_POST(use)), name=f"{name}_use"),
    ]


def show(request: HttpRequest) -> HttpResponse:
    roles.require(request.user, segment_pages.VIEW)
    known = vocabulary.current()
    shelf = library.shelf(known)
    context = {
        **admin.site.each_context(request),
        "opts": Segment._meta,
        "title": _("Library of segments"),
        "themes": [
            _theme(theme, title, [_card(*one) for one in enumerate(shelf[theme], start=1)])
            for theme, title in ready.THEMES.items()
        ],
        "events": sorted((known.titles.get(one, one), one) for one in known.events),
        "fields": sorted(known.profile),
        "traits": _choices(known),
        "values": _values(known),
        "may_change": roles.allows(request.user, collection.ACTION),
    }
    return TemplateResponse(request, "segments/segment/library.html", context)


def _choices(known: Vocabulary) -> list[tuple[str, str]]:
    """The traits of words, each as what may stand for a field, and what it is called."""
    found = [
        (f"{library.TRAIT}{key}", one.label)
        for key, one in known.traits.items()
        if one.kind == CHOICE
    ]
    return sorted(found, key=lambda one: one[1])


def _values(known: Vocabulary) -> list[str]:
    """Values that customers have, of fields and of traits of words."""
    traits = (one.words for one in known.traits.values() if one.kind == CHOICE)
    return sorted({value for some in (*known.profile.values(), *traits) for value in some})[
        :MOST_VALUES
    ]


def _names(given: Any) -> dict[str, str]:
    """What somebody says that things are called here."""
    return {
        name.partition(":")[2]: own
        for name, own in given.items()
        if name.startswith((EVENT, FIELD, WORD)) and own
    }


def _theme(theme: str, title: Any, cards: list[dict[str, Any]]) -> dict[str, Any]:
    """What can be used at once stands before what needs something first."""
    return {
        "title": title,
        "in_order": theme in ready.IN_ORDER,
        "ready": [one for one in cards if one["is_ready"]],
        "waiting": [one for one in cards if not one["is_ready"]],
    }


def _card(place: int, one: library.OnShelf) -> dict[str, Any]:
    return {
        "place": place,
        "one": one,
        "key": one.ready.key,
        "name": str(one.ready.name),
        "events": [(name, ready.EVENTS.get(name, name)) for name in one.events],
        "is_ready": not one.problem,
        "is_mapped": bool(one.events or one.fields or one.words),
    }


def count(request: HttpRequest, key: str) -> HttpResponse:
    """How many fit now, as a part that the page loads; with the names of a form as these say."""
    roles.require(request.user, segment_pages.VIEW)
    if key not in ready.READY:
        raise Http404
    one = library.take(ready.READY[key], vocabulary.current(), _names(request.GET))
    try:
        found = membership.preview(one.rule, day=clock.today())
    except RuleError as problem:
        return HttpResponse(figures.NOTHING, headers={"X-Why": type(problem).__name__})
    share = figures.share(found.count / found.of) if found.of else figures.NOTHING
    said = _("%(count)s customers · %(share)s") % {
        "count": figures.whole(found.count),
        "share": share,
    }
    if not found.count and one.words:
        never = formats.listed(f"{field} = {word}" for field, word in one.words)
        said += " · " + _("hardly anybody has %(words)s") % {"words": never}
    if why := trait_words.valueless(found.valueless):
        said += " · " + why
    return HttpResponse(escape(said))


def use(request: Any, key: str) -> HttpResponse:
    """Make an own segment of it."""
    roles.require(request.user, collection.ACTION)
    try:
        segment = library.use(key, by=request.user, names=_names(request.POST))
    except RuleError as problem:
        messages.error(request, problem.said(_))
    except NotAllowed as problem:
        messages.error(request, str(problem))
    else:
        tasks.recompute_soon(segment)
        messages.success(request, _("It is a segment of yours now; change it as you like."))
        return HttpResponseRedirect(segment_pages.page(segment))
    return HttpResponseRedirect(reverse("admin:segments_library"))
