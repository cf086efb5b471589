"""The form in which a trait is made: a recipe out of choices, without writing any JSON."""

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from segments import catalogue, own_traits, traits, vocabulary
from segments.models import EventProperty, Trait
from segments.recipes import reading
from segments.recipes.nodes import AMOUNT
from segments.rules import operators
from segments.rules.nodes import RuleError
from segments.trait_words import HOWS, WORDS

# What is taken, in the order of the menu.
TAKES = {
    "count": _("how many events"),
    "value": _("a value of events: sum, average, smallest, largest"),
    "moment": _("the day of the first or last event"),
    "next": _("the day on which the next event is to be expected"),
    "days": _("on how many days there were events"),
    "streak": _("on how many days in a row"),
    "favourite": _("the most frequent value of a property"),
    "different": _("how many different values of a property"),
    "suggested": _("the value that customers alike had and this one has not"),
    "change": _("the change against the customer's own past, in percent"),
    "falling": _("for how many days in a row it becomes less"),
    "slope": _("by how much it grows a day"),
    "visits": _("visits: how many, or how long"),
    "minutes": _("minutes from one event to another"),
    "profile": _("a field of the profile"),
    "since": _("days since a date"),
    "between": _("days between two dates"),
    "ratio": _("one trait divided by another"),
}
# Which fields belong to what is taken; the others are hidden in the browser, and not read.
_OF = ("word", "events", "where_property", "where_op", "where_value")
FIELDS: dict[str, tuple[str, ...]] = {
    "count": (*_OF, "days"),
    "value": (*_OF, "days", "how", "value"),
    "moment": (*_OF, "days", "which"),
    "next": (*_OF, "days"),
    "days": (*_OF, "days"),
    "streak": _OF,
    "favourite": (*_OF, "days", "value"),
    "different": (*_OF, "days", "value"),
    "suggested": (*_OF, "days", "value"),
    "change": (*_OF, "days", "before"),
    "falling": _OF,
    "slope": (*_OF, "days"),
    "visits": (*_OF, "days", "visits"),
    "minutes": (*_OF, "days", "to"),
    "profile": ("field", "kind"),
    "since": ("date",),
    "between": ("start", "end"),
    "ratio": ("part", "whole", "percent"),
}
VISITS = {"minutes": _("minutes on average"), "count": _("how many")}
WHICH = {"last": _("the last"), "first": _("the first")}
KINDS = {traits.CHOICE: _("words"), traits.NUMBER: _("numbers")}


