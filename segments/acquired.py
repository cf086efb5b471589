"""The traits that tell how a customer came; they are there once the first is known."""

from django.utils.translation import gettext_lazy as _

from segments.described import CHOICE, DATE, Trait
from segments.recipes.nodes import Elsewhere

BY = "attribution"  # what writes them: `metrics.attribution`
ON, SOURCE = "acquired_on", "acquired_source"
CHANNEL, DEVICE = "acquired_channel", "acquired_device"
ACQUIRED: dict[str, Trait] = {
    one.key: one
    for one in (
        Trait(
            ON,
            _("came on"),
            _("The day on which the customer was active for the first time."),
            Elsewhere(BY),
            DATE,
        ),
        Trait(
            SOURCE,
            _("source of the first day"),
            _("The word by which the first day's events tell where the customer came from."),
            Elsewhere(BY),
            CHOICE,
        ),
        Trait(
            CHANNEL,
            _("channel of acquisition"),
            _("The channel that the source of the first day stands for."),
            Elsewhere(BY),
            CHOICE,
        ),
        Trait(
            DEVICE,
            _("device of the first day"),
            _("The device that the first day's events tell."),
            Elsewhere(BY),
            CHOICE,
        ),
    )
}
