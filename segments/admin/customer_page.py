"""What the page of one customer shows, as its templates want it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR

from console import clock, figures, formats, roles
from segments import (
    consent,
    corrections,
    erasure,
    looks,
    notes,
    portrait,
    profile_words,
    scorings,
    standing,
    tags,
    timeline,
    traits,
)
from segments.admin import segment_facts
from segments.models import (
    ConsentChange,
    Customer,
    CustomerNote,
    EventType,
    Merge,
    StageSet,
)
from segments.rules.vocabulary import unit_of

CHANGE = corrections.ACTION
MOST_MOVES, MOST_CHANGES = 60, 50
SCORES = ("r_score", "f_score", "m_score")  # stand apart
TELLING = (
    *("recency_days", "tenure_days", "orders", "orders_90d", "monetary_minor"),
    *("average_order_minor", "active_days_30d", "activity_change", "favourite_department"),
    *("promotion_response", "value_score", "value_tier", "potential", "cluster"),
)


def context(staff: Any, customer: Any) -> dict[str, Any]:
    """Everything but what is loaded after the page: events, and what they tell."""
    project = clock.project()
    known = traits.of([customer.pk])[customer.pk]
    may_read_notes = roles.allows(staff, looks.ACTION)
    return {
        **who(staff, customer, shown=False),
        "title": f"#{customer.pk}",
        "original": customer,  # who is called by the number alone
        **_parted(known, project.currency),
        "as_of": traits.as_of(),
        "worth": portrait.worth(known),
        "scores": _scores(known),
        "standing": _stages(customer),
        "segments": portrait.segments_of(customer),
        **tagged(staff, customer),
        "consents": _matrix(customer),
        "consent_changes": _changes(customer),
        "channels": consent.CHANNELS,
        "purposes": consent.PURPOSES,
        "notes": notes.of(customer)[:50] if may_read_notes else None,
        "note_kinds": CustomerNote.Kind.choices,
        "longest_note": notes.LONGEST,
        "merges": _merges(customer),
        "event_types": EventType.objects.order_by("name"),
        "may_change": roles.allows(staff, CHANGE),
        "messages_link": _messages(customer) if roles.allows(staff, "messages.view") else "",
        "policy_link": _above("admin:campaigns_contactpolicy_of", customer)
        if roles.allows(staff, "policy.view")
        else "",
        "work_link": _above("admin:console_workitem_of_customer", customer),
        "coupons_link": _above("admin:campaigns_coupon_of", customer)
        if roles.allows(staff, "coupons.view")
        else "",
        "growth_link": _above("admin:campaigns_playbook_standing", customer),
        "lifetime_link": _above("admin:metrics_lifetimemodel_of", customer),
    }


def tagged(staff: Any, customer: Customer) -> dict[str, Any]:
    """The customer's tags, and those that one may give or take."""
    theirs = tags.of(customer)
    return {
        "tags": [
            {
                "tag": tag,
                "color": segment_facts.color(tag),
                "may": roles.may_change(staff, tag, tags.ACTION),
            }
            for tag in theirs
        ],
        "tags_offered": tags.offered(staff, besides=theirs),
        "may_tag": roles.allows(staff, tags.ACTION),
    }


def who(staff: Any, customer: Customer, *, shown: bool) -> dict[str, Any]:
    """Who it is: names and addresses masked, until somebody who may see them asks."""
    may_see = roles.allows(staff, looks.ACTION)
    shown = shown and may_see
    return {
        "customer": customer,
        "shown": shown,
        "may_see": may_see,
        "who": _named(looks.who(customer, shown=shown)),
        "seen": corrections.version(customer) if shown else "",
        "may_request": roles.allows(staff, erasure.REQUEST),
        "may_correct": shown and roles.allows(staff, CHANGE),
        "editable": [(name, looks.as_text(value)) for name, value in customer.attributes.items()],
    }


def _named(who: looks.Who) -> looks.Who:
    """The same with its fields in the reader's language."""
    said = profile_words.label
    return replace(
        who,
        plain=[(said(name), value) for name, value in who.plain],
        lists=[(said(name), values) for name, values in who.lists],
        nested=[(said(name), parts) for name, parts in who.nested],
    )


# --- correcting -------------------------------------------------------------


def corrected(given: QueryDict, customer: Customer) -> dict[str, Any]:
    """The fields as somebody wrote them into the form; a field that was not sent stays."""
    values: dict[str, Any] = {
        field: given[field] for field in ("name", "email", "phone", "language") if field in given
    }
    names, texts = given.getlist("attribute"), given.getlist("value")
    if names:
        pairs = zip(names, texts, strict=False)
        values["attributes"] = {
            name.strip(): _read(text, customer.attributes.get(name.strip()))
            for name, text in pairs
            if name.strip() and text.strip()
        }
    return values


def _read(text: str, was: Any) -> Any:
    """A value as it was written: text stays text, numbers and lists stay what they were."""
    if text == looks.as_text(was):
        return was
    if was is None or isinstance(was, str):
        return text.strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()


# --- value ------------------------------------------------------------------


