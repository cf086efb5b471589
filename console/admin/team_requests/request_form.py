"""The short form of a request: what every kind says, and the questions of its own kind."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.crypto import get_random_string
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import clock, roles
from console.models import Staff, Team, TeamRequest
from console.team_requests import kinds, seeing
from console.widgets import DayWidget
from metrics import promises
from metrics.models import Metric
from segments import catalogue

HELP = {
    "title": _("In one line, so that one knows it again in a list."),
    "why": _("What it is like today, and what that costs."),
    "spec": _("What exactly; every later version stays to be read beside it."),
}
ROWS = {"why": 4, "for_whom": 1, "spec": 12}


class ChangeField(forms.DecimalField):
    """A relative change as people write it, in percent; its value is a share, as text is kept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-100, max_value=10_000, decimal_places=2, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return plain(value * 100) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return None if found is None else found / 100


class TextField(forms.CharField):
    """Text whose lines end as they are kept; browsers send another end."""

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        return found.replace("\r\n", "\n").replace("\r", "\n") if found else found


class RequestForm(forms.Form):
    """One kind's form. `content` is what it says in the words of `kinds`."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=60, required=False)
    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)
    began = forms.IntegerField(widget=forms.HiddenInput, required=False)  # at which revision

    def __init__(
        self, *args: Any, kind: str, staff: Staff, of: TeamRequest | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.of = kind, of
        for name in ("title", "why", "for_whom"):
            self.fields[name] = self._text(name)
        if of is None or of.status == TeamRequest.Status.DRAFT:
            self._add_teams(staff)
        for one in kinds.fields(kind):
            self.fields[kinds.DETAIL + one.name] = (
                self._event(one)
                if one.name == kinds.EVENT
                else _box(one.label, one.help, one.rows, required=False)
            )
        self.fields["spec"] = self._text("spec")
        self._add_promise()
        if of is not None and of.status in TeamRequest.TAKEN:
            self._add_reason(seeing.side_of(of, staff) == seeing.Side.RECEIVING)
        self.fields["key"].initial = f"form:{get_random_string(20)}"

    def _text(self, name: str) -> forms.CharField:
        field: Any = TeamRequest._meta.get_field(name)
        most = field.max_length
        return _box(
            kinds.LABELS[name],
            HELP.get(name, ""),
            ROWS.get(name, 1),
            required=name == "title",
            max_length=most,
        )

    def _event(self, one: kinds.Field) -> forms.ChoiceField:
        """A kind of event that was ever seen, or the one that was named before."""
        titles = catalogue.titles()
        named = self.of.details.get(kinds.EVENT, "") if self.of else ""
        found = titles | {named: titles.get(named, named)} if named else titles
        choices = sorted(found.items(), key=lambda event: event[1].casefold())
        return forms.ChoiceField(
            label=str(one.label),
            help_text=str(one.help),
            choices=[("", "–"), *choices],
            required=False,
        )

    def _add_teams(self, staff: Staff) -> None:
        teams = Team.objects.all()
        mine = teams if staff.role == roles.AD else teams.filter(pk=staff.team_id or 0)
        self.fields["from_team"] = forms.ModelChoiceField(
            label=_("asking team"), queryset=mine, initial=staff.team_id, empty_label=None
        )
        self.fields["to_team"] = forms.ModelChoiceField(label=_("receiving team"), queryset=teams)
        self.fields["parties"] = forms.ModelMultipleChoiceField(
            label=_("other teams in it"),
            queryset=teams,
            required=False,
            help_text=_("They see it and may comment."),
        )

    def _add_promise(self) -> None:
        self.fields["metric"] = forms.ChoiceField(
            label=str(kinds.LABELS["metric"]),
            choices=_metrics(self.of.metric if self.of else ""),
            required=False,
            help_text=_("What it is when the other team says yes is kept as the baseline."),
        )
        self.fields["expected_change"] = ChangeField(
            label=_("expected change (percent)"),
            required=False,
            help_text=_("Against the baseline: 5 is five per cent more, -5 five less."),
        )
        self.fields["expected_by"] = forms.DateField(
            label=str(kinds.LABELS["expected_by"]), required=False, widget=DayWidget()
        )

    def _add_reason(self, is_receiving: bool) -> None:
        """After the other team's yes a change has a reason, and a cost that this team says."""
        del self.fields["metric"]  # its baseline is frozen
        self.fields["because"] = _box(_("why it changes"), "", 2, required=True, max_length=300)
        if is_receiving:
            self.fields["costs_days"] = forms.DecimalField(
                label=_("working days that it costs"), min_value=0, max_value=500, decimal_places=1
            )

    def clean(self) -> dict[str, Any]:
        """A share cannot be promised to come to more than all."""
        given: dict[str, Any] = super().clean() or {}
        key = given.get("metric", self.of.metric if self.of else "")
        frozen = self.of.baseline if self.of else None
        change = given.get("expected_change")
        if words := promises.too_much(key, change, frozen=frozen, on=clock.today()):
            self.add_error("expected_change", words)
        return given

    def content(self) -> dict[str, str]:
        """What is filled in, right or not yet, as text by the names that `kinds` gives."""
        given: Mapping[str, Any] = getattr(self, "cleaned_data", {})
        return {name: as_text(given.get(name)) for name in self.names()}

    def names(self) -> list[str]:
        """The fields of the request's content that this form has."""
        own = [kinds.DETAIL + one.name for one in kinds.fields(self.kind)]
        return [name for name in [*kinds.LABELS, *own] if name in self.fields]

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields in the order of writing, under what they are about."""
        own = [kinds.DETAIL + one.name for one in kinds.fields(self.kind)]
        parts = [
            (pgettext_lazy("request", "What and why"), ["title", "why", "for_whom"]),
            (TeamRequest.Kind(self.kind).label, [*own, "spec"]),
            (_("The number that it should move"), [*kinds.PROMISE]),
            (_("Who asks whom"), ["from_team", "to_team", "parties"]),
            (_("What the change means"), ["because", "costs_days"]),
        ]
        return [
            (str(capfirst(title)), [self[name] for name in names if name in self.fields])
            for title, names in parts
            if any(name in self.fields for name in names)
        ]


def _metrics(named: str) -> list[tuple[str, Any]]:
    """The metrics under their groups; the one that is named also where it was archived since."""
    groups: dict[str, list[tuple[str, str]]] = {group: [] for group in Metric.Group.values}
    for one in Metric.objects.filter(archived_at=None).order_by("pk"):
        groups[one.group].append((one.key, one.label))
    found: list[tuple[str, Any]] = [("", "–")]
    found += [(str(capfirst(Metric.Group(at).label)), rows) for at, rows in groups.items() if rows]
    if named and not any(key == named for rows in groups.values() for key, _label in rows):
        found.append((named, named))
    return found


def _box(
    label: Any, words: Any, rows: int, *, required: bool, max_length: int | None = 4000
) -> TextField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows > 1 else forms.TextInput()
    return TextField(
        label=label, help_text=words, required=required, max_length=max_length, widget=widget
    )


def as_text(value: Any) -> str:
    """A value as a request's content has it."""
    if value is None:
        return ""
    return plain(value) if isinstance(value, Decimal) else str(value)


def plain(value: Decimal) -> str:
    """A number without a tail of zeros."""
    return f"{value.normalize():f}"
