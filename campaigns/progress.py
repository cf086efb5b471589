"""How far a campaign is and what customers did with it, as numbers for screens."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Q, Sum

from campaigns.models import Campaign, Message, Wave

Status = Message.Status


@dataclass(frozen=True)
class Progress:
    """Counts of customers. What is neither ended nor to be tried again is still waiting."""

    size: int
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
    def ended(self) -> int:
        return self.sent + self.failed + self.held + self.skipped

    @property
    def done_share(self) -> float:
        return min(1.0, self.ended / self.size) if self.size else 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ended": self.ended, "done_share": self.done_share}


class AtStep(NamedTuple):
    """How many customers stand before a step now, took it, and got its message."""

    here: int
    through: int
    sent: int


def by_step(campaign: Campaign) -> dict[str, AtStep]:
    """Where a campaign's customers are; also of those who left, by the door through which."""
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
    audience = getattr(campaign, "audience", None)
    return Progress(size=audience.size if audience else 0, **counts)
