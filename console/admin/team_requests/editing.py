"""Writing a request down and changing it; what two change at once stands side by side."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from console import clock, differences, kept_words
from console.about import About, attach
from console.admin.team_requests.request_form import RequestForm, as_text
from console.admin.team_requests.spec_part import said
from console.differences import Part
from console.models import Staff, TeamRequest
from console.team_requests import drafting, kinds, moving
from console.team_requests.keeping import Change

AFTER_YES = ("because", "costs_days")
# What another page may fill in that leads to the form.
GIVEN = ("title", "why", "for_whom", "to_team", *kinds.PROMISE)
ABOUT: dict[str, Any] = {
    "feature": _("Something new that users can do, or can do with less effort."),
    "data": _("Fields, events or files, and what they are used for."),
    "fix": _("What does not do what it should."),
    "creative": _("Pictures, words or pages to be shown somewhere."),
    "analysis": _("A question on whose answer something is decided."),
}


@dataclass(frozen=True)
class Tick:
    """One line of a definition of ready."""

    words: str
    is_there: bool


@dataclass(frozen=True)
class Clash:
    """A field that two changed at once: what the other one wrote, and how a form writes it."""

    name: str
    label: str
    parts: list[Part]  # from mine to theirs
    value: str


@dataclass(frozen=True)
class Other:
    """What somebody else did meanwhile."""

    who: str
    at: dt.datetime
    labels: list[str]


@dataclass(frozen=True)
class Meeting:
    """What a form meets that somebody else's change overtook."""

    form: RequestForm
    others: list[Other]
    clashes: list[Clash]
    taken_over: list[str]  # labels of what only the other one changed


def choices() -> list[tuple[str, str, Any]]:
    """The kinds of requests, each with what it is for."""
    return [(one.value, str(capfirst(one.label)), ABOUT[one.value]) for one in TeamRequest.Kind]


def ready(form: RequestForm) -> list[Tick]:
    """The definition of ready as a list, ticked off by what is filled in."""
    kind = form.kind
    content = form.content() if form.is_bound else begun(form)
    wanting = {one.name: str(one) for one in kinds.missing(kind, content, on=clock.today())}
    needed = dict.fromkeys([one.name for one in kinds.missing(kind, {})]) | dict.fromkeys(wanting)
    ticks = [
        Tick(wanting.get(name) or capfirst(kinds.label(kind, name)), name not in wanting)
        for name in needed
    ]
    return [*ticks, *_whom(form)]


def _whom(form: RequestForm) -> list[Tick]:
    """Whether one said which team is asked, where the form still asks that."""
    if "to_team" not in form.fields:
        return []
    field = form["to_team"]
    given = form.cleaned_data.get("to_team") if form.is_bound else field.value()
    label = str(field.label)
    return [Tick(capfirst(label) if given else kinds.to_say(label), bool(given))]


def is_ready(form: RequestForm, is_asked: bool) -> bool:
    """Whether a team can be asked with it; what is missing is said beside each field."""
    if is_asked:
        for one in kinds.missing(form.kind, form.content(), on=clock.today()):
            form.add_error(one.name if one.name in form.fields else None, one.words)
    return form.is_valid()


def begun(form: RequestForm) -> dict[str, str]:
    """What a form that nobody sent yet begins with, as text."""
    return {
        name: as_text(form.get_initial_for_field(form.fields[name], name)) for name in form.names()
    }


@transaction.atomic
def make(
    form: RequestForm, *, about: About | None = None, by: Staff, is_asked: bool
) -> TeamRequest:
    """A draft from a form, asked at once where one wants it."""
    given, at = form.cleaned_data, clock.now()
    content = form.content()
    made = drafting.make(
        kind=form.kind,
        title=content.pop("title"),
        content=content,
        from_team=given["from_team"],
        to_team=given["to_team"],
        parties=given["parties"],
        once=given["key"],
        by=by,
        at=at,
    )
    if about is not None and not made.links.exists():
        attach(made, about, by=by)
    if is_asked and made.status == TeamRequest.Status.DRAFT:
        moving.ask(made, by=by, at=at)
    return made


@transaction.atomic
def change(request: TeamRequest, form: RequestForm, *, by: Staff) -> None:
    """What a form says otherwise than the request did when it was opened.

    Raises:
        Conflict: somebody else changed it meanwhile.
    """
    given, at, content = form.cleaned_data, clock.now(), form.content()
    names = [name for name in form.changed_data if name in content]
    extra = {name: given[name] for name in AFTER_YES if given.get(name) not in (None, "")}
    drafting.edit(
        request,
        edition=given["edition"],
        changes={name: content[name] for name in names},
        by=by,
        at=at,
        **extra,
    )
    if "to_team" in form.changed_data:
        drafting.readdress(request, to_team=given["to_team"], by=by, at=at)
    if "parties" in form.changed_data:
        drafting.set_parties(request, teams=given["parties"], by=by, at=at)


def initial(request: TeamRequest) -> dict[str, Any]:
    """What a form begins with, in the reader's language."""
    names = [name for name in kinds.LABELS if hasattr(request, name)]
    begun: dict[str, Any] = {name: getattr(request, name) for name in names}
    for one in kinds.fields(request.kind):
        begun[kinds.DETAIL + one.name] = kept_words.said(request.details.get(one.name, ""))
    last = request.revisions.order_by("-number").values_list("number", flat=True).first()
    return begun | {
        "edition": request.edition,
        "began": last or 0,
        "from_team": request.from_team_id,
        "to_team": request.to_team_id,
        "parties": list(request.parties.values_list("pk", flat=True)),
    }


def meet(request: TeamRequest, form: RequestForm, changes: list[Change], *, by: Staff) -> Meeting:
    """The form again over what somebody else wrote meanwhile: theirs beside mine, nothing lost.

    What only they changed is taken over; what both changed stays mine until one takes theirs.
    """
    request.refresh_from_db()
    base = request.revisions.filter(number=form.cleaned_data["began"] or 0).first()
    before = base.content if base else {}
    mine = form.content()
    theirs = {name: said(text) for name, text in kinds.content_of(request).items()}
    fresh = RequestForm(
        kind=request.kind, staff=by, of=request, initial=initial(request), auto_id="%s"
    )
    sent: Any = form.data
    data: QueryDict = sent.copy()
    data["edition"], data["began"] = str(request.edition), str(fresh["began"].value())
    clashes, taken_over = [], []
    for name in mine:
        if mine[name] == theirs[name] or name not in form.fields:
            continue
        was, label = said(before.get(name, "")), capfirst(kinds.label(request.kind, name))
        written = _written(fresh, name)
        if mine[name] == was:
            data[name] = written
            taken_over.append(label)
        elif theirs[name] != was:
            parts = differences.folded(differences.between(mine[name], theirs[name]))
            clashes.append(Clash(name, label, parts, written))
    again = RequestForm(data, kind=request.kind, staff=by, of=request, initial=initial(request))
    again.is_valid()
    others = [
        Other(one.who, one.at, [kinds.label(request.kind, name) for name in one.fields])
        for one in changes
    ]
    return Meeting(again, others, clashes, taken_over)


def _written(form: RequestForm, name: str) -> str:
    """What stands in a field of a form, as the browser sends it."""
    value = form[name].value()
    return "" if value is None else str(value)
