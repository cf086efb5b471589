"""What waits for this person on the home page: their work, and the warnings."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Stop
from campaigns.stoploss import stops, words
from console import work
from console.dashboard.page import Page
from console.dashboard.panels import LINES, Line, Panel
from console.duties import inbox
from metrics import alerts, period_rules, period_words, slicing
from metrics.models import Breach


def my_work(page: Page, request: HttpRequest) -> Panel:
    """The next things to do, the most urgent first."""
    items = inbox.of(page.staff, on=page.today)[:LINES]
    return Panel(
        title=_("My work"),
        lines=[
            Line(
                what=item.title,
                link=page.link("admin:console_workitem_change", item.pk, needs=work.VIEW),
                badge=_("overdue") if item.is_overdue(page.today) else item.get_status_display(),
                tone="bad" if item.is_overdue(page.today) else "",
                when=item.due_on.isoformat() if item.due_on else "",
            )
            for item in items
        ],
        link=page.link("admin:console_workitem_changelist", needs=work.VIEW),
        empty=_("Nothing waits for you."),
    )


def warnings(page: Page, request: HttpRequest) -> Panel:
    """What stands out, one line a cause."""
    found = alerts.unresolved()[:LINES]
    parts = slicing.names([one.watch.slice for one in found if one.watch.slice])
    lines = []
    for alert in found:
        part = parts.get(alert.watch.slice, "")
        metric, effects = alert.watch.metric, len(alert.effects.all())
        value = period_words.value(metric, alert.value, page.currency)
        expected = period_words.value(metric, alert.expected, page.currency)
        also = ngettext("%(n)d other with it", "%(n)d others with it", effects) % {"n": effects}
        lines.append(
            Line(
                what=f"{metric.label} · {part}: {value}" if part else f"{metric.label}: {value}",
                link=page.link("admin:metrics_alert_change", alert.pk, needs="metrics.view"),
                badge=alert.get_status_display(),
                tone="bad" if alert.status == alert.Status.OPEN else "warn",
                when=alert.began_on.isoformat(),
                why=_("expected %(value)s") % {"value": expected}
                + (f" · {also}" if effects else ""),
            )
        )
    return Panel(
        title=_("Alerts"),
        lines=lines,
        link=page.link("admin:metrics_alert_changelist", needs="metrics.view"),
        empty=_("Nothing stands out."),
    )


def watched(page: Page, request: HttpRequest) -> Panel:
    """What the console stopped, what waits for a decision, and what is watched for half a year."""
    lines = [_of_stop(page, one) for one in stops.under_watch(on=page.today)[:LINES]]
    lines += [_of_breach(page, one) for one in period_rules.watched(today=page.today)]
    return Panel(
        title=_("Under watch"),
        lines=lines[:LINES],
        link=page.link("admin:campaigns_stop_changelist", needs="campaigns.view"),
        empty=_("Nothing was stopped or breached in the last half year."),
    )


def _of_stop(page: Page, stop: Stop) -> Line:
    return Line(
        what=str(stop.campaign),
        link=page.link("admin:campaigns_stop_change", stop.pk, needs="campaigns.view"),
        badge=_("to be decided") if stop.is_open else _("watched"),
        tone="bad" if stop.is_open else "warn",
        when=(stop.stopped_on if stop.is_open else stop.watched_until).isoformat(),
        why=words.why(stop),
    )


def _of_breach(page: Page, breach: Breach) -> Line:
    return Line(
        what=breach.rule.label,
        link=page.link("admin:metrics_periodrule_change", breach.rule_id, needs="metrics.view"),
        badge=_("watched"),
        tone="warn",
        when=breach.watched_until.isoformat() if breach.watched_until else "",
    )
