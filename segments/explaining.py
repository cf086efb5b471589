"""Why a customer belongs to a segment or does not: each condition with what is so of them."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pyroaring import BitMap

from console import figures, formats
from segments import deeds, looks, sheet, traits, vocabulary
from segments.models import Consent, Customer, Segment, StageSet
from segments.rules import compiler, tree, words
from segments.rules.nodes import (
    AllOf,
    AnyOf,
    Consented,
    DaysSince,
    Did,
    InStage,
    Leaf,
    Not,
    Profile,
    Rule,
    Trait,
)
from segments.rules.vocabulary import DATE, MONEY, Vocabulary
from segments.sources import Sources

EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Part:
    """One part of a rule as it is for a customer; groups come before what is in them."""

    words: str
    holds: bool
    actual: str  # what is so of the customer; empty for groups, and where nothing is to be added
    depth: int
    is_group: bool


@dataclass(frozen=True)
class Explanation:
    """Whether the rule holds for a customer today, part by part."""

    holds: bool
    is_member: bool  # of the computed members, which may be of another day
    parts: tuple[Part, ...]

    @property
    def reasons(self) -> list[Part]:
        """The conditions that decide: those that hold for a member, those that fail for others."""
        return [one for one in self.parts if not one.is_group and one.holds == self.holds]


def explain(segment: Segment, customer: Customer, *, day: dt.date) -> Explanation:
    """Each condition of the segment's rule, with the customer's actual value in words.

    Raises:
        RuleError: the rule speaks of what is no more.
    """
    known = vocabulary.current()
    rule = tree.parse(segment.rule, known)
    sources = Sources(day, known)
    one = BitMap([customer.pk])
    speaker = _Actual(customer, known, day)
    parts = tuple(_parts(rule, sources, one, speaker, 0))
    holds = bool(compiler.evaluate(rule, sources, one) & one)
    return Explanation(holds, customer.pk in segment.members, parts)


def _parts(
    rule: Rule, sources: Sources, one: BitMap, speaker: "_Actual", depth: int
) -> Iterator[Part]:
    holds = bool(compiler.evaluate(rule, sources, one) & one)
    inner, denied = (rule.part, True) if isinstance(rule, Not) else (rule, False)
    if isinstance(inner, AllOf | AnyOf):
        yield Part(_group(inner, denied), holds, "", depth, is_group=True)
        for part in inner.parts:
            yield from _parts(part, sources, one, speaker, depth + 1)
    elif isinstance(inner, Not):  # not (not …): says what is inside
        yield from _parts(inner.part, sources, one, speaker, depth)
    else:
        said = words.clause(rule, speaker.known, _)
        yield Part(said, holds, speaker.of(inner), depth, is_group=False)


def _group(group: AllOf | AnyOf, denied: bool) -> str:
    if isinstance(group, AllOf):
        return _("not all of these") if denied else _("all of these")
    return _("none of these") if denied else _("any of these")


class _Actual:
    """Says what is so of one customer."""

    def __init__(self, customer: Customer, known: Vocabulary, day: dt.date) -> None:
        self.customer, self.known, self.day = customer, known, day
        self._ways: dict[type, Callable[[Any], str]] = {
            Trait: self._trait,
            Profile: self._profile,
            DaysSince: lambda leaf: self._last(leaf.event),
            Did: lambda leaf: self._last(leaf.event),
            InStage: self._stage,
            Consented: self._consent,
        }

    def of(self, leaf: Leaf) -> str:
        say = self._ways.get(type(leaf))
        return say(leaf) if say else ""

    def _trait(self, leaf: Trait) -> str:
        word, pk = self.known.traits[leaf.key], self.customer.pk
        value = traits.of([pk], [leaf.key], day=self.day)[pk].get(leaf.key)
        if value is None:
            return _("not known")
        if word.kind == MONEY:
            return self.known.money(int(value))
        if word.kind == DATE:
            return date_format(value, "Y-m-d")
        if isinstance(value, str):
            return word.words.get(value, value)
        return f"{figures.number(value)} {word.unit}".strip()

    def _profile(self, leaf: Profile) -> str:
        told = looks.attributes(self.customer.attributes)
        return looks.as_text(told[leaf.key]) if leaf.key in told else _("not known")

    def _last(self, event: str) -> str:
        days = self._days(event)
        if not days:
            return _("never did it")
        ago = (self.day - days[-1]).days
        when = ngettext("%(count)d day ago", "%(count)d days ago", ago) % {"count": ago}
        if ago == 0:
            when = _("today")
        return _("first on %(first)s, last on %(last)s: %(when)s") % {
            "first": days[0],
            "last": days[-1],
            "when": when,
        }

    def _days(self, event: str) -> list[dt.date]:
        """The first and the last day: from columns, or of a rare event from the day sets."""
        keys, pk = (f"first:{event}", f"last:{event}"), self.customer.pk
        if len(sheet.versions(keys)) < len(keys):
            return deeds.days_of(pk, event, self.day)
        known = sheet.of([pk], keys)[pk]
        return [EPOCH + dt.timedelta(days=_whole(known[key])) for key in keys if key in known]

    def _stage(self, leaf: InStage) -> str:
        stage_set = StageSet.objects.get(key=leaf.stage_set)
        standing, since = f"stage:{stage_set.pk}", f"since:{stage_set.pk}"
        known = sheet.of([self.customer.pk], [standing, since])[self.customer.pk]
        stage = stage_set.stages.filter(pk=_whole(known.get(standing))).first()
        if stage is None:
            return _("in no stage")
        if since not in known:
            return str(stage)
        day = EPOCH + dt.timedelta(days=_whole(known[since]))
        return _("%(stage)s since %(since)s") % {"stage": stage, "since": day}

    def _consent(self, leaf: Consented) -> str:
        found = Consent.objects.filter(
            customer=self.customer, channel=leaf.channel, purpose=leaf.purpose
        ).first()
        if found is None:
            return _("never asked")
        said = _("agreed on %(day)s") if found.granted else _("said no on %(day)s")
        return said % {"day": date_format(found.at, "Y-m-d")}


def _whole(value: Any) -> int:
    return 0 if value is None else int(value)


# --- in one line ----------------------------------------------------------------


def because(explanation: Explanation) -> str:
    """Why, in one line: the conditions that decide."""
    return formats.listed(
        _("%(words)s (%(actual)s)") % {"words": one.words, "actual": one.actual}
        if one.actual
        else one.words
        for one in explanation.reasons
    ) or (_("everybody belongs") if explanation.holds else figures.NOTHING)
