"""Works recipes out into figures: a value for each metric, closed day and slice."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from pyroaring import BitMap

from metrics import history, library, measurements, slicing
from metrics.measurements import MILLIONTH, Figure, count, ratio
from metrics.recipes import formulas, nodes
from metrics.recipes.nodes import (
    Coded,
    Conversion,
    Cumulative,
    Derived,
    Ratio,
    Recipe,
    Simple,
)
from metrics.slicing import Cut, Slicing
from metrics.sources import OF_CUSTOMERS, NotMeasured, Sources
from metrics.stats import conversions, windows

DAY = dt.timedelta(days=1)
NOTHING = Decimal(0)
# slice → day → figure
Course = dict[str, dict[dt.date, Figure]]


class Reckoning:
    """Figures of recipes from a day to a day; parts that are not among them are read.

    `given` are figures that code computed already. What cannot be measured says why in
    `failures`, and so does whatever is made of it.
    """

    def __init__(
        self,
        recipes: Mapping[str, Recipe],
        sources: Sources,
        since: dt.date,
        until: dt.date,
        *,
        slices: Mapping[str, Sequence[str]] | None = None,
        slicing: Slicing | None = None,
        given: Iterable[Figure] = (),
        failures: Mapping[str, str] | None = None,
    ) -> None:
        self.recipes, self.sources, self.until = recipes, sources, until
        self.slices, self.slicing = slices or {}, slicing or Slicing()
        self.failures: dict[str, str] = dict(failures or {})
        self.order = library.in_order(recipes)
        self.since = self._starts(since)
        self.found: dict[str, Course] = defaultdict(lambda: defaultdict(dict))
        for figure in given:
            self.found[figure.key][figure.slice][figure.day] = figure
        self._sets: dict[tuple[str, dt.date], Sequence[BitMap]] = {}
        self._stored: dict[str, Course] = {}

    def figures(self) -> Iterator[Figure]:
        """Everything that was measured, metric by metric."""
        self._add_up()
        for key in self.order:
            if key not in self.failures and key not in self.found:
                self._try(key)
        for key in self.order:
            if key not in self.failures:
                for days in self.found[key].values():
                    yield from days.values()

    def _starts(self, since: dt.date) -> dict[str, dt.date]:
        """The first day that may have changed of each: cohorts look ahead, and so do those that
        are made of them. Nothing begins before the first day that there is."""
        first = self.sources.past.days[0] if self.sources.past.days else since
        found: dict[str, dt.date] = {}
        for key in self.order:
            recipe = self.recipes[key]
            mine = since - DAY * nodes.reach(recipe)
            parts = [found[one] for one in nodes.leans_on(recipe) if one in found]
            found[key] = max(first, min([mine, *parts]))
        return found

    def _try(self, key: str) -> None:
        recipe = self.recipes[key]
        if isinstance(recipe, Coded) and not self._is_of_customers(recipe):
            return  # code had nothing to tell
        broken = [one for one in nodes.leans_on(recipe) if one in self.failures]
        if broken:
            self.failures[key] = self.failures[broken[0]]
            return
        try:
            for figure in self._work_out(key, recipe):
                self.found[key][figure.slice][figure.day] = figure
        except NotMeasured as problem:
            self.failures[key] = str(problem)

    def _work_out(self, key: str, recipe: Recipe) -> Iterator[Figure]:
        match recipe:
            case Conversion(how="minutes"):
                return self._durations(key, recipe)
            case Conversion():
                return self._conversion(key, recipe)
            case Cumulative():
                return self._cumulative(key, recipe)
            case Ratio(part, whole):
                return self._ratio(key, part, whole)
            case Derived(formula):
                return self._derived(key, formula)
        return self._customers(key)

    # --- sums ---------------------------------------------------------------------

    def _add_up(self) -> None:
        """All that adds up events, in as few passes as they ask for different things."""
        wanted = {}
        for key in self.order:
            recipe = self.recipes[key]
            if not isinstance(recipe, Simple) or recipe.take == "customers":
                continue
            try:
                names = self.sources.names(recipe.of)
            except NotMeasured as problem:
                self.failures[key] = str(problem)
                continue
            wanted[key] = (recipe, names, self._cuts(key))
        if not wanted:
            return
        since = min(self.since[key] for key in wanted)
        for key, sums in self.sources.sums(wanted, since, self.until).items():
            parts = ["", *(name for cut in self._cuts(key) for name in cut.names)]
            for day in history.each_day(self.since[key], self.until):
                for part in parts:
                    value = sums.get(part, {}).get(day, NOTHING)
                    self.found[key][part][day] = Figure(key, day, value, slice=part)

    # --- customers ------------------------------------------------------------------

    def _customers(self, key: str) -> Iterator[Figure]:
        since = self.since[key]
        days = self.days_of(key, since)
        assert days is not None
        for part, within in self._within(key):
            for day, who in zip(history.each_day(since, self.until), days, strict=True):
                yield count(key, day, _size(who, within), part=part)

    def days_of(self, key: str, since: dt.date) -> Sequence[BitMap] | None:
        """The sets of a metric that counts customers, from a day on; None for other metrics."""
        recipe = self.recipes.get(key) or library.recipe(library.by_key()[key])
        if (key, since) not in self._sets:
            if isinstance(recipe, Simple) and recipe.take == "customers":
                found = self.sources.who(recipe.of, since, self.until)
            elif isinstance(recipe, Coded):
                coded = self.sources.coded(recipe.by, since, self.until)
                if coded is None:
                    return None
                found = coded
            else:
                return None
            self._sets[key, since] = found
        return self._sets[key, since]

    def _is_of_customers(self, recipe: Coded) -> bool:
        return recipe.by in OF_CUSTOMERS

    def _within(self, key: str) -> Iterator[tuple[str, BitMap | None]]:
        """Everybody, and then the customers of each slice."""
        yield "", None
        for cut in self._cuts(key):
            yield from zip(cut.names, cut.sets, strict=True)

    def _cuts(self, key: str) -> list[Cut]:
        return self.slicing.cuts(self.slices.get(key, ()))

    # --- over days ---------------------------------------------------------------------

    def _cumulative(self, key: str, recipe: Cumulative) -> Iterator[Figure]:
        since, first = self.since[key], self.sources.past.days[0]
        start = max(first, min(_beginning(recipe, since), since))
        days = self.days_of(recipe.of, start)
        if days is None or (recipe.since == "ever" and self._never_twice(recipe.of)):
            yield from self._running(key, recipe, since, start)
            return
        for part, within in self._within(key):
            mine = days if within is None else (one & within for one in days)
            sizes = _sizes(recipe, mine, start)
            for day, size in zip(history.each_day(start, self.until), sizes, strict=True):
                if day >= since:
                    yield count(key, day, size, part=part)

    def _never_twice(self, key: str) -> bool:
        recipe = self.recipes.get(key)
        return isinstance(recipe, Coded) and recipe.by in {"new", "new_payers", "effective"}

    def _running(
        self, key: str, recipe: Cumulative, since: dt.date, start: dt.date
    ) -> Iterator[Figure]:
        """Sums of a metric's days, each from its window's first day."""
        for part in self._parts(recipe.of, key):
            sums, total = [NOTHING], NOTHING
            for day in history.each_day(start, self.until):
                total += self._value(recipe.of, part, day) or NOTHING
                sums.append(total)
            for place, day in enumerate(history.each_day(start, self.until)):
                if day >= since:
                    begin = max(start, _beginning(recipe, day))
                    value = sums[place + 1] - sums[(begin - start).days]
                    yield Figure(key, day, value, slice=part)

    # --- made of others ---------------------------------------------------------------

    def _ratio(self, key: str, part_key: str, whole_key: str) -> Iterator[Figure]:
        for part in self._parts(part_key, key, whole_key):
            for day in history.each_day(self.since[key], self.until):
                above = self._value(part_key, part, day)
                below = self._value(whole_key, part, day)
                if above is None or below is None:
                    continue
                yield _divided(key, day, above, below, part)

    def _derived(self, key: str, formula: formulas.Formula) -> Iterator[Figure]:
        for part in self._parts(formula.names[0], key, *formula.names[1:]):
            for day in history.each_day(self.since[key], self.until):
                values = {one: self._value(one, part, day) for one in formula.names}
                value = formulas.value(formula, values)
                yield Figure(key, day, _stored(value), slice=part)

    def _parts(self, base: str, key: str, *others: str) -> list[str]:
        """Everybody, and the slices that a metric asks for and all its parts have."""
        asked = set(self.slices.get(key, ()))
        if not asked:
            return [""]
        have = [set(self._course(one)) for one in (base, *others)]
        shared = set.intersection(*have) if have else set()
        return ["", *sorted(one for one in shared if slicing.dimension_of(one) in asked)]

    def _value(self, key: str, part: str, day: dt.date) -> Decimal | None:
        figure = self._course(key).get(part, {}).get(day)
        if figure is None and key in self.found:  # from before the days that are measured
            figure = self._read(key).get(part, {}).get(day)
        return figure.value if figure else None

    def _course(self, key: str) -> Course:
        return self.found[key] if key in self.found else self._read(key)

    def _read(self, key: str) -> Course:
        """What was measured of a metric earlier."""
        if key not in self._stored:
            course: Course = defaultdict(dict)
            for figure in measurements.read([key], until=self.until, sliced=True)[key]:
                course[figure.slice][figure.day] = figure
            self._stored[key] = course
        return self._stored[key]

    # --- conversions ------------------------------------------------------------------

    def _conversion(self, key: str, recipe: Conversion) -> Iterator[Figure]:
        since = self.since[key]
        if recipe.first is None:
            first = self.sources.coded("new", since, self.until)
            assert first is not None
        else:
            first = self.sources.who(recipe.first, since, self.until)
        then = self.sources.who(recipe.then, since, self.until)
        again = recipe.first == recipe.then
        done = conversions.converted(first, then, recipe.days, same_day=not again)
        for part, within in self._within(key):
            for number, back in enumerate(done):
                some, whole = _size(back, within), _size(first[number], within)
                above = whole - some if recipe.how == "lost" else some
                yield ratio(key, since + DAY * number, above, whole, part=part)

    def _durations(self, key: str, recipe: Conversion) -> Iterator[Figure]:
        """Whole seconds over sixty times the customers: minutes, which add up over days."""
        since, last = self.since[key], self.until - DAY * recipe.days
        found = self.sources.durations(recipe, since, last) if last >= since else {}
        for day in history.each_day(since, last):
            seconds, customers = found.get(day, (0, 0))
            yield ratio(key, day, seconds, 60 * customers)


def _size(who: BitMap, within: BitMap | None) -> int:
    return len(who) if within is None else int(who.intersection_cardinality(within))


def _divided(key: str, day: dt.date, above: Decimal, below: Decimal, part: str) -> Figure:
    """A ratio with its parts, which are whole numbers unless they are ratios themselves."""
    if above == int(above) and below == int(below):
        return ratio(key, day, int(above), int(below), part=part)
    return Figure(key, day, _stored(above / below) if below else None, slice=part)


def _beginning(recipe: Cumulative, day: dt.date) -> dt.date:
    """The first day of the window that ends with a day."""
    if recipe.days is not None:
        return day - DAY * (recipe.days - 1)
    match recipe.since:
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
    return dt.date.min


def _sizes(recipe: Cumulative, days: Iterable[BitMap], start: dt.date) -> list[int]:
    """How many different customers the window of each day has."""
    if recipe.days is not None:
        return windows.rolling_sizes(days, recipe.days)
    sizes, seen, began = [], BitMap(), dt.date.min
    for number, who in enumerate(days):
        beginning = _beginning(recipe, start + DAY * number)
        if beginning != began:
            seen, began = BitMap(), beginning
        seen |= who
        sizes.append(len(seen))
    return sizes


def _stored(value: Decimal | None) -> Decimal | None:
    """With as many decimals as are kept; what is beyond all bounds is not known."""
    if value is None or abs(value) >= Decimal(10) ** 19:
        return None
    return value.quantize(MILLIONTH)
