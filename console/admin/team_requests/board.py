"""The board: requests by status, and where each may be moved by whom."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Prefetch, prefetch_related_objects
from django.http import QueryDict
from django.utils.translation import gettext as _

from console.admin.team_requests import deeds
from console.admin.team_requests.filters import Filters
from console.admin.team_requests.listing import without
from console.admin.team_requests.standing import Stand
from console.models import RequestTurn, TeamRequest
from console.models.team_request import PRESSING
from console.states import NotAllowed

Status = TeamRequest.Status
A_COLUMN = 15  # cards; the list has the others
COLUMNS = (
    Status.DRAFT,
    Status.ASKED,
    Status.ACCEPTED,
    Status.STARTED,
    Status.DELIVERED,
    Status.JUDGED,
)
# Which deed takes a card from one column to another; `deeds` says who may and what it asks.
MOVES: dict[tuple[str, str], str] = {
    (Status.DRAFT, Status.ASKED): "ask",
    (Status.ASKED, Status.ACCEPTED): "accept",
    (Status.ASKED, Status.DRAFT): "send_back",
    (Status.ACCEPTED, Status.STARTED): "start",
    (Status.STARTED, Status.ACCEPTED): "put_back",
    (Status.STARTED, Status.DELIVERED): "deliver",
    (Status.DELIVERED, Status.STARTED): "give_back",
    (Status.DELIVERED, Status.JUDGED): "judge",
}


@dataclass(frozen=True)
class Move:
    """A column that a card may be brought to."""

    to: str
    label: str
    value: str  # what the button sends


@dataclass(frozen=True)
class Card:
    """A request on the board."""

    request: Any
    is_late: bool
    turn: RequestTurn | None
    moves: list[Move]

    # Django's own way to these words translates all choices each time.

    @property
    def kind(self) -> Any:
        return TeamRequest.Kind(self.request.kind).label

    @property
    def holding(self) -> Any:
        return self.turn.what_for if self.turn else ""


@dataclass(frozen=True)
class Column:
    """A status with what stands there, and how many there are in all."""

    status: str
    label: str
    cards: list[Card]
    count: int
    kept: str  # the query by which the list shows them all

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.cards)


def columns(filters: Filters, *, asked: QueryDict, at: Any) -> list[Column]:
    """What was found, by status; six questions for the cards and two for all of them."""
    rows = filters.qs
    counted = rows.order_by().values_list("status").annotate(n=Count("pk"))
    counts: dict[str, int] = dict(counted)
    found = {status: list(_cards_of(rows, status)) for status in COLUMNS if counts.get(status)}
    turns = RequestTurn.objects.filter(until=None).select_related("team")
    everything = [one for cards in found.values() for one in cards]
    prefetch_related_objects(everything, Prefetch("turns", turns, to_attr="open_turns"))
    others = without(asked, "page", "status")
    return [
        Column(
            status=status,
            label=str(status.label),
            cards=[_card(Stand(one, filters.staff, at), filters) for one in found.get(status, [])],
            count=counts.get(status, 0),
            kept="&".join(filter(None, [others, f"status={status}"])),
        )
        for status in COLUMNS
    ]


def _cards_of(rows: Any, status: str) -> Any:
    """The first of a column: what presses most; of what is over, the newest."""
    order = [F("id").desc()] if status == Status.JUDGED else PRESSING[1:]
    found = rows.filter(status=status).select_related("from_team", "to_team", "owner")
    return found.defer("spec", "why", "details", "baseline").order_by(*order)[:A_COLUMN]


def _card(stand: Stand, filters: Filters) -> Card:
    one: Any = stand.request
    return Card(
        request=one,
        is_late=one.is_late(filters.today),
        turn=one.open_turns[0] if one.open_turns else None,
        moves=moves(stand),
    )


def moves(stand: Stand) -> list[Move]:
    """Where this person may bring it."""
    one = stand.request
    return [
        Move(to, str(Status(to).label), f"{one.pk}:{to}:{one.edition}")
        for (at, to), deed in MOVES.items()
        if at == one.status and deeds.DEEDS[deed].is_open(stand)
    ]


def deed_for(stand: Stand, to: str) -> str:
    """The name of the deed that brings it there.

    Raises:
        NotAllowed: none does, or not this person's.
    """
    name = MOVES.get((stand.request.status, to), "")
    if not name or to not in {one.to for one in moves(stand)}:
        target = Status(to).label if to in Status.values else to
        raise NotAllowed(
            _("You cannot bring “%(what)s” to “%(to)s”.") % {"what": stand.request, "to": target}
        )
    return name
