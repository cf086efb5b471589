"""What new customers cost by channel, and what remains when all channels are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Line:
    """New customers of a channel and what was spent for them, in minor units."""

    key: str
    new: int
    spend: int

    @property
    def cost(self) -> Decimal | None:
        """Of one new customer; without customers there is no cost of one."""
        return Decimal(self.spend) / self.new if self.new else None


@dataclass(frozen=True)
class Table:
    """Channels with their own spend, what they leave unexplained, and everything together."""

    explained: Sequence[Line]
    without_spend: Sequence[Line]  # channels with customers and no spend; part of the rest
    rest: Line
    total: Line

    @property
    def has_rest(self) -> bool:
        return bool(self.rest.new or self.rest.spend)


def table(channels: Sequence[Line], total: Line) -> Table:
    """Part everything into what channels explain and what remains.

    A channel that has customers and no spend explains nothing: what its customers cost is
    somewhere in the spend that no channel tells, so both remain together. An average over all
    channels hides what the rest costs; this does not.
    """
    explained = [one for one in channels if one.spend]
    without = [one for one in channels if not one.spend and one.new]
    rest = Line(
        "",
        total.new - sum(one.new for one in explained),
        total.spend - sum(one.spend for one in explained),
    )
    return Table(explained, without, rest, total)


def is_over(line: Line, cap: int | None) -> bool:
    """Whether a new customer costs more than it may, or money brought nobody."""
    if cap is None:
        return False
    return line.spend > cap * line.new if line.new > 0 else line.spend > 0


def cumulated(revenue: Sequence[int], customers: Sequence[int]) -> list[Decimal]:
    """Revenue a customer after each month since they came, each month over those whose month is
    over: `customers` of so many, who brought `revenue`. It ends where nobody is old enough."""
    found, total = [], Decimal(0)
    for amount, many in zip(revenue, customers, strict=True):
        if not many:
            break
        total += Decimal(amount) / many
        found.append(total)
    return found


def paid_back(course: Sequence[Decimal], cost: Decimal | None) -> int | None:
    """After how many months a customer has brought what they cost; None: not yet, or unknown."""
    if cost is None:
        return None
    return next((month for month, value in enumerate(course, start=1) if value >= cost), None)


def split(amount: int, days: int) -> list[int]:
    """A whole amount over so many days: equal parts, and what is left goes to the first ones."""
    part, left = divmod(abs(amount), days)
    sign = 1 if amount >= 0 else -1
    return [sign * (part + (1 if number < left else 0)) for number in range(days)]
