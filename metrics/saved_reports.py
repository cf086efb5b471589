"""Reports that somebody saved under a name."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, roles
from console.models import Staff
from console.states import NotAllowed
from metrics.models import SavedReport

ACTION = "metrics.view"
LONGEST = 120


@transaction.atomic
def save(name: str, *, kind: str, query: str, by: Staff) -> SavedReport:
    """Keep the settings of a report.

    Raises:
        NotAllowed: the role may not, or the name is empty or taken.
    """
    roles.require(by, ACTION)
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > LONGEST:
        words = _("Give the report a name of 1 to %(most)d letters.")
        raise NotAllowed(words % {"most": LONGEST})
    try:
        with transaction.atomic():
            made = SavedReport.objects.create(
                name=name, kind=kind, query=query, by=by, team=by.team, at=timezone.now()
            )
    except IntegrityError as taken:
        words = _("There is a report “%(name)s” already.")
        raise NotAllowed(words % {"name": name}) from taken
    audit.log("report.saved", made, by=by, kind=kind)
    return made


@transaction.atomic
def remove(report: SavedReport, *, by: Staff) -> None:
    """Forget the settings; what was computed stays.

    Raises:
        NotAllowed: it is another team's.
    """
    roles.require(by, ACTION, record=report)
    audit.log("report.removed", report, by=by, name=report.name)
    report.delete()
