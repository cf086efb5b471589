"""Files of a request: taken when they are what they say, counted, and given to who may see it."""

import datetime as dt
import hashlib
import re
import unicodedata

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from console import audit, roles
from console.models import RequestFile, Staff, TeamRequest
from console.states import NotAllowed
from console.team_requests import file_kinds, seeing, telling

LARGEST = 10 << 20  # bytes of one file
OF_A_REQUEST = 50 << 20  # bytes of all files of a request
IN_ALL = 4 << 30  # bytes of all files of the console
LONGEST_NAME = 120
# Nothing that parts a path, and nothing that a name is made to look different with.
ODD = re.compile(r'[\\/:*?"<>|]')
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@transaction.atomic
def attach(
    request: TeamRequest, *, name: str, content: bytes, by: Staff, at: dt.datetime
) -> RequestFile:
    """Keep a file with the request; the same one under the same name is kept once.

    Raises:
        NotAllowed: its size or kind, there is no more room, or the request is out of their sight.
    """
    seeing.require_seen(request, by=by)
    called = tidy(name)
    kind = _require_kind(called, content)
    TeamRequest.objects.select_for_update().get(pk=request.pk)
    digest = hashlib.sha256(content).hexdigest()
    if kept := request.files.defer("content").filter(sha256=digest, name=called).first():
        return kept
    _require_room(request, len(content))
    made = RequestFile.objects.create(
        request=request,
        name=called,
        media_type=kind.media_type,
        size=len(content),
        sha256=digest,
        content=content,
        added_by=by,
        added_at=at,
    )
    telling.watch(request, by)
    telling.tell(request, "team_request.file_added", by=by, at=at, words=called)
    audit.log("team_request.file_added", request, by=by, file=made.pk, size=made.size)
    return made


@transaction.atomic
def remove(file: RequestFile, *, by: Staff) -> None:
    """Take a file away.

    Raises:
        NotAllowed: somebody else added it.
    """
    if not may_remove(file, by=by):
        raise NotAllowed(_("Only who added a file takes it away."))
    audit.log("team_request.file_removed", file.request, by=by, file=file.pk, size=file.size)
    file.delete()


def may_remove(file: RequestFile, *, by: Staff) -> bool:
    return file.added_by_id == by.pk or by.role == roles.AD


def tidy(name: str) -> str:
    """The name without a path and without letters that nobody sees; its ending stays."""
    last = re.split(r"[\\/]", name)[-1]
    seen = "".join(one for one in last if unicodedata.category(one) not in UNSEEN)
    clean = ODD.sub("_", seen).strip(" .")
    stem, dot, ending = clean.rpartition(".")
    if not dot:
        return clean[:LONGEST_NAME] or _("file")
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"[:LONGEST_NAME]


def _require_kind(name: str, content: bytes) -> file_kinds.Kind:
    if not content:
        raise NotAllowed(_("The file is empty."))
    if len(content) > LARGEST:
        raise NotAllowed(_("A file has at most %(most)d MB.") % {"most": LARGEST >> 20})
    kind = file_kinds.of(name, content)
    if kind is None:
        raise NotAllowed(
            _("Such a file is not taken. Taken are %(endings)s, when the content is of that kind.")
            % {"endings": ", ".join(file_kinds.ENDINGS)}
        )
    return kind


def _require_room(request: TeamRequest, size: int) -> None:
    if _sum(request.files.all()) + size > OF_A_REQUEST:
        raise NotAllowed(
            _("The files of one request have at most %(most)d MB.") % {"most": OF_A_REQUEST >> 20}
        )
    if _sum(RequestFile.objects.all()) + size > IN_ALL:
        raise NotAllowed(_("There is no more room for files; ask an administrator."))


def _sum(files: QuerySet[RequestFile]) -> int:
    return int(files.order_by().aggregate(all=Sum("size"))["all"] or 0)
