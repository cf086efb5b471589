"""Where metrics keeps something of a person, how it is forgotten there, and what is left."""

from django.utils.translation import gettext_lazy as _

from metrics import activity_tables
from metrics.models import ComparedGroup, FoundSet, ResultBasis
from segments import bits, trails
from segments.forgetting import Place

PLACES = [
    Place(
        "trails",
        _("what customers did, as this host keeps it for reports"),
        lambda s: len(trails.having(s.numbers)),
        lambda s: trails.forget(s.numbers),
    ),
    Place(
        "activity",
        _("first and last active days, as this host keeps them for reports"),
        lambda s: len(activity_tables.remembering(s.numbers)),
        lambda s: activity_tables.forget(s.numbers),
    ),
    Place(
        "found",
        _("customers whom reports found"),
        lambda s: len(bits.find(FoundSet, "members", s.numbers)),
        lambda s: bits.clear(FoundSet, "members", s.numbers),
    ),
    Place(
        "compared",
        _("customers in groups that are compared"),
        lambda s: len(bits.find(ComparedGroup, "members", s.numbers)),
        lambda s: bits.clear(ComparedGroup, "members", s.numbers),
    ),
    Place(
        "converted",
        _("customers who converted after a campaign"),
        lambda s: len(bits.find(ResultBasis, "converted", s.numbers)),
        lambda s: bits.clear(ResultBasis, "converted", s.numbers),
    ),
]