def _traits(
    registry: Iterable[traits.Trait], known: Mapping[str, Any], currency: str
) -> list[dict[str, Any]]:
    """Each trait that is known with its value, as it is shown, and its unit."""
    shown, titles = [], scorings.labels() if known else {}
    for one in registry:
        if one.key not in known:
            continue
        value = known[one.key]
        words = titles.get(one.key, {}).get(str(value), value)
        if one.kind == traits.MONEY:
            words = figures.money(value, currency)
        elif isinstance(value, float):
            words = figures.number(value)
        unit = "" if one.kind == traits.MONEY else unit_of(value, str(one.unit))
        shown.append({"trait": one, "value": words, "unit": unit})
    return shown


def _parted(known: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The traits that tell most, all others, and the names of those that are not known."""
    registry = [one for one in traits.registry().values() if one.key not in SCORES]
    shown = _traits(registry, known, currency)
    return {
        "traits": [one for one in shown if one["trait"].key in TELLING],
        "more_traits": [one for one in shown if one["trait"].key not in TELLING],
        "unknown_traits": formats.listed(one.label for one in registry if one.key not in known),
    }


def _scores(known: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"letter": letter.upper(), "value": known.get(f"{letter}_score"), "trait": one}
        for letter, one in ((letter, traits.SHIPPED[f"{letter}_score"]) for letter in "rfm")
    ]


# --- where they stood -------------------------------------------------------


def _stages(customer: Customer) -> list[dict[str, Any]]:
    """Each stage set in use with where the customer stands, the default first."""
    sets = list(StageSet.objects.filter(archived_at=None))
    now = standing.of([customer.pk], sets)[customer.pk]
    shown = [one for one in sets if one.pk in now or one.is_default]
    return [{"set": one, "now": now.get(one.pk)} for one in shown]


def moves(customer: Customer) -> list[dict[str, Any]]:
    """Each stage set with how the customer moved in it, the newest move first."""
    found: dict[StageSet, list[standing.Move]] = {}
    for move in standing.moves_of([customer.pk], MOST_MOVES):
        found.setdefault(move.stage_set, []).append(move)
    ordered = sorted(found, key=lambda one: (not one.is_default, one.key))
    return [{"set": one, "moves": found[one]} for one in ordered]


def _merges(customer: Customer) -> list[Merge]:
    """Who was found to be this customer, and what is still to be looked at."""
    about = Q(kept=customer) | Q(absorbed=customer)
    return list(Merge.objects.filter(about).select_related("by").order_by("-pk")[:20])


def _messages(customer: Customer) -> str:
    """Where the part with this customer's messages comes from."""
    return _above("admin:campaigns_message_of", customer)


def _above(name: str, customer: Customer) -> str:
    """Where a part of the page comes from that a room above has."""
    try:
        return reverse(name, args=[customer.pk])
    except NoReverseMatch:  # segments stand without what is above
        return ""


# --- what they agreed to ----------------------------------------------------


def _matrix(customer: Customer) -> dict[str, Any]:
    """Consents as a table: a row a purpose, a column a channel."""
    kept = {(one.purpose, one.channel): one for one in customer.consents.all()}
    channels = sorted({channel for _purpose, channel in kept})
    purposes = sorted({purpose for purpose, _channel in kept})
    return {
        "channels": [consent.CHANNELS.get(channel, channel) for channel in channels],
        "rows": [
            {
                "purpose": consent.PURPOSES.get(purpose, purpose),
                "cells": [kept.get((purpose, channel)) for channel in channels],
            }
            for purpose in purposes
        ],
    }


def _changes(customer: Customer) -> list[dict[str, Any]]:
    """Every decision, also those that came with somebody merged into this customer."""
    whose = Q(customer=customer) | Q(customer__merged_into=customer)
    return [
        {
            "change": one,
            "channel": consent.CHANNELS.get(one.channel, one.channel),
            "purpose": consent.PURPOSES.get(one.purpose, one.purpose),
        }
        for one in ConsentChange.objects.filter(whose)[:MOST_CHANGES]
    ]


# --- what they do -----------------------------------------------------------


def events(page: timeline.Page, customer: Customer, event: str) -> dict[str, Any]:
    """A page of events, each with its title; what tells how to reach somebody is masked."""
    names = {entry.name for entry in page.entries}
    titles = {one.name: one.label for one in EventType.objects.filter(name__in=names)}
    return {
        "rows": [
            {
                "entry": entry,
                "title": titles.get(entry.name, entry.name),
                "facts": [
                    (name, looks.as_text(value))
                    for name, value in looks.masked(entry.properties).items()
                ],
                "more": len(entry.facts) - 3,
            }
            for entry in page.entries
        ],
        "next": page.next,
        "event": event,
        "customer": customer,
        "zone": clock.zone(),
    }


def doings(found: portrait.Doings) -> dict[str, Any]:
    """Interests, habits and origins; the heat map as rows of cells."""
    cells, most = found.habits.cells, max(found.habits.cells.values(), default=0)
    return {
        "doings": found,
        "days": portrait.DAYS,
        "hours": range(24),
        "week": [
            {
                "name": WEEKDAYS_ABBR[weekday],
                "cells": [_cell(cells, weekday, hour, most) for hour in range(24)],
                "total": sum(cells.get((weekday, hour), 0) for hour in range(24)),
            }
            for weekday in range(7)
        ],
        "weekday": None if found.habits.weekday is None else WEEKDAYS[found.habits.weekday],
    }


def _cell(cells: Mapping[tuple[int, int], int], weekday: int, hour: int, most: int) -> Any:
    count = cells.get((weekday, hour), 0)
    return {"count": count, "heat": round(15 + 85 * count / most) if count else 0}
