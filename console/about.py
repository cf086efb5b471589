"""What a page of the console shows, for a request that somebody makes from it: told by its address.

The chart is drawn anew here and not taken from the browser, so that nobody asks another team with
a picture that the console never showed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from django.conf import settings
from django.db import models
from django.http import QueryDict
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from console import charts, clock, kept_words, roles
from console.charts import Chart
from console.models import RequestLink, Staff, TeamRequest
from console.states import NotAllowed
from console.team_requests import linking
from metrics import lift, lift_words, pictures
from metrics.models import Alert, Comparison, Metric
from metrics.reports import asking, every
from segments.admin import segment_facts
from segments.models import Segment


@dataclass(frozen=True)
class About:
    """What a request is about, and with what its form begins."""

    path: str
    title: str
    subject: models.Model | None = None
    chart: Chart | None = None
    chosen: str = ""  # the chart's name on its page
    begun: dict[str, str] = field(default_factory=dict)


def of(address: str, *, chart: str = "", by: Staff) -> About | None:
    """What stands at this address; None for pages of which nothing is told, or not to them."""
    parts = _split(address)
    try:
        found = resolve(parts.path)
    except Resolver404:
        return None
    action, tell = PAGES.get(found.view_name, ("", None))
    if tell is None or parts.netloc or not roles.allows(by, action):
        return None
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    told = tell(path, {**found.kwargs, "chart": chart}, QueryDict(parts.query))
    return told and replace(told, chosen=chart)


def attach(request: TeamRequest, about: About, *, by: Staff) -> RequestLink:
    """Link a request to what it is about, with the chart as it is now.

    Both are kept in each language: the other team may read another one than who asks.
    """
    told = {language: _in_words(about, language, by=by) for language, _name in settings.LANGUAGES}
    charted = {language: chart for language, (_title, chart) in told.items() if chart}
    frozen = None
    if here := charted.pop(translation.get_language() or "", None):
        frozen = here | {"on": clock.today().isoformat(), charts.IN: charted}
    title = kept_words.name(lambda: told[translation.get_language() or ""][0], most=160)
    return linking.link(
        request, subject=about.subject, path=about.path, title=title, shown=frozen, by=by
    )


def _in_words(about: About, language: str, *, by: Staff) -> tuple[str, dict[str, Any] | None]:
    """Its title and its chart, to be kept, as the page says them in a language."""
    with translation.override(language):
        one = of(about.path, chart=about.chosen, by=by) or about
        chart = one.chart
        return one.title, charts.frozen(chart) if chart is not None and chart.rows else None


def add(request: TeamRequest, address: str, *, by: Staff) -> RequestLink:
    """Link a request to the page whose address somebody copied, such as of a later comparison.

    Raises:
        NotAllowed: nothing is told of this page to them, or the request is not theirs to change.
    """
    parts = _split(address.strip())
    found = of(urlunsplit(("", "", parts.path, parts.query, "")), chart=parts.fragment, by=by)
    if found is None:
        raise NotAllowed(
            _("Copy the address of a report, metric, warning, segment, campaign or comparison.")
        )
    return attach(request, found, by=by)


def _split(address: str) -> SplitResult:
    """The parts of an address; nothing in them, where it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


# --- page by page -----------------------------------------------------------------------

Said = dict[str, Any]


def _report(path: str, said: Said, given: QueryDict) -> About | None:
    report = every.BY_KIND.get(said["kind"])
    if report is None:
        return None
    try:
        settings = report.read(given)
    except NotAllowed:
        return None
    if report.missing(settings):
        return None
    known = asking.look(report.question(settings))
    drawn = {one.id: one for one in pictures.of_report(report, settings, known)}
    chart = drawn.get(said["chart"]) or next(iter(drawn.values()), None)
    title = str(report.kind.label)
    if chart is not None and chart.title != title:
        title = f"{title}: {chart.title}"
    return About(path, title[:160], chart=chart, begun={"title": title[:160]})


def _metric(path: str, said: Said, given: QueryDict) -> About | None:
    metric = _one(Metric, said)
    if metric is None:
        return None
    chosen, sliced = pictures.range_of(given.dict()), pictures.slice_of(metric, given.dict())
    chart = pictures.of_metric(metric, chosen, sliced)
    begun = {"title": metric.label, "metric": metric.key}
    return About(path, metric.label, metric, chart, begun=begun)


def _alert(path: str, said: Said, given: QueryDict) -> About | None:
    alert = _one(Alert.objects.select_related("watch__metric"), said)
    if alert is None:
        return None
    watch = alert.watch
    sliced = watch.slice.partition("=")[0]
    chart = pictures.of_metric(watch.metric, pictures.USUAL_RANGE, sliced)
    title = _("Warning since %(day)s: %(metric)s") % {
        "day": alert.began_on,
        "metric": watch.metric.label,
    }
    begun = {"title": title, "metric": watch.metric.key}
    return About(path, title, alert, chart, begun=begun)


def _segment(path: str, said: Said, given: QueryDict) -> About | None:
    segment = _one(Segment.objects.defer("members"), said)
    if segment is None:
        return None
    begun = {"title": str(segment), "for_whom": str(segment)}
    chart = segment_facts.history(segment)
    return About(path, str(segment), segment, chart, begun=begun)


def _campaign(path: str, said: Said, given: QueryDict) -> About | None:
    campaign = _one(Campaign.objects.select_related("segment").defer("segment__members"), said)
    if campaign is None:
        return None
    begun = {"title": str(campaign), "for_whom": str(campaign.segment or "")}
    return About(path, str(campaign), campaign, begun=begun)


def _comparison(path: str, said: Said, given: QueryDict) -> About | None:
    comparison = _one(Comparison, said)
    if comparison is None:
        return None
    groups = list(comparison.groups.defer("members"))
    days, chart = lift.course(comparison, groups), None
    if days:
        outcome = lift.outcome(comparison, groups, days[max(days)])
        chart = lift_words.forest(outcome, clock.project().currency)
    begun = {"title": str(comparison)}
    return About(path, str(comparison), comparison, chart, begun=begun)


def _one(rows: Any, said: Said) -> Any:
    number = str(said.get("object_id", ""))
    if not number.isdecimal() or len(number) > 18:
        return None
    rows = rows if isinstance(rows, models.QuerySet) else rows.objects.all()
    return rows.filter(pk=number).first()


Tell = Callable[[str, Said, QueryDict], About | None]
PAGES: dict[str, tuple[str, Tell | None]] = {
    "admin:metrics_savedreport_show": ("metrics.view", _report),
    "admin:metrics_metric_change": ("metrics.view", _metric),
    "admin:metrics_alert_change": ("metrics.view", _alert),
    "admin:segments_segment_change": ("segments.view", _segment),
    "admin:campaigns_campaign_change": ("campaigns.view", _campaign),
    "admin:metrics_comparison_change": ("metrics.view", _comparison),
}
