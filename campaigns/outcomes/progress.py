"""How far a campaign is and what customers did with it, as numbers for screens."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Q, Sum

from campaigns import planning
from campaigns.models import Campaign, Message, Wave

Status = Message.Status
ENDS = (Status.SENT, Status.FAILED, Status.HELD, Status.SKIPPED)


@dataclass(frozen=True)
class Progress:
    """Counts of messages; `size` and `ended` are of customers.

    Whoever has neither an end nor something to be tried again is still waiting.
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
    opened: int
    clicked: int
    unsubscribed: int

    @property
    def done_share(self) -> float:
        return min(1.0, self.ended / self.size) if self.size else 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"done_share": self.done_share}


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
    """One look at the messages."""
    statuses = {status.value: Count("pk", filter=Q(status=status)) for status in Status}
    deeds = {
        deed: Count("pk", filter=Q(**{f"{deed}_at__isnull": False}))
        for deed in ("opened", "clicked", "unsubscribed")
    }
    counts = Message.objects.filter(campaign=campaign).aggregate(**statuses, **deeds)
    if campaign.plan:
        size, ended = _through(campaign)
    else:
        audience = getattr(campaign, "audience", None)
        size = audience.size if audience else 0
        ended = sum(counts[status] for status in ENDS)
    return Progress(size=size, ended=ended, **counts)


def _through(campaign: Campaign) -> tuple[int, int]:
    """How many set out on the plan's way, and how many of them stand nowhere on it any more."""
    waves = Wave.objects.filter(campaign=campaign)
    first = waves.filter(step=planning.of(campaign).first).aggregate(n=Sum("size"))["n"] or 0
    inside = waves.exclude(status=Wave.Status.DONE).aggregate(n=Sum("size"))["n"] or 0
    return first, max(0, first - inside)
