"""A month, quarter or year in review: goals, metrics, channels, campaigns, and notes."""

import calendar
import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from console import audit, clock, roles
from console.models import Staff
from console.states import NotAllowed
from metrics import acquisition, goals
from metrics.models import Metric, ReviewNote
from metrics.overall import Overall

ACTION = "reviews.change"
LONGEST, MOST_CAMPAIGNS = 4000, 100
DAY = dt.timedelta(days=1)
_NAMED = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?")
# What a review tells of, in this order, where it is measured.
KEY = (
    *("new_customers", "effective_new", "app_share", "cac", "dau", "mau", "stickiness"),
    *("daily_minutes", "interaction_rate", "retention_d1", "retention_d7", "retention_d30"),
    *("existing_retention", "woken", "woken_stay", "repurchase_rate", "new_payers", "paid_rate"),
    *("orders", "purchase_frequency", "revenue", "average_order", "arpu", "arppu"),
    *("cart_drop_off", "k_factor", "share_rate", "referral_rate", "nps", "coupon_redemption"),
    *("open_rate", "click_rate", "ltv", "ltv_predicted", "ltv_cac", "ltv_cac_predicted", "roi"),
)


@dataclass(frozen=True)
class Period:
    """A calendar month, quarter or year; `name` is 2017-12, 2017-Q4 or 2017."""

    name: str
    since: dt.date
    until: dt.date

    @property
    def months(self) -> int:
        return (self.until.year - self.since.year) * 12 + self.until.month - self.since.month + 1

    def before(self) -> "Period":
        """The one just before, as long."""
        return _of(self.since - DAY, self.months)

    def after(self) -> "Period":
        return _of(self.until + DAY, self.months)

    def year_before(self) -> "Period":
        return _of(self.since.replace(year=self.since.year - 1), self.months)


@dataclass(frozen=True)
class Line:
    """A metric in the period, in the one before, and in the same of the year before."""

    metric: Metric
    now: Decimal | None
    before: Decimal | None
    year_before: Decimal | None


@dataclass(frozen=True)
class Review:
    """Everything that a review tells."""

    period: Period
    until: dt.date  # the last closed day of it
    lines: Sequence[Line]
    standings: Sequence[goals.Standing]
    channels: acquisition.Report
    campaigns: Sequence[Campaign]
    notes: Sequence[ReviewNote]

    @property
    def is_open(self) -> bool:
        """Whether the period still goes on; what it is compared with then has more days."""
        return self.until < self.period.until


def named(name: str) -> Period | None:
    """The period of this name; None if it is none."""
    found = _NAMED.fullmatch(name)
    if found is None or not 2000 <= int(found[1]) <= 2200:
        return None
    year = int(found[1])
    if found[2]:
        return _of(dt.date(year, int(found[2]), 1), 1)
    if found[3]:
        return _of(dt.date(year, int(found[3]) * 3 - 2, 1), 3)
    return _of(dt.date(year, 1, 1), 12)


def _of(day: dt.date, months: int) -> Period:
    """The month, quarter or year that a day lies in."""
    first = (day.month - 1) // months * months + 1
    last = first + months - 1
    until = dt.date(day.year, last, calendar.monthrange(day.year, last)[1])
    name = {1: f"{day:%Y-%m}", 3: f"{day.year}-Q{(first + 2) // 3}"}.get(months, f"{day.year}")
    return Period(name, dt.date(day.year, first, 1), until)


def latest(last: dt.date) -> Period:
    """The month that is over last."""
    this = _of(last, 1)
    return this if this.until <= last else this.before()


def review(period: Period, *, last: dt.date) -> Review:
    """What came of a period, from a handful of queries."""
    until = min(period.until, last)
    before, year_before = period.before(), period.year_before()
    overall = Overall(KEY, min(before.since, year_before.since), max(until, period.since))

    def value(key: str, of: Period) -> Decimal | None:
        return overall.value(key, of.since, min(of.until, last))

    lines = [
        Line(overall.metrics[key], value(key, period), value(key, before), value(key, year_before))
        for key in KEY
        if key in overall.metrics
    ]
    zone = clock.zone()
    opens = dt.datetime.combine(period.since, dt.time.min, zone)
    closes = dt.datetime.combine(period.until + DAY, dt.time.min, zone)
    started = Campaign.objects.filter(started_at__gte=opens, started_at__lt=closes)
    return Review(
        period,
        until,
        [one for one in lines if one.now is not None],
        goals.standings(goals.of_period(period.since, period.until), last=last),
        acquisition.report(period.since, max(until, period.since)),
        list(started.select_related("result", "owner").order_by("started_at")[:MOST_CAMPAIGNS]),
        list(
            ReviewNote.objects.filter(since=period.since, until=period.until).select_related("by")
        ),
    )


# --- notes --------------------------------------------------------------------


@transaction.atomic
def write(period: Period, *, kind: str, text: str, by: Staff) -> ReviewNote:
    """Add what somebody has to say of a period.

    Raises:
        NotAllowed: the role may not, or there is nothing said.
    """
    roles.require(by, ACTION)
    text = text.strip().replace("\r\n", "\n")
    if not text or len(text) > LONGEST or "\0" in text:
        words = _("Write something, up to %(most)d characters.")
        raise NotAllowed(words % {"most": LONGEST})
    if kind not in ReviewNote.Kind.values:
        raise NotAllowed(_("Choose what kind of note it is."))
    note = ReviewNote.objects.create(
        since=period.since, until=period.until, kind=kind, text=text, by=by
    )
    audit.log("review_note.written", note, by=by, period=period.name)
    return note


@transaction.atomic
def remove(note: ReviewNote, *, by: Staff) -> None:
    """Take a note away: one's own, or any as an administrator."""
    roles.require(by, ACTION)
    if note.by_id != by.pk and by.role != Staff.Role.ADMIN:
        raise NotAllowed(_("Only who wrote it takes it away."))
    audit.log("review_note.removed", note, by=by, text=note.text[:300])
    note.delete()
