"""People's own traits: made by a recipe, changed, put away; and who uses a trait."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from console import audit, formats, roles
from console.models import Staff
from console.states import NotAllowed, Stale
from segments import catalogue, masking, traits, usage
from segments.models import Customer, Scoring, Segment, Stage, Trait
from segments.recipes import nodes, reading
from segments.recipes.nodes import Recipe
from segments.rules.nodes import RuleError

ACTION = "traits.change"
MOST = 100  # of people's own that are in use: each is computed every night


# --- checking -----------------------------------------------------------------


def check(raw: Any, kind: str = "", *, key: str = "") -> tuple[Recipe, str]:
    """The recipe and the kind of its values, if it makes sense here.

    Raises:
        RuleError: it does not; the path leads to what is wrong.
    """
    recipe = reading.read(raw)
    if isinstance(recipe, nodes.Elsewhere):
        raise RuleError(("take",), _("Only the console itself writes such traits."))
    known = traits.registry()
    for other in nodes.leans_on(recipe):
        _check_other(other, recipe, known, key)
    if isinstance(recipe, nodes.FromEvents):
        _check_events("events", recipe.of.names)
    if isinstance(recipe, nodes.Until):
        _check_events("to", recipe.to)
    if isinstance(recipe, nodes.Field):
        _check_field(recipe.field)
    return recipe, _kind_of(recipe, kind, known)


def _check_events(field: str, names: Iterable[str]) -> None:
    titles = catalogue.titles()
    for name in names:
        if name not in titles:
            raise RuleError((field,), _("There is no event “%(value)s”."), value=name)


def _check_other(other: str, recipe: Recipe, known: dict[str, traits.Trait], key: str) -> None:
    if other not in known:
        raise RuleError((), _("There is no trait “%(value)s”."), value=other)
    trait, is_date = known[other], known[other].kind == traits.DATE
    if is_date == isinstance(recipe, nodes.Ratio) or trait.kind == traits.CHOICE:
        words = _("“%(value)s” is not a number.") if is_date else _("“%(value)s” is not a date.")
        raise RuleError((), words, value=str(trait.label))
    # Made of numbers only, and of none that is made of it: so that one round computes them all.
    if not trait.is_shipped and isinstance(trait.recipe, nodes.FromTraits):
        words = _("“%(value)s” is made of other traits itself; use those.")
        raise RuleError((), words, value=str(trait.label))
    if other == key:
        raise RuleError((), _("A trait cannot be made of itself."))


def _check_field(name: str) -> None:
    if masking.is_contact(name):
        raise RuleError(
            ("field",), _("A field that tells how to reach somebody cannot be a trait.")
        )
    if not Customer.objects.filter(attributes__has_key=name).exists():
        raise RuleError(("field",), _("No customer's profile has a field “%(value)s”."), value=name)


def _kind_of(recipe: Recipe, asked: str, known: dict[str, traits.Trait]) -> str:
    """Which kind of values a recipe has; what a field of the profile holds has to be said."""
    match recipe:
        case nodes.Field():
            return asked if asked in {traits.NUMBER, traits.CHOICE} else traits.CHOICE
        case nodes.Favourite() | nodes.Suggested():
            return traits.CHOICE
        case nodes.Moment() | nodes.Next() | nodes.KnownSince():
            return traits.DATE
        case nodes.Sum(value=nodes.AMOUNT):
            return traits.MONEY
        case nodes.Ratio(part=part, percent=False) if known[part].kind == traits.MONEY:
            return traits.MONEY
        case nodes.Sum() | nodes.Change() | nodes.Slope() | nodes.Ratio():
            return traits.NUMBER
        case nodes.Visits(how="minutes") | nodes.Until():
            return traits.NUMBER
    return traits.WHOLE


# --- changing -----------------------------------------------------------------


@transaction.atomic
def add(
    *, title: str, recipe: Any, by: Staff, description: str = "", unit: str = "", kind: str = ""
) -> Trait:
    """A new trait; it has values after its first computation.

    Raises:
        NotAllowed: the role may not, there is no room, or the name is taken.
        RuleError: the recipe.
    """
    roles.require(by, ACTION)
    usage.alone()
    title = _free(title)
    _read, kind = check(recipe, kind)
    own = Trait.objects.filter(is_shipped=False, archived_at=None)
    if own.count() >= MOST:
        raise NotAllowed(_("There are %(most)d traits of your own; archive one.") % {"most": MOST})
    row = Trait.objects.create(
        key=_key(title),
        title=title,
        description=description.strip(),
        unit=unit.strip(),
        kind=kind,
        recipe=recipe,
        owner=by,
        team=by.team,
    )
    audit.log("trait.added", row, by=by, recipe=recipe)
    return row


@transaction.atomic
def edit(row: Trait, *, by: Staff, seen_version: int, **fields: Any) -> bool:
    """Change words or recipe; True when the values have to be computed anew.

    Raises:
        NotAllowed: not theirs to change, the name is taken, or the kind would be another.
        Stale: somebody else changed it since `seen_version`.
        RuleError: the recipe.
    """
    usage.alone()
    kept = Trait.objects.select_for_update().get(pk=row.pk)
    _require(kept, by)
    if kept.version != seen_version:
        raise Stale(_("Somebody else changed this trait meanwhile; load the page again."))
    if "title" in fields and fields["title"] != kept.title:
        fields["title"] = _free(fields["title"])
    changed = {name: one for name, one in fields.items() if getattr(kept, name) != one}
    if "recipe" in changed:
        _recipe, kind = check(changed["recipe"], kept.kind, key=kept.key)
        if kind != kept.kind and used_by(kept.key):
            raise NotAllowed(
                _("Its values would be of another kind, and it is used by: %(names)s.")
                % {"names": formats.listed(used_by(kept.key))}
            )
        audit.log("trait.recipe", kept, by=by, was=kept.recipe, now=changed["recipe"])
        kept.kind, kept.version, kept.failure = kind, kept.version + 1, ""
    for name, value in changed.items():
        setattr(kept, name, value)
    if changed:
        kept.save()
        audit.log("trait.changed", kept, by=by, fields=sorted(changed))
    return "recipe" in changed


@transaction.atomic
def archive(row: Trait, *, by: Staff) -> None:
    """Put a trait away: it is no longer offered or computed, and its values go.

    Raises:
        NotAllowed: not theirs to change, or something is made of it; says what.
    """
    usage.alone()
    kept = Trait.objects.select_for_update().get(pk=row.pk)
    _require(kept, by)
    if users := used_by(kept.key):
        raise NotAllowed(
            _("This trait is used by: %(names)s. Change those first.")
            % {"names": formats.listed(users)}
        )
    kept.archived_at, kept.known = timezone.now(), None
    kept.save(update_fields=["archived_at", "known"])
    traits.forget(kept.key)
    audit.log("trait.archived", kept, by=by)


@transaction.atomic
def restore(row: Trait, *, by: Staff) -> None:
    """Take a trait out again; it has values after the next computation.

    Raises:
        NotAllowed: not theirs to change, or what it was made of is no more.
    """
    usage.alone()
    kept = Trait.objects.select_for_update().get(pk=row.pk)
    _require(kept, by)
    try:
        check(kept.recipe, kept.kind, key=kept.key)
    except RuleError as problem:
        raise NotAllowed(problem.said(_)) from problem
    kept.archived_at = None
    kept.save(update_fields=["archived_at"])
    audit.log("trait.restored", kept, by=by)


def _require(row: Trait, by: Staff) -> None:
    if row.is_shipped:
        raise NotAllowed(_("What the console ships is not changed; make a trait of your own."))
    roles.require(by, ACTION, record=row)


def _free(title: str) -> str:
    title = title.strip()
    if not title or len(title) > 80:
        raise NotAllowed(_("Give the trait a name of up to 80 characters."))
    shipped = {str(one.label).lower() for one in traits.OURS.values()}
    taken = Trait.objects.filter(title__iexact=title, is_shipped=False).exists()
    if taken or title.lower() in shipped:
        raise NotAllowed(_("Another trait has this name already; choose a different one."))
    return title


def _key(title: str) -> str:
    """A key from the name: letters of a language without Latin ones make a number."""
    base = slugify(title).replace("-", "_").strip("_")[:40] or "own"
    base = base if base[0].isalpha() else f"own_{base}"
    taken = {*Trait.objects.values_list("key", flat=True), *traits.OURS}
    tries = (base if n == 1 else f"{base}_{n}" for n in range(1, MOST * 100))
    return next(key for key in tries if key not in taken and not (base == "own" and key == base))


# --- who uses it --------------------------------------------------------------


def used_by(key: str) -> list[str]:
    """The names of what leans on a trait: segments, stages, other traits, ways of scoring."""
    asked = {"trait": key}
    segments = Segment.objects.filter(archived_at=None).defer("members")
    found = [str(one) for one in segments if _names(one.rule, asked)]
    stages = Stage.objects.filter(retired_at=None).select_related("stage_set")
    words = _("stage “%(stage)s” of “%(set)s”")
    found += [
        words % {"stage": one, "set": one.stage_set} for one in stages if _names(one.rule, asked)
    ]
    own = Trait.objects.filter(is_shipped=False, archived_at=None)
    found += [one.title for one in own if key in nodes.leans_on(traits.of_row(one).recipe)]
    newest = Scoring.objects.order_by("kind", "-version").distinct("kind")
    found += [str(one) for one in newest if key in _texts(one.recipe)]
    return found


def _names(rule: Any, asked: dict[str, str]) -> bool:
    if isinstance(rule, dict):
        return asked.items() <= _hashable(rule) or any(_names(one, asked) for one in rule.values())
    return isinstance(rule, list) and any(_names(one, asked) for one in rule)


def _hashable(rule: dict[str, Any]) -> Any:
    return {key: one for key, one in rule.items() if isinstance(one, str)}.items()


def _texts(value: Any) -> Iterator[str]:
    """Every text of a recipe, whether name or value."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield str(name)
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value
