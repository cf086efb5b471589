"""The form in which a metric is made: a recipe out of choices, without writing any JSON."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from metrics import library, own, slicing
from metrics.models import Metric
from metrics.recipe_words import HOWS, KINDS, TAKES, UNTIL_NOW
from metrics.recipes import reading
from segments import catalogue
from segments.rules import operators
from segments.rules.nodes import RuleError
from segments.trait_words import WORDS

OWN_KINDS = {key: words for key, words in KINDS.items() if key != "coded"}
CHOSEN = ("", _("the events chosen below"))
# Which kinds a field belongs to; one that is not here belongs to all.
BELONGS = {
    "take": "simple",
    "word": "simple",
    "events": "simple",
    "where_property": "simple",
    "where_op": "simple",
    "where_value": "simple",
    "value": "simple",
    "part": "ratio",
    "whole": "ratio",
    "of": "cumulative",
    "over_days": "cumulative",
    "since": "cumulative",
    "formula": "derived",
    "unit": "derived",
    "first_word": "conversion",
    "first_events": "conversion",
    "then_word": "conversion",
    "then_events": "conversion",
    "within": "conversion",
    "how": "conversion",
}
UNLESS = {"events": "word", "first_events": "first_word", "then_events": "then_word"}
PLACES = {"days": {"cumulative": "over_days", "conversion": "within"}}


class MetricForm(forms.Form):
    """Words, and the parts of a recipe. What is wrong stands beside the field that it is in."""

    name = forms.CharField(label=_("name"), max_length=80)
    definition = forms.CharField(
        label=_("definition"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What it means for us, for everybody who reads it."),
    )
    group = forms.ChoiceField(label=_("theme"), choices=Metric.Group.choices)
    direction = forms.ChoiceField(label=_("direction"), choices=Metric.Direction.choices)
    kind = forms.ChoiceField(label=_("kind"), choices=list(OWN_KINDS.items()))
    take = forms.ChoiceField(label=_("what is taken"), required=False, choices=list(TAKES.items()))
    word = forms.ChoiceField(
        label=pgettext_lazy("a metric", "of"), required=False, choices=[CHOSEN, *WORDS.items()]
    )
    events = forms.MultipleChoiceField(label=_("events"), required=False)
    where_property = forms.CharField(
        label=_("only with the property"), required=False, max_length=80
    )
    where_op = forms.ChoiceField(label=_("comparison"), required=False)
    where_value = forms.CharField(label=_("compared with"), required=False, max_length=200)
    value = forms.CharField(
        label=_("value"),
        required=False,
        max_length=80,
        help_text=_("“amount”, or a property of the event."),
    )
    part = forms.ChoiceField(label=pgettext_lazy("a metric", "this"), required=False)
    whole = forms.ChoiceField(label=pgettext_lazy("a metric", "divided by"), required=False)
    of = forms.ChoiceField(label=_("metric"), required=False)
    over_days = forms.IntegerField(
        label=_("of the last days"),
        required=False,
        min_value=2,
        max_value=reading.MOST_DAYS,
        help_text=_("Empty: since the beginning that is chosen below."),
    )
    since = forms.ChoiceField(label=_("or since"), required=False, choices=list(UNTIL_NOW.items()))
    formula = forms.CharField(
        label=_("formula"),
        required=False,
        max_length=200,
        help_text=_("Keys of metrics with + − * / and brackets, such as revenue / orders."),
    )
    unit = forms.ChoiceField(
        label=_("unit"),
        required=False,
        choices=[(one.value, one.label) for one in own.FORMULA_UNITS],
    )
    first_word = forms.ChoiceField(
        label=_("those who"),
        required=False,
        choices=[(reading.NEW, _("being new")), *WORDS.items(), CHOSEN],
    )
    first_events = forms.MultipleChoiceField(label=_("events of those who"), required=False)
    then_word = forms.ChoiceField(
        label=_("then did"), required=False, choices=[*WORDS.items(), CHOSEN]
    )
    then_events = forms.MultipleChoiceField(label=_("events that follow"), required=False)
    within = forms.IntegerField(
        label=_("within days"), required=False, min_value=1, max_value=reading.MOST_AFTER, initial=7
    )
    how = forms.ChoiceField(label=_("it tells"), required=False, choices=list(HOWS.items()))
    slices = forms.MultipleChoiceField(
        label=_("slices"),
        required=False,
        help_text=_("At most four. Customers stand where they stand on the day of measuring."),
    )
    note = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=300,
        help_text=_("A change measures all past days anew; the versions before stay to be read."),
    )
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, of: Metric | None = None, **kwargs: Any) -> None:
        if of is not None and "initial" not in kwargs:
            kwargs["initial"] = initial(of)
        super().__init__(*args, **kwargs)
        self.metric = of
        self.is_coded = of is not None and of.kind == "coded"
        fields: dict[str, Any] = self.fields
        titles = sorted(catalogue.titles().items(), key=lambda one: one[1])
        for name in ("events", "first_events", "then_events"):
            fields[name].choices = titles
        fields["where_op"].choices = [
            (key, gettext(one.label)) for key, one in operators.TABLE.items() if key != "between"
        ]
        metrics = [(key, one.label) for key, one in library.in_use().items()]
        for name in ("part", "whole", "of"):
            fields[name].choices = metrics
        fields["slices"].choices = list(slicing.dimensions().items())
        if of is None:
            del fields["note"]
        if self.is_coded:
            for name in ("kind", *BELONGS):
                del fields[name]

    def rows(self) -> Iterator[dict[str, Any]]:
        """The fields, each with when the browser shows it."""
        for field in self.visible_fields():
            yield {
                "field": field,
                "kinds": BELONGS.get(field.name, ""),
                "unless": UNLESS.get(field.name, ""),
                "take": "sum" if field.name == "value" else "",
            }

    # --- reading ---------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.errors or self.is_coded:
            return given
        recipe = _RECIPES[given["kind"]](given)
        try:
            _read, unit, _over = own.check(
                recipe, given.get("unit", ""), key=self.metric.key if self.metric else ""
            )
        except RuleError as problem:
            self.add_error(self._place(problem, given["kind"]), problem.said(gettext))
            return given
        return {**given, "recipe": recipe, "unit": unit}

    def _place(self, problem: RuleError, kind: str) -> str | None:
        """The field that a mistake is in."""
        path = [str(one) for one in problem.path]
        first = path[0] if path else ""
        first = PLACES.get(first, {}).get(kind, first)
        if first in {"first", "then"}:
            return f"{first}_events"
        if first == "where":
            return f"where_{path[-1]}" if f"where_{path[-1]}" in self.fields else "where_property"
        return first if first in self.fields else None


def _simple(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": "simple", "take": given["take"]}
    found |= _events(given["word"], given["events"])
    if given["where_property"]:
        found["where"] = [_where(given)]
    if given["take"] == "sum" and given["value"]:
        found["value"] = given["value"]
    return found


def _events(word: str, events: list[str]) -> dict[str, Any]:
    return {"word": word} if word else {"events": events}


def _cumulative(given: dict[str, Any]) -> dict[str, Any]:
    found = {"kind": "cumulative", "of": given["of"]}
    days = given["over_days"]
    return found | ({"days": days} if days is not None else {"since": given["since"]})


def _conversion(given: dict[str, Any]) -> dict[str, Any]:
    first = given["first_word"]
    return {
        "kind": "conversion",
        "first": first if first == reading.NEW else _events(first, given["first_events"]),
        "then": _events(given["then_word"], given["then_events"]),
        "days": given["within"],
        "how": given["how"],
    }


_RECIPES: dict[str, Any] = {
    "simple": _simple,
    "ratio": lambda given: {"kind": "ratio", "part": given["part"], "whole": given["whole"]},
    "cumulative": _cumulative,
    "derived": lambda given: {"kind": "derived", "formula": given["formula"]},
    "conversion": _conversion,
}


def _where(given: dict[str, Any]) -> dict[str, Any]:
    op, raw = given["where_op"], given["where_value"]
    where: dict[str, Any] = {"property": given["where_property"], "op": op}
    if op == "in":
        where["value"] = [_scalar(one) for one in raw.replace("，", ",").split(",") if one]
    elif op not in {"is_set", "not_set"}:
        where["value"] = _scalar(raw)
    return where


def _scalar(text: str) -> str | int | float:
    """A number where it is written like one, else the text."""
    text = text.strip()
    for kind in (int, float):
        try:
            found = kind(text)
        except ValueError:
            continue
        return found if abs(found) < 2**53 else text
    return text


def initial(row: Metric) -> dict[str, Any]:
    """The fields that say what a metric's recipe says."""
    recipe = dict(row.recipe)
    found: dict[str, Any] = {
        "name": row.label,
        "definition": row.explanation,
        "group": row.group,
        "direction": row.direction,
        "unit": row.unit,
        "slices": row.slices,
        "seen_version": row.version,
        "over_days": recipe.get("days"),
        "within": recipe.get("days"),
    }
    for name in ("kind", "take", "word", "events", "value", "part", "whole", "of", "since"):
        if name in recipe:
            found[name] = recipe[name]
    found |= {name: recipe[name] for name in ("formula", "how") if name in recipe}
    for side in ("first", "then"):
        of = recipe.get(side)
        if isinstance(of, dict):
            found[f"{side}_word"], found[f"{side}_events"] = of.get("word", ""), of.get("events")
        elif of:
            found[f"{side}_word"] = of
    for where in recipe.get("where", [])[:1]:
        value = where.get("value", "")
        found["where_value"] = ", ".join(map(str, value)) if isinstance(value, list) else value
        found["where_property"], found["where_op"] = where["property"], where["op"]
    return found
