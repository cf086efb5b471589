"""Which word each number rests on, to stand beside it: 活跃 v3, and what that means."""

from django.urls import reverse
from django.utils.translation import gettext as _

from console.charts import Word
from metrics import measurements
from metrics.models import Metric
from segments import catalogue, definitions

PAGE = "admin:segments_definition_changelist"


def by_metric() -> dict[str, Word]:
    """The word of each metric that rests on one, in as many queries as for one."""
    current = definitions.everything()
    titles = catalogue.titles()
    stale = measurements.outdated({key: one.version for key, one in current.items()})
    page = reverse(PAGE)
    return {
        metric: Word(
            label=f"{current[key].get_key_display()} v{current[key].version}",
            sentence=definitions.sentence(current[key], titles),
            link=f"{page}#{key}",
            warning=outdated() if metric in stale else "",
        )
        for metric, key in resting().items()
    }


def of(key: str, version: int | None) -> Word:
    """A word beside numbers that follow this version of it."""
    current = definitions.current(key)
    return Word(
        label=f"{current.get_key_display()} v{version or current.version}",
        sentence=definitions.sentence(current, catalogue.titles()),
        link=f"{reverse(PAGE)}#{key}",
        warning=outdated() if version and version != current.version else "",
    )


def resting() -> dict[str, str]:
    """Metric by metric the word that it rests on; a metric that is not here rests on none."""
    return dict(Metric.objects.exclude(rests_on="").values_list("key", "rests_on"))


def outdated() -> str:
    """Said of numbers that follow an older version than the one in force."""
    return _("Some of these numbers still follow an older definition; they are measured anew.")
