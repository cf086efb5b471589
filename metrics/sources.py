"""Where recipes get their days from: stored day sets, kept tallies, and questions to the lake."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from console import kept_words
from metrics import attribution, history
from metrics.history import History
from metrics.recipes.nodes import Conversion, Simple
from metrics.slicing import Cut
from metrics.stats import cohorts
from segments import activity, bitmaps, definitions
from segments.models import Definition, EventType
from segments.recipes.nodes import Events

if TYPE_CHECKING:
    from metrics.adding import Sums

Days = Sequence[BitMap]
# coded sets, a set a day
OF_CUSTOMERS = ("new", "effective", "new_payers", "new_by_app", "woken")
QUIET = 30  # days after which whoever comes again was woken


class NotMeasured(Exception):
    """Why a metric has no figures, as `kept_words.keep` has it."""


class Sources:
    """All that figures are made of; asked for a range of days, it answers with a set a day."""

    def __init__(self, past: History, under: Mapping[str, Definition] | None = None) -> None:
        self.past = past
        self.under = under or definitions.everything()
        self.seen = frozenset(EventType.objects.values_list("name", flat=True))
        self._coded: dict[str, Days] = {}

    @property
    def versions(self) -> dict[str, int]:
        """Which versions of the words are followed."""
        return {key: one.version for key, one in self.under.items()}

    # --- sets ------------------------------------------------------------------

    def who(self, of: Events, since: dt.date, until: dt.date) -> Days:
        """Who did any of the events on each of the days.

        Raises:
            NotMeasured: none of them ever happened.
        """
        names = self.names(of)
        if of.where:
            return self._under_conditions(of, names, since, until)
        if of.word == definitions.ACTIVE:
            return self._cut(self.past.active, since, until)
        return [
            BitMap.union(*(levels[1] for levels in day)) if day else BitMap()
            for day in activity.levels(names, since, until)
        ]

    def _under_conditions(
        self, of: Events, names: tuple[str, ...], since: dt.date, until: dt.date
    ) -> Days:
        from metrics.adding import Adding  # heavy: not in the web process

        found = Adding(since, until).who(Simple("customers", of), names)
        return [
            bitmaps.from_array(found[day]) if day in found else BitMap()
            for day in history.each_day(since, until)
        ]

    def coded(self, by: str, since: dt.date, until: dt.date) -> Days | None:
        """The sets that code computes; None where that is no set.

        Raises:
            NotMeasured: what it rests on never happened.
        """
        if by not in self._coded:
            found = self._make(by)
            if found is None:
                return None
            self._coded[by] = found
        return self._cut(self._coded[by], since, until)

    def _make(self, by: str) -> Days | None:
        match by:
            case "new":
                return cohorts.first_seen(self.past.active)
            case "effective":
                meant = self.under[definitions.EFFECTIVE]
                return history.became_effective(self.past, meant)
            case "woken":
                return cohorts.woken(self.past.active, QUIET)
            case "new_payers":
                return cohorts.first_seen(self.paid())
            case "new_by_app":
                came = attribution.by_app()
                if came is None:
                    words = _("No first event tells the device that it came from.")
                    raise NotMeasured(kept_words.keep(words))
                return [new & came for new in cohorts.first_seen(self.past.active)]
        return None

    def paid(self) -> Days:
        """Who paid on each day of the whole history."""
        if not self.past.days:
            return []
        return self.who(Events(word=definitions.PAID), self.past.days[0], self.past.days[-1])

    def _cut(self, days: Days, since: dt.date, until: dt.date) -> Days:
        first = self.past.days[0]
        return days[max(0, (since - first).days) : (until - first).days + 1]

    # --- sums -------------------------------------------------------------------

    def sums(
        self,
        wanted: Mapping[str, tuple[Simple, tuple[str, ...], Sequence[Cut]]],
        since: dt.date,
        until: dt.date,
    ) -> "dict[str, Sums]":
        """What simple recipes come to, by slice and day."""
        from metrics.adding import Adding  # heavy: not in the web process

        return Adding(since, until).sums(wanted) if wanted else {}

    def durations(
        self, recipe: Conversion, since: dt.date, until: dt.date
    ) -> dict[dt.date, tuple[int, int]]:
        """Seconds and customers of each day, from the first thing to the other."""
        from metrics.queries import durations  # heavy: not in the web process

        assert recipe.first is not None
        return durations.by_day(
            recipe.first,
            self.names(recipe.first),
            recipe.then,
            self.names(recipe.then),
            days=recipe.days,
            since=since,
            until=until,
        )

    # --- names -------------------------------------------------------------------

    def names(self, of: Events) -> tuple[str, ...]:
        """The events that are meant, of those that ever happened.

        Raises:
            NotMeasured: none ever did.
        """
        if of.word:
            found = tuple(definitions.events(of.word))
            words = _("No event that counts as “%(word)s” has happened here yet.")
            said: Any = Definition.Key(of.word).label
        else:
            found = tuple(name for name in of.names if name in self.seen)
            words = _("No such event has happened here yet: %(word)s.")
            said = of.names
        if not found:
            raise NotMeasured(kept_words.keep(words, word=said))
        return found
