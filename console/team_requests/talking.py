"""What people say of a request: a comment, and whom it means."""

import datetime as dt
import re

from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from console import audit
from console.models import RequestComment, Staff, TeamRequest
from console.states import NotAllowed
from console.team_requests import seeing, telling

LONGEST = 8000
MOST_MEANT = 30
TWICE = dt.timedelta(minutes=1)  # a form that is sent twice says the same again so soon
# What may be a username; in Chinese no blank parts it from the words after it.
AT = re.compile(r"(?<![A-Za-z0-9_.+-])@([\w.@+-]{1,150})")


@transaction.atomic
def comment(request: TeamRequest, *, text: str, by: Staff, at: dt.datetime) -> RequestComment:
    """Say something; whom it means by `@name` hears of it, and may see the request from then on.

    Raises:
        NotAllowed: it says nothing or too much, or the request is out of their sight.
    """
    words = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not words:
        raise NotAllowed(_("Write what you want to say."))
    if len(words) > LONGEST:
        raise NotAllowed(_("A comment has at most %(most)d letters.") % {"most": LONGEST})
    seeing.require_seen(request, by=by)
    TeamRequest.objects.select_for_update().get(pk=request.pk)
    if said := _said_already(request, words, by, at):
        return said
    made = RequestComment.objects.create(request=request, author=by, text=words, at=at)
    meant = people(words)
    made.mentions.set(meant)
    telling.watch(request, by, *meant)
    telling.speak_to(meant, request, "team_request.mentioned", by=by, at=at, words=words)
    but = {one.pk for one in meant}
    telling.tell(request, "team_request.commented", by=by, at=at, words=words, but=but)
    names = [one.username for one in meant]
    audit.log("team_request.commented", request, by=by, comment=made.pk, mentions=names)
    return made


def _said_already(
    request: TeamRequest, words: str, by: Staff, at: dt.datetime
) -> RequestComment | None:
    last = request.comments.order_by("-pk").first()
    if last is None or last.author_id != by.pk or last.text != words:
        return None
    return last if abs(at - last.at) < TWICE else None


def people(text: str) -> list[Staff]:
    """Whom a text means, in the order of their names; who left is not meant."""
    runs = AT.findall(text)[: 3 * MOST_MEANT]
    starts = {run[:end].lower() for run in runs for end in range(1, len(run) + 1)}
    if not starts:
        return []
    found = {one.username.lower(): one for one in _named(starts)}
    meant = {name for run in runs if (name := _longest(run.lower(), found))}
    return [found[name] for name in sorted(meant)[:MOST_MEANT]]


def _longest(run: str, names: dict[str, Staff]) -> str:
    """The longest name that the run begins with: “@wang请看” means wang."""
    return max((name for name in names if run.startswith(name)), key=len, default="")


def _named(names: set[str]) -> list[Staff]:
    staff = Staff.objects.filter(is_active=True).annotate(name=Lower("username"))
    return list(staff.filter(name__in=names))
