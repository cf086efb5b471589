"""The portrait of a segment: what its customers are like beside everybody, and what stands out."""

from typing import Any

from django.contrib import admin
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from console import audit, charts, clock, figures, roles
from segments import composition, scorings, trait_words, traits
from segments.admin import segment_facts, segment_pages, segment_report, trait_charts
from segments.composition import Composition, Part, Spread
from segments.models import Segment
from segments.rules import tree

KINDS = ("csv", "xlsx")


def urls() -> list[URLPattern]:
    """The address, to stand before those of the admin itself."""
    view = admin.site.admin_view
    return [path("<int:pk>/portrait/", view(show), name="segments_segment_portrait")]


def show(request: Any, pk: int) -> HttpResponse:
    """Each main trait beside everybody, and more that are asked for by `t`; also as a file."""
    roles.require(request.user, segment_pages.VIEW)
    segment = get_object_or_404(Segment.objects.defer("members"), pk=pk)
    known = traits.registry()
    asked = [key for key in request.GET.getlist("t") if key in known]
    keys = composition.shown(known, asked)
    found = composition.of(segment, keys, traits.as_of() or clock.today())
    said = Said(known)
    if (kind := request.GET.get("as")) in KINDS:
        audit.log("segment.portrayed", segment, by=request.user, format=kind)
        return segment_report.file(said.rows(found), f"portrait-{pk}-{found.day}", str(kind))
    context = {
        **admin.site.each_context(request),
        "opts": Segment._meta,
        "original": segment,
        "title": _("Portrait of “%(name)s”") % {"name": segment},
        "segment": segment,
        "freshness": segment_facts.freshness(segment, clock.today()),
        "day": found.day,
        "size": figures.whole(found.size),
        "share": segment_facts.share_of(found.size, found.everyone),
        "apart": [said.apart(one, segment) for one in found.apart],
        "charts": [said.chart(one) for one in found.spreads],
        "asked": asked,
        "offered": [(key, one.label) for key, one in known.items() if key not in keys],
        "back": segment_pages.page(segment),
        "large": round(100 * composition.LARGE),
    }
    return TemplateResponse(request, "segments/segment/portrait.html", context)


class Said:
    """What was found in words, in the reader's language."""

    def __init__(self, known: dict[str, traits.Trait]) -> None:
        self.known = known
        self.called = scorings.labels()
        self.currency = clock.project().currency

    def name(self, spread: Spread) -> str:
        """What the trait is called."""
        return _("stage") if spread.key == composition.STAGE else str(self.known[spread.key].label)

    def label(self, spread: Spread, part: Part) -> str:
        """What the value, or the step of values, is called."""
        if part.bin.word:
            return self.called.get(spread.key, {}).get(part.bin.word) or part.bin.word
        trait = self.known[spread.key]
        if trait.kind == traits.CHOICE:
            return _("others")
        return trait_charts.label(trait, part.bin, self.currency)

    def apart(self, spread: Spread, segment: Segment) -> dict[str, Any]:
        """The largest difference of a trait."""
        part = spread.widest
        assert part is not None
        return {
            "anchor": _id(spread),
            "name": self.name(spread),
            "label": self.label(spread, part),
            "share": figures.share(part.share),
            "usual": figures.share(part.usual),
            "difference": figures.points(part.difference),
            "times": _times(part),
            "is_asked": spread.key in tree.traits_in(segment.rule),
        }

    def chart(self, spread: Spread) -> charts.Chart:
        """Two bars a value: of the segment, and of all customers."""
        labels = [self.label(spread, one) for one in spread.parts]
        series = {
            _("the segment"): [one.share for one in spread.parts],
            _("all customers"): [one.usual for one in spread.parts],
        }
        columns = [_("Value"), _("Customers"), _("Of the segment"), _("Of all customers")]
        columns += [_("Difference"), _("Remark")]
        rows = [
            [
                label,
                figures.whole(one.theirs),
                figures.share(one.share),
                figures.share(one.usual),
                figures.points(one.difference) if one.share is not None else figures.NOTHING,
                _("large") if one.is_large else "",
            ]
            for label, one in zip(labels, spread.parts, strict=True)
        ]
        return charts.Chart(
            id=_id(spread),
            title=self.name(spread),
            definition=self._definition(spread),
            option=charts.grouped(labels, series, unit=charts.unit("share"), lying=True),
            columns=columns,
            rows=rows if spread.known else [],
            note=self._note(spread),
            size="tall" if len(labels) > 5 else "",
            empty=_("It is not known of anybody in the segment."),
        )

    def _definition(self, spread: Spread) -> str:
        if spread.key == composition.STAGE:
            return _("Where customers stand in the default set of stages.")
        return str(self.known[spread.key].definition)

    def _note(self, spread: Spread) -> str:
        words = _("Known of %(known)s in the segment and of %(all)s of all customers.") % {
            "known": figures.whole(spread.known),
            "all": figures.whole(spread.known_of_all),
        }
        if spread.middle is None or spread.usual_middle is None:
            return words
        trait = self.known[spread.key]
        theirs, usual = (
            trait_words.value(trait, trait_charts.plain(trait, value), self.currency)
            for value in (spread.middle, spread.usual_middle)
        )
        halves = _("Half of the segment is at most %(theirs)s, half of all customers %(usual)s.")
        return f"{words} {halves % {'theirs': theirs, 'usual': usual}}"

    def rows(self, found: Composition) -> list[list[Any]]:
        """A line a value, for a spreadsheet."""
        headings = [_("Trait"), _("Value"), _("As of"), _("Customers"), _("Of the segment")]
        headings += [_("All customers"), _("Of all customers"), _("Difference"), _("Remark")]
        lines = [
            [
                *(self.name(spread), self.label(spread, one), str(found.day)),
                *(one.theirs, _round(one.share), one.everybodys, _round(one.usual)),
                _round(one.difference if one.share is not None else None),
                _("large") if one.is_large else "",
            ]
            for spread in found.spreads
            for one in spread.parts
        ]
        return [headings, *lines]


def _id(spread: Spread) -> str:
    return f"portrait-{spread.key}"


def _round(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _times(part: Part) -> str:
    """How many times as frequent, where that is a number that says something."""
    if part.times is None or not part.share:
        return ""
    return _("%(times)s times as frequent") % {"times": figures.number(part.times, digits=1)}
