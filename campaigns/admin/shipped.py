"""Screens on which what ships becomes drafts: warnings, journeys, and tests of how often."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import beginnings, recipes
from campaigns.admin.playbook_forms import JourneyForm, MixForm, ShipForm
from campaigns.models import Campaign, Playbook
from campaigns.plans import moments, words
from campaigns.recipes import Journey
from console import kept_words
from console.models import Staff
from console.states import NotAllowed
from segments import catalogue

Screen = Callable[[Any, dict[str, Any]], HttpResponse]
COMES_IN = {
    Campaign.Entry.EVENT: gettext_lazy("when something happens"),
    Campaign.Entry.SEGMENT: gettext_lazy("when one comes into a segment"),
}


def warnings(request: Any, site: dict[str, Any]) -> HttpResponse:
    """The warnings of the field as a playbook, once one says what signing in is here."""
    form = ShipForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        names = {recipes.LOGIN: given["login"], recipes.INTERACTED: given["interacted"]}
        ways = {"link": given["link"], "channel": given["channel"]}
        made = _made(form, beginnings.warnings, names=names, by=request.user, **ways)
        if made:
            return _to(made)
    return _form(request, site, _("Warning and win-back"), form)


def journeys(request: Any, site: dict[str, Any]) -> HttpResponse:
    """Campaigns of steps, each with what it does and whom one wants it for."""
    chosen = recipes.JOURNEYS.get(request.POST.get("journey", ""))
    form = JourneyForm(request.POST, journey=chosen) if chosen else None
    if chosen and form and form.is_valid():
        made = _made(form, beginnings.journey, key=chosen.key, by=request.user, **form.said())
        if made:
            return _to(made)
    cards = [
        _card(one, form if one is chosen else None, request.user)
        for one in recipes.JOURNEYS.values()
    ]
    about = {"title": _("Begin with a journey"), "cards": cards}
    return render(request, "campaigns/journeys.html", site | about)


def _card(journey: Journey, form: forms.Form | None, staff: Staff) -> dict[str, Any]:
    return {
        "key": journey.key,
        "name": kept_words.said(str(journey.name)),
        "quote": kept_words.said(journey.quote),
        "comes_in": _comes_in(journey),
        "leaves_at": [catalogue.titles().get(name, name) for name in journey.leaves_at],
        "lines": beginnings.outline(journey, by=staff),
        "form": form or JourneyForm(journey=journey),
    }


def _comes_in(journey: Journey) -> str:
    if journey.entry == Campaign.Entry.RECURRING:
        return words.every(moments.read(journey.timetable), _)
    return str(COMES_IN[Campaign.Entry(journey.entry)])


def mix(request: Any, site: dict[str, Any]) -> HttpResponse:
    """A test of how often and through which channel, as a draft."""
    form = MixForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        some = given.pop("templates")
        if made := _made(form, beginnings.mix, words=some, by=request.user, **given):
            return _to(made)
    return _form(request, site, _("Try how often, and through which channel"), form)


def _made(form: forms.Form, make: Callable[..., Any], **given: Any) -> Any:
    """What was made; None, and a word in the form, where it was refused."""
    try:
        return make(**given)
    except NotAllowed as problem:
        form.add_error(None, str(problem))
        return None


def _to(made: Campaign | Playbook) -> HttpResponseRedirect:
    name = made._meta.model_name
    return HttpResponseRedirect(reverse(f"admin:campaigns_{name}_change", args=[made.pk]))


def _form(request: HttpRequest, site: dict[str, Any], title: str, form: forms.Form) -> HttpResponse:
    about = {"title": title, "form": form, "button": _("Make it")}
    return render(request, "campaigns/playbook_form.html", site | about)
