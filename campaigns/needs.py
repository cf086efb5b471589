"""What a campaign waits for: requests to other teams, until they are delivered or somebody decided.

The words of what stands in the way are for who asks: whoever may not see a request reads that there
is one, and the log of a campaign that starts by itself has its number alone.
"""

from django.utils.translation import ngettext

from campaigns.models import Campaign
from console import formats
from console.models import Staff
from console.states import NotAllowed
from console.team_requests import depending


def require(campaign: Campaign, *, by: Staff | None) -> None:
    """Refuse while it waits for something.

    Raises:
        NotAllowed: a request is not delivered, and nobody decided in writing that it need not be.
    """
    waits = depending.waiting_for(campaign)
    if not waits:
        return
    names = depending.named(waits, seen_by=by) if by else [f"#{one.pk}" for one in waits]
    raise NotAllowed(
        ngettext(
            "It waits for a request: %(names)s. Have it delivered, or decide in writing that it "
            "need not wait.",
            "It waits for requests: %(names)s. Have them delivered, or decide in writing that it "
            "need not wait.",
            len(waits),
        )
        % {"names": formats.listed(names)}
    )


def words(campaign: Campaign, *, by: Staff) -> str:
    """The same for the page; empty where nothing is in its way."""
    try:
        require(campaign, by=by)
    except NotAllowed as waits:
        return str(waits)
    return ""
