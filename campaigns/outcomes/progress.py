"""How far a campaign is and what customers did with it, as numbers for screens."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Q, Sum

from campaigns.models import Campaign, Entrance, Intake, Message, Wave

Status = Message.Status
DEEDS = ("delivered", "bounced", "opened", "clicked", "replied", "unsubscribed", "complained")
ENDS = (Status.SENT, Status.FAILED, Status.HELD, Status.SKIPPED)


@dataclass(frozen=True)
class Progress:
    """Counts of messages; `size` and `ended` are of customers, and the others are on the way.

    Of a campaign that lasts, who is in the control has nothing before them any more.
    """

    size: int
    ended: int
    sent: int
    failed: int
    held: int
    skipped: int
    retry: int
    deferred: int
    sending: int
    delivered: int
    bounced: int
    opened: int
    clicked: int
    replied: int
    unsubscribed: int
    complained: int

    @property
    def done_share(self) -> float:
        return min(1.0, self.ended / self.size) if self.size else 0.0

    @property
    def on_the_way(self) -> int:
        return max(0, self.size - self.ended)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"done_share": self.done_share, "on_the_way": self.on_the_way}


class AtStep(NamedTuple):
    """How many customers stand before a step now, took it, and got its message."""

    here: int
    through: int
    sent: int


def by_step(campaign: Campaign) -> dict[str, AtStep]:
    """Where a campaign's customers are; also of those who left, by the door through which."""
    if campaign.started_at is None:
        return {}
    is_done = Q(status=Wave.Status.DONE)
    waves = Wave.objects.filter(campaign=campaign).values("step").order_by("step")
    sizes = waves.annotate(here=Sum("size", filter=~is_done), through=Sum("size", filter=is_done))
    messages = Message.objects.filter(campaign=campaign, status=Status.SENT).values("step")
    sent = dict(messages.order_by("step").annotate(n=Count("pk")).values_list("step", "n"))
    return {
        step: AtStep(here or 0, through or 0, sent.get(step, 0))
        for step, here, through in sizes.values_list("step", "here", "through")
    }


def of(campaign: Campaign) -> Progress:
    """One look at the messages, and at who stands where."""
    statuses = {status.value: Count("pk", filter=Q(status=status)) for status in Status}
    deeds = {deed: Count("pk", filter=Q(**{f"{deed}_at__isnull": False})) for deed in DEEDS}
    put_off = Count("pk", filter=Q(status=Status.DEFERRED, due_at__isnull=False))
    messages = Message.objects.filter(campaign=campaign)
    counts = messages.aggregate(**statuses, **deeds, put_off=put_off)
    waiting, size = counts.pop("put_off"), _size(campaign)
    if campaign.plan or campaign.is_lasting:
        open_ = Wave.objects.filter(campaign=campaign).exclude(status=Wave.Status.DONE)
        inside = open_.aggregate(n=Sum("size"))["n"] or 0
        ended = max(0, size - inside - waiting)
    else:
        ended = sum(counts[status] for status in ENDS)
    return Progress(size=size, ended=ended, **counts)


def _size(campaign: Campaign) -> int:
    """Who is to get it: of a frozen audience all but its control, else how often one came in."""
    if campaign.is_lasting:
        return Entrance.objects.filter(campaign=campaign).aggregate(n=Sum("times"))["n"] or 0
    audience = getattr(campaign, "audience", None)
    came = Intake.objects.filter(campaign=campaign, number=0).only("control").first()
    return (audience.size if audience else 0) - (len(came.control) if came else 0)
