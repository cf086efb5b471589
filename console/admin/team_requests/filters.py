"""What one looks for among requests: the same on the list, the board, the timeline and in files."""

import datetime as dt
from typing import Any

import django_filters as filters
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.models import RequestSlip, RequestTurn, RequestWatch, Staff, Team, TeamRequest
from console.models.team_request import PRESSING

Status = TeamRequest.Status
OPEN = sorted(TeamRequest.OPEN)
CLOSED = [Status.JUDGED, Status.DECLINED, Status.WITHDRAWN]
WHOSE = [
    ("mine", _("I do it, or asked for it")),
    ("turn", _("our turn")),
    ("asked", _("asked by my team")),
    ("taken", _("for my team to do")),
    ("watched", _("that I watch")),
]
STATES = [
    ("any", pgettext_lazy("requests", "all, also closed")),
    ("open", pgettext_lazy("requests", "open")),
    ("late", pgettext_lazy("requests", "late")),
    ("slipped", pgettext_lazy("requests", "with a slip")),
    ("reopened", pgettext_lazy("requests", "priority not agreed")),
    ("verdict", pgettext_lazy("requests", "verdict is due")),
]
ORDERS = [
    ("", pgettext_lazy("requests", "what presses most")),
    ("new", pgettext_lazy("requests", "newest first")),
    ("promised", pgettext_lazy("requests", "by promised date")),
    ("changed", pgettext_lazy("requests", "changed last")),
]
SORTED: dict[str, list[Any]] = {
    "": list(PRESSING),
    "new": ["-id"],
    "promised": [F("promised_on").asc(nulls_last=True), "-id"],
    "changed": ["-changed_at", "-id"],
}


class Filters(filters.FilterSet):
    """Narrows what somebody may see; it never widens it."""

    q = filters.CharFilter(label=_("Search"), method="search")
    whose = filters.ChoiceFilter(
        label=_("whose"), choices=WHOSE, method="by_whose", empty_label=_("all")
    )
    state = filters.ChoiceFilter(
        label=pgettext_lazy("requests", "how it stands"),
        choices=STATES,
        method="by_state",
        empty_label=pgettext_lazy("requests", "not closed"),
    )
    status = filters.MultipleChoiceFilter(label=_("status"), choices=Status.choices)
    kind = filters.MultipleChoiceFilter(label=_("kind"), choices=TeamRequest.Kind.choices)
    from_team = filters.ModelChoiceFilter(
        label=_("asking team"), queryset=Team.objects.all(), empty_label=_("all")
    )
    to_team = filters.ModelChoiceFilter(
        label=_("receiving team"), queryset=Team.objects.all(), empty_label=_("all")
    )
    priority = filters.ChoiceFilter(
        label=_("priority"), choices=[(n, f"P{n}") for n in range(4)], empty_label=_("all")
    )
    lane = filters.ChoiceFilter(
        label=_("lane"), choices=TeamRequest.Lane.choices, empty_label=_("all")
    )
    sort = filters.ChoiceFilter(
        label=pgettext_lazy("requests", "order"),
        choices=ORDERS[1:],
        method="unchanged",
        empty_label=ORDERS[0][1],
    )

    class Meta:
        model = TeamRequest
        fields: list[str] = []

    def __init__(
        self, data: QueryDict, queryset: QuerySet[TeamRequest], *, staff: Staff, today: dt.date
    ) -> None:
        super().__init__(data, queryset)
        self.is_bound = True
        self.staff, self.today = staff, today

    @property
    def is_narrow(self) -> bool:
        """Whether anything is looked for besides an order."""
        self.form.is_valid()
        return any(value for name, value in self.form.cleaned_data.items() if name != "sort")

    @property
    def words(self) -> str:
        """What one looks for by its name."""
        self.form.is_valid()
        return str(self.form.cleaned_data.get("q") or "")

    def found(self) -> QuerySet[TeamRequest]:
        """What fits, in the order that was chosen; a filter that nobody knows narrows nothing.

        What is over is left out, unless one looks for it or for something by its name.
        """
        rows: QuerySet[TeamRequest] = self.qs
        chosen = self.form.cleaned_data
        if not any(chosen.get(name) for name in ("q", "state", "status")):
            rows = rows.exclude(status__in=CLOSED)
        return rows.order_by(*SORTED[chosen.get("sort", "")])

    # --- by what ----------------------------------------------------------------

    def search(self, rows: QuerySet, _name: str, words: str) -> QuerySet:
        """By number, and by words of the title."""
        number = words.removeprefix("#").strip()
        if number.isdecimal() and len(number) < 18:
            return rows.filter(Q(pk=int(number)) | Q(title__icontains=words))
        for word in words.split():
            # Chinese has no small letters: as it stands it is found in half the time.
            has_case = word.upper() != word.lower()
            rows = rows.filter(**{f"title__{'icontains' if has_case else 'contains'}": word})
        return rows

    def by_whose(self, rows: QuerySet, _name: str, chosen: str) -> QuerySet:
        staff = self.staff
        match chosen:
            case "mine":
                return rows.filter(Q(owner=staff) | Q(asked_by=staff))
            case "turn":
                turns = RequestTurn.objects.filter(until=None, team=staff.team_id or 0)
                return rows.filter(Exists(turns.filter(request=OuterRef("pk"))))
            case "asked":
                return rows.filter(from_team=staff.team_id or 0)
            case "taken":
                return rows.filter(to_team=staff.team_id or 0)
        watches = RequestWatch.objects.filter(staff=staff, is_muted=False)
        return rows.filter(Exists(watches.filter(request=OuterRef("pk"))))

    def by_state(self, rows: QuerySet, _name: str, chosen: str) -> QuerySet:
        match chosen:
            case "any":
                return rows
            case "open":
                return rows.filter(status__in=OPEN)
            case "late":
                return rows.filter(status__in=OPEN, promised_on__lt=self.today)
            case "slipped":
                slips = RequestSlip.objects.filter(request=OuterRef("pk"), days__gt=0)
                return rows.filter(Exists(slips))
            case "reopened":
                return rows.filter(Q(is_reopened=True) | Q(priority=None), status__in=OPEN)
        return rows.filter(status=Status.DELIVERED, expected_by__lt=self.today)

    def unchanged(self, rows: QuerySet, _name: str, _chosen: str) -> QuerySet:
        """An order narrows nothing."""
        return rows
