"""Why a message did not leave, in the reader's language."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.channels import base
from campaigns.models import Exclusion

SHORT: dict[str, Any] = {
    **{reason.value: reason.label for reason in Exclusion.Reason},
    "merged": gettext_lazy("merged with another customer"),
    "erased": gettext_lazy("erased on request"),
}
SENTENCES = {base.LOST, base.STOPPED, base.BAD_ADDRESS, base.BAD_HEADER}


def said(reason: str) -> str:
    """A reason as it is kept with a message: one of ours, or a mail server's own words."""
    if reason in SHORT:
        return str(SHORT[reason])
    ours, colon, detail = reason.partition(": ")
    if ours not in SENTENCES:
        return reason
    if not colon:
        return _(ours)
    return _("%(what)s (%(detail)s)") % {"what": _(ours), "detail": detail}
