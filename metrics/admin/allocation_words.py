"""What the page “Allocation” says of campaigns, which have a control, and of channels, without."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from metrics.channel_months import WINDOW
from metrics.models import Proposal
from metrics.outlooks import Outlook

SOURCE = Proposal.Dimension.SOURCE


@dataclass(frozen=True)
class Words:
    """Titles, definitions and what stands where nothing is known yet."""

    unit: str  # a head in a file: what a group's trials are
    trials: str
    caused: str
    marginal: str
    response: str
    spent_on: str
    empty: str
    nothing_proposed: str
    told: str


def of(found: Outlook) -> Words:
    """The words for this way of dividing the money."""
    return _channels(found) if found.dimension == SOURCE else _campaigns(found)


def _campaigns(found: Outlook) -> Words:
    return Words(
        unit="campaigns",
        trials=_("Campaigns"),
        caused=_("Revenue because of it"),
        marginal=_(
            "From campaigns with a control: revenue that would not have come without them, for "
            "one more unit at the size that campaigns have there. Below 1 a unit brings less than "
            "it costs. Where there is little data, a group is drawn to the mean of all."
        ),
        response=_("What a campaign causes by what it spends"),
        spent_on=_("Spent on a campaign"),
        empty=_("Campaigns with a control group and a cost tell it, once their window is over."),
        nothing_proposed=_(
            "No move is proposed: none is at least 90 % sure to gain, or too few campaigns with a "
            "control group tell."
        ),
        told=" ".join(_of_campaigns(found)),
    )


def _of_campaigns(found: Outlook) -> list[str]:
    told = ngettext(
        "%(n)d campaign of the last two years tells what its money caused.",
        "%(n)d campaigns of the last two years tell what their money caused.",
        len(found.trials),
    )
    untold = ngettext(
        "%(n)d had no control group or no cost, and says nothing of it.",
        "%(n)d had no control group or no cost, and say nothing of it.",
        found.untold,
    )
    counts = [(told, len(found.trials)), (untold, found.untold)]
    return [said % {"n": n} for said, n in counts if n or said is told]


def _channels(found: Outlook) -> Words:
    days = {"days": WINDOW}
    return Words(
        unit="months",
        trials=_("Months"),
        caused=_("Revenue of whom they brought"),
        marginal=_(
            "From months with spend: what customers who came by the channel paid in their first "
            "%(days)d days, for one more unit at what a month spends there. It is attribution by "
            "the first touch, without a control: some of them would have come anyway. Where there "
            "is little data, a channel is drawn to the mean of all."
        )
        % days,
        response=_("What a month brings by what it spends"),
        spent_on=_("Spent in a month"),
        empty=_(
            "Months with spend of a channel tell it, once all who came in them have been here for "
            "%(days)d days. The month in which the events begin is left out."
        )
        % days,
        nothing_proposed=_(
            "No move is proposed: none is at least 90 % sure to gain, or too few months with "
            "spend tell."
        ),
        told=ngettext(
            "%(n)d month of a channel tells what its money brought, by attribution.",
            "%(n)d months of channels tell what their money brought, by attribution.",
            len(found.trials),
        )
        % {"n": len(found.trials)},
    )
