"""Content: which pieces are seen, and what is done with them (R47, R54, R98)."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from console import charts, figures, jobs
from metrics import answers
from metrics.answers import Fresh, Question
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.reports import events, fields
from metrics.reports.fields import Field, Options, Settings
from metrics.reports.parts import COUNT, DAY, NUMBER, SHARE, TEXT, Column, Part
from metrics.reports.report import Report
from metrics.stats import differences
from metrics.stats.samples import Proportion
from segments import catalogue
from segments.models import EventProperty, Thing

DRAWN, SHOWN = 15, 100
HOT = 10  # pieces that lead
LONGEST = 60
UNREADABLE = frozenset('"\\\0')
# What tracking plans usually call a piece, and where it belongs.
PIECES = (
    *("content_id", "article_id", "article", "post_id", "video_id", "title", "content"),
    *("product_id", "item_id", "sku", "product", "item", "page"),
)
NAMES = ("name", "title", "item_name", "product_name")  # of an item, as senders tell it
COLUMNS = ("column", "section", "category", "item_category", "topic")


class Content(Report):
    kind = Kind.CONTENT
    icon = "article"
    sentence = gettext_lazy("Which articles or products are seen most, and what is done with them?")

    def read(self, given: Mapping[str, Any]) -> Settings:
        seen = events.known(given.get("seen", ""), catalogue.titles())
        offered = _properties(seen) if seen else []
        piece = _chosen(given.get("piece"), offered, PIECES) or (offered[0] if offered else "")
        rest = [one for one in offered if one != piece]
        return {
            "seen": seen,
            "piece": piece,
            "column": ""
            if given.get("column") == "-"
            else _chosen(given.get("column"), rest, COLUMNS),
            **events.read_days(given),
        }

    def missing(self, settings: Settings) -> str:
        if not settings["seen"]:
            return _("Choose the event of somebody who sees a piece, such as an article.")
        if not settings["piece"]:
            return _("This event has no property that could name what is seen.")
        return ""

    def fields(self, settings: Settings) -> list[Field]:
        kinds = [("", "–"), *events.kinds()]
        seen = Field("seen", _("What is seen"), "choice", settings["seen"], kinds)
        return [seen, *self._named(settings), *events.day_fields(settings)]

    def _named(self, settings: Settings) -> list[Field]:
        """The properties of the chosen event; before there is one, nothing is to be chosen."""
        names = _properties(settings["seen"]) if settings["seen"] else []
        if not names:
            return []
        offered: Options = [(one, one) for one in names]
        columns: Options = [("-", "–"), *((x, x) for x in names if x != settings["piece"])]
        return [
            Field("piece", _("Property that names it"), "choice", settings["piece"], offered),
            Field("column", _("Where it belongs"), "choice", settings["column"] or "-", columns),
        ]

    def address(self, settings: Settings) -> str:
        return fields.query({**settings, "column": settings["column"] or "-"})

    def question(self, settings: Settings) -> Question:
        return Question(self.kind.value, events.dated(settings))

    # --- answering ------------------------------------------------------------

    def version(self, question: Question) -> str:
        since, until = events.days(question.about)
        before = _before(since, until)
        return events.version({**question.about, "since": before.isoformat()}, until)

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        from metrics.queries import pieces  # heavy: not in the web process

        about, now = question.about, self.version(question)
        since, until = events.days(about)
        naming = _naming(about["piece"])
        found = pieces.read(
            about["seen"],
            naming,
            about["piece"],
            about["column"],
            since=since,
            until=until,
            before=_before(since, until),
        )
        data = {
            "pieces": [[_short(name), _short(at), *rest] for name, at, *rest in found.rows],
            "columns": [[_short(at), *rest] for at, *rest in found.columns],
            "whole": found.whole,
            "tells": len(naming) > 1,
            "days": [
                [day.isoformat(), *rest] for day, *rest in _each_day(found.days, since, until)
            ],
        }
        return Fresh(answers.as_json(data), until, now)

    # --- showing --------------------------------------------------------------

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        assert answer.data is not None
        said = answers.from_json(answer.data)
        since, until = events.days(events.dated(settings))
        back = (since - _before(since, until)).days
        called = _called([one[0] for one in said["pieces"][:SHOWN]], settings["piece"])
        parts = [_pieces(said, called, bool(settings["column"]), back)]
        parts += [_columns(said, back)] if settings["column"] else []
        return [*parts, _days(said)]


def _properties(event: str) -> list[str]:
    """The properties of a kind of event, those that most of its events have first.

    None whose name no path into JSON can hold: senders may call a property anything.
    """
    rows = EventProperty.objects.filter(event_type__name=event)
    names = rows.order_by("-volume", "name").values_list("name", flat=True)
    return [one for one in names if UNREADABLE.isdisjoint(one)]


def _naming(piece: str) -> list[str]:
    """The kinds of events that say which piece they are about."""
    rows = EventProperty.objects.filter(name=piece, event_type__taken_as=None)
    return sorted(rows.values_list("event_type__name", flat=True))


def _chosen(asked: Any, offered: Sequence[str], usual: Sequence[str]) -> str:
    if str(asked) in offered:
        return str(asked)
    return next((one for one in usual if one in offered), "")


def _before(since: dt.date, until: dt.date) -> dt.date:
    """What was seen in as many days before is not new."""
    return since - (until - since) - events.A_DAY


def _each_day(
    told: Sequence[Sequence[Any]], since: dt.date, until: dt.date
) -> list[tuple[dt.date, int, int]]:
    """A day on which nobody saw anything is one with 0, not one that is left out."""
    if not told:
        return []
    known = {day: (readers, doers) for day, readers, doers in told}
    days = (since + events.A_DAY * n for n in range((until - since).days + 1))
    return [(day, *known.get(day, (0, 0))) for day in days]


def _called(keys: Sequence[str], piece: str) -> dict[str, str]:
    """What pieces are called where senders told it of the items, by their keys."""
    kinds = {piece, piece.removesuffix("_id")}
    things = Thing.objects.filter(kind__in=kinds, key__in=keys).values_list("key", "attributes")
    named = {key: next((said[one] for one in NAMES if said.get(one)), "") for key, said in things}
    return {key: f"{_short(str(name))} ({key})" for key, name in named.items() if name}


def _short(text: str | None) -> str:
    return "" if text is None else text[:LONGEST]


def _pieces(
    said: Mapping[str, Any], called: Mapping[str, str], has_columns: bool, back: int
) -> Part:
    rows = [[called.get(one[0], one[0]), *one[1:]] for one in said["pieces"]]
    _places, many, views = _whole(said)
    columns = [Column(_("Piece"), TEXT)]
    columns += [Column(_("Where it belongs"), TEXT)] if has_columns else []
    columns += [Column(_("Customers who saw it")), Column(_("Times seen"))]
    columns += [Column(_("Did more with it")), Column(_("Share who did"), SHARE)]
    columns += [Column(_("at least"), SHARE), Column(pgettext("of content", "New"), TEXT)]
    drawn = rows[:DRAWN]
    return Part(
        "pieces",
        _("Seen most"),
        columns,
        [_piece(one, has_columns, said["tells"]) for one in rows[:SHOWN]],
        charts.bars(
            [one[0] for one in drawn],
            [one[2] for one in drawn],
            name=_("Customers who saw it"),
            unit=charts.unit("customers"),
            lying=True,
        ),
        definition=_(
            "Did more: any other event that names the same piece, by a customer who saw it. “At "
            "least” is the lower bound of the share (Wilson, 95 %%): a piece that few saw does not "
            "lead by chance. New: not seen in the %(days)d days before."
        )
        % {"days": back},
        note=" ".join(filter(None, [_leading(rows, views, many), _untold(said)])),
        size="tall",
        empty=_("Nothing was seen on these days."),
    )


def _whole(said: Mapping[str, Any]) -> tuple[int, int, int]:
    """The places, pieces and views of all; an answer of before has a row of each place."""
    if "whole" in said:
        places, pieces, views = said["whole"]
        return places, pieces, views
    rows = said["columns"]
    return len(rows), sum(one[1] for one in rows), sum(one[4] for one in rows)


def _leading(rows: Sequence[Sequence[Any]], views: int, many: int) -> str:
    """How much the first few have of everything; of few pieces that would say nothing."""
    if many <= HOT or not views:
        return ""
    share = sum(sorted((one[3] for one in rows), reverse=True)[:HOT]) / views
    said = {"hot": HOT, "many": figures.whole(many), "share": figures.share(share)}
    return _("The first %(hot)d of %(many)s pieces have %(share)s of the times.") % said


def _untold(said: Mapping[str, Any]) -> str:
    """Nobody did more where nothing would tell it; that is not the same as 0 %."""
    if said["tells"]:
        return ""
    return _("No other event has this property, so nothing tells what else was done with a piece.")


def _piece(one: Sequence[Any], has_columns: bool, tells: bool) -> list[Any]:
    name, at, readers, views, doers, _deeds, before = one
    bounds = differences.wilson(Proportion(readers, doers)) if tells else None
    return [
        name,
        *([at] if has_columns else []),
        readers,
        views,
        doers if tells else None,
        doers / readers if tells else None,
        bounds.low if bounds else None,
        "" if before else pgettext("of content", "new"),
    ]


def _columns(said: Mapping[str, Any], back: int) -> Part:
    columns = [Column(_("Where it belongs"), TEXT), Column(_("Pieces")), Column(_("Of them new"))]
    columns += [Column(_("Times seen")), Column(_("Times a piece"), NUMBER)]
    columns += [Column(_("Share who did"), SHARE)]
    nowhere = pgettext("of content", "nowhere")
    named = [[one[0] or nowhere, *one[1:]] for one in said["columns"]]
    return Part(
        "columns",
        _("By where it belongs"),
        columns,
        [
            [at, pieces, new, views, views / pieces, doers / readers if said["tells"] else None]
            for at, pieces, new, readers, views, doers, _deeds in named
        ],
        charts.bars(
            [one[0] for one in named[:DRAWN]],
            [one[4] for one in named[:DRAWN]],
            name=_("Times seen"),
            unit=charts.unit("count"),
            lying=True,
        ),
        definition=_(
            "Pieces that were seen on these days; new ones were not in the %(days)d days before. "
            "The share is of all who saw a piece and did more with it, each piece for itself."
        )
        % {"days": back},
        note=_left_out(len(named), _whole(said)[0]),
    )


def _left_out(told: int, there: int) -> str:
    if told >= there:
        return ""
    words = _("Only the %(told)s of which most is seen are told, of %(there)s.")
    return words % {"told": figures.whole(told), "there": figures.whole(there)}


def _days(said: Mapping[str, Any]) -> Part:
    days = [dt.date.fromisoformat(one[0]) for one in said["days"]]
    readers = [one[1] for one in said["days"]]
    doers = [one[2] if said["tells"] else None for one in said["days"]]
    shares = [
        did / saw if did is not None and saw else None
        for saw, did in zip(readers, doers, strict=True)
    ]
    columns = [Column(_("Day"), DAY), Column(_("Customers who saw something"), COUNT)]
    columns += [Column(_("Did more")), Column(_("Share who did"), SHARE)]
    drawn = (
        charts.lines(days, {_("Share who did"): shares}, unit=charts.unit("share"))
        if said["tells"]
        else charts.lines(days, {str(columns[1].label): readers}, unit=charts.unit("customers"))
    )
    return Part(
        "days",
        _("Day by day"),
        columns,
        [list(row) for row in zip(days, readers, doers, shares, strict=True)][::-1],
        drawn,
        definition=_("Of the customers who saw any piece on a day, those who did more that day."),
    )
