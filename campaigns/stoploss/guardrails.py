"""How many of those who got a campaign's messages went away because of them, lately."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils import timezone
from pyroaring import BitMap

from campaigns.models import Campaign, Intake, Message, Stop
from campaigns.stoploss.judging import Guardrail
from console import clock
from segments import activity, bitmaps

LOOKS_BACK = dt.timedelta(days=30)
# As with shipped metrics: under the names that tracking plans usually have.
LEAVING = (
    *("app_uninstalled", "uninstalled", "app_removed"),
    *("push_disabled", "notifications_disabled", "push_unsubscribed"),
)
Cause = Stop.Cause


def to_look_at() -> list[int]:
    """The numbers of campaigns that send and have a guardrail."""
    limits = Q(most_unsubscribed__isnull=False) | Q(most_complained__isnull=False)
    sending = Campaign.objects.filter(status=Campaign.Status.SENDING)
    guarded = sending.filter(limits | Q(most_left__isnull=False))
    return list(guarded.order_by("pk").values_list("pk", flat=True))


def of(campaign: Campaign, *, at: dt.datetime) -> list[Guardrail]:
    """Each guardrail with what was counted in the last 30 days, or since the last decision."""
    decided = campaign.stops.filter(decided_at__isnull=False).first()
    found = [*_of_messages(campaign, decided), _left(campaign, decided, at)]
    return [one for one in found if one.most is not None]


def _of_messages(campaign: Campaign, decided: Stop | None) -> list[Guardrail]:
    """In real time, in which messages are claimed and decisions are made."""
    since = timezone.now() - LOOKS_BACK
    if decided is not None and decided.decided_at is not None:
        since = max(since, decided.decided_at)
    sent = Message.objects.filter(
        campaign=campaign, status=Message.Status.SENT, created_at__gte=since
    )
    counts = sent.aggregate(
        sent=Count("pk"),
        unsubscribed=Count("pk", filter=Q(unsubscribed_at__isnull=False)),
        complained=Count("pk", filter=Q(complained_at__isnull=False)),
    )
    return [
        Guardrail(
            Cause.UNSUBSCRIBED, counts["unsubscribed"], counts["sent"], campaign.most_unsubscribed
        ),
        Guardrail(Cause.COMPLAINED, counts["complained"], counts["sent"], campaign.most_complained),
    ]


def _left(campaign: Campaign, decided: Stop | None, at: dt.datetime) -> Guardrail:
    """Customers who came in, and did what means that they want no more, from that day on.

    The sets tell of days, so after a decision only whom later days let in counts.
    """
    if campaign.most_left is None:
        return Guardrail(Cause.LEFT, 0, 0, None)
    zone = clock.zone()
    today = at.astimezone(zone).date()
    first = today - LOOKS_BACK
    if decided is not None and decided.decided_on is not None:
        first = max(first, decided.decided_on + dt.timedelta(days=1))
    came, left = BitMap(), BitMap()
    for day, members in _came_in(campaign, first, zone).items():
        came |= members
        left |= members & activity.did_any(LEAVING, day, today)
    return Guardrail(Cause.LEFT, len(left), len(came), campaign.most_left)


def _came_in(campaign: Campaign, first: dt.date, zone: ZoneInfo) -> dict[dt.date, BitMap]:
    """Who came in to get it, by day."""
    since = dt.datetime.combine(first, dt.time(), zone)
    rows = Intake.objects.filter(campaign=campaign, at__gte=since).order_by("at")
    days: dict[dt.date, list[BitMap]] = {}
    for members, control, moment in rows.values_list("members", "control", "at"):
        days.setdefault(moment.astimezone(zone).date(), []).append(members - control)
    return {day: bitmaps.union(parts) for day, parts in days.items()}