class TraitForm(forms.Form):
    """Words, and the parts of a recipe. What is wrong stands beside the field that it is in."""

    title = forms.CharField(label=_("name"), max_length=80)
    description = forms.CharField(
        label=_("definition"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What it means for us, for everybody who reads it."),
    )
    unit = forms.CharField(label=_("unit"), max_length=20, required=False)
    take = forms.ChoiceField(label=_("what is taken"), choices=list(TAKES.items()))
    word = forms.ChoiceField(
        label=pgettext_lazy("a trait", "of"),
        required=False,
        choices=[("", _("the events chosen below")), *WORDS.items()],
    )
    events = forms.MultipleChoiceField(label=_("events"), required=False)
    to = forms.MultipleChoiceField(
        label=_("until the event"),
        required=False,
        help_text=_("The first at or after the first beginning; what ended before does not count."),
    )
    where_property = forms.CharField(
        label=_("only with the property"), required=False, max_length=80
    )
    where_op = forms.ChoiceField(label=_("comparison"), required=False)
    where_value = forms.CharField(label=_("compared with"), required=False, max_length=200)
    days = forms.IntegerField(
        label=_("of the last days"),
        required=False,
        min_value=1,
        max_value=reading.MOST_DAYS,
        help_text=_("Empty: of all time."),
    )
    before = forms.IntegerField(
        label=_("against the days before"), required=False, min_value=1, max_value=360, initial=28
    )
    how = forms.ChoiceField(
        label=pgettext_lazy("a trait", "which"), required=False, choices=list(HOWS.items())
    )
    which = forms.ChoiceField(label=_("which day"), required=False, choices=list(WHICH.items()))
    visits = forms.ChoiceField(label=_("of visits"), required=False, choices=list(VISITS.items()))
    value = forms.CharField(
        label=_("value"),
        required=False,
        max_length=80,
        help_text=_("“amount”, or a property of the event."),
    )
    field = forms.CharField(label=_("field of the profile"), required=False, max_length=200)
    kind = forms.ChoiceField(label=_("it holds"), required=False, choices=list(KINDS.items()))
    date = forms.ChoiceField(label=_("date"), required=False)
    start = forms.ChoiceField(label=pgettext_lazy("a trait", "from"), required=False)
    end = forms.ChoiceField(label=pgettext_lazy("a trait", "until"), required=False)
    part = forms.ChoiceField(label=pgettext_lazy("a trait", "this"), required=False)
    whole = forms.ChoiceField(label=pgettext_lazy("a trait", "divided by"), required=False)
    percent = forms.BooleanField(label=_("in percent"), required=False)
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, of: Trait | None = None, **kwargs: Any) -> None:
        if of is not None and "initial" not in kwargs:
            kwargs["initial"] = initial(of)
        super().__init__(*args, **kwargs)
        self.of = of
        fields: dict[str, Any] = self.fields
        titles = sorted(catalogue.titles().items(), key=lambda one: one[1])
        fields["events"].choices = fields["to"].choices = titles
        fields["where_op"].choices = [
            (key, gettext(one.label)) for key, one in operators.TABLE.items() if key != "between"
        ]
        self._offer_traits(fields)
        for name, words in (("value", self.properties()), ("field", self.profile_fields())):
            fields[name].widget.attrs["list"] = f"trait-{name}s"
            setattr(self, f"{name}s_offered", words)

    def _offer_traits(self, fields: dict[str, Any]) -> None:
        known = traits.registry().values()
        dates = [(one.key, str(one.label)) for one in known if one.kind == traits.DATE]
        numbers = [
            (one.key, str(one.label))
            for one in known
            if one.kind not in {traits.DATE, traits.CHOICE}
        ]
        for name, offered in (
            *((name, dates) for name in ("date", "start", "end")),
            *((name, numbers) for name in ("part", "whole")),
        ):
            fields[name].choices = offered

    def properties(self) -> list[str]:
        names = EventProperty.objects.order_by("name").values_list("name", flat=True).distinct()
        return [AMOUNT, *names[:500]]

    def profile_fields(self) -> list[str]:
        return list(vocabulary.current().profile)

    def shown_for(self) -> dict[str, str]:
        """For each field what is taken when it is asked for, for the browser."""
        names = {name for some in FIELDS.values() for name in some}
        return {
            name: " ".join(take for take, some in FIELDS.items() if name in some) for name in names
        }

    # --- reading ---------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.errors:
            return given
        recipe = self._recipe(given)
        key = self.of.key if self.of else ""
        try:
            _read, kind = own_traits.check(recipe, given.get("kind", ""), key=key)
        except RuleError as problem:
            self.add_error(self._place(problem), problem.said(gettext))
            return given
        return {**given, "recipe": recipe, "kind": kind}

    def _recipe(self, given: dict[str, Any]) -> dict[str, Any]:
        """The recipe as JSON, of the fields that belong to what is taken."""
        take = given["take"]
        names = [name for name in FIELDS[take] if name not in (*_OF, "kind", "visits")]
        found = {name: given[name] for name in names if given.get(name) not in (None, "", False)}
        if take == "visits":
            found["how"] = given["visits"]
        if "word" in FIELDS[take]:
            found |= {"word": given["word"]} if given["word"] else {"events": given["events"]}
            if given["where_property"]:
                found["where"] = [self._where(given)]
        return {"take": take, **found}

    def _where(self, given: dict[str, Any]) -> dict[str, Any]:
        op, raw = given["where_op"], given["where_value"]
        where: dict[str, Any] = {"property": given["where_property"], "op": op}
        if op == "in":
            where["value"] = [_scalar(one) for one in raw.replace("，", ",").split(",") if one]
        elif op not in {"is_set", "not_set"}:
            where["value"] = _scalar(raw)
        return where

    def _place(self, problem: RuleError) -> str | None:
        """The field that a mistake is in."""
        first = str(problem.path[0]) if problem.path else ""
        if first == "where":
            last = str(problem.path[-1])
            return f"where_{last}" if f"where_{last}" in self.fields else "where_property"
        return first if first in self.fields else None


def _scalar(text: str) -> str | int | float:
    """A number where it is written like one, else the text."""
    text = text.strip()
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text) if text.replace(".", "", 1).lstrip("-").isdigit() else text
    except ValueError:
        return text


def initial(row: Trait) -> dict[str, Any]:
    """The fields that say what a trait's recipe says."""
    recipe = dict(row.recipe)
    found = {
        "title": row.title,
        "description": row.description,
        "unit": row.unit,
        "kind": row.kind,
        "seen_version": row.version,
        **recipe,
    }
    if recipe.get("take") == "visits":
        found["visits"] = found.pop("how")
    for where in recipe.get("where", [])[:1]:
        value = where.get("value", "")
        found["where_value"] = ", ".join(map(str, value)) if isinstance(value, list) else value
        found["where_property"], found["where_op"] = where["property"], where["op"]
    found.pop("where", None)
    return found
