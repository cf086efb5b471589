"""What somebody has not read yet of requests: in the console, and in one mail for many."""

import datetime as dt
import logging
from itertools import groupby
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from console.models import RequestNews, RequestWatch, Staff, TeamRequest
from console.team_requests import seeing

LOOKED_BACK = dt.timedelta(days=2)  # what happened before that is no news for a mail
MOST = 100  # lines in one mail
PAGE = "admin:console_teamrequest_change"
# What somebody did, as the end of a sentence that begins with their name.
DEEDS: dict[str, Any] = {
    "asked": pgettext_lazy("news", "asks for it"),
    "accepted": pgettext_lazy("news", "accepted it"),
    "declined": pgettext_lazy("news", "declined it"),
    "sent_back": pgettext_lazy("news", "sent it back"),
    "withdrawn": pgettext_lazy("news", "withdrew it"),
    "taken_up": pgettext_lazy("news", "took it up again"),
    "started": pgettext_lazy("news", "began with it"),
    "put_back": pgettext_lazy("news", "stopped the work for now"),
    "handed_over": pgettext_lazy("news", "gave it to somebody else"),
    "delivered": pgettext_lazy("news", "delivered it"),
    "received": pgettext_lazy("news", "received it"),
    "given_back": pgettext_lazy("news", "gave it back: it is not what was asked for"),
    "judged": pgettext_lazy("news", "judged it"),
    "revised": pgettext_lazy("news", "changed what is asked for"),
    "costed": pgettext_lazy("news", "said what the change costs"),
    "parties": pgettext_lazy("news", "brought other teams into it"),
    "handed": pgettext_lazy("news", "handed it to another team"),
    "proposed": pgettext_lazy("news", "proposed a priority"),
    "agreed": pgettext_lazy("news", "agreed to the priority"),
    "reopened": pgettext_lazy("news", "reopened the priority"),
    "slipped": pgettext_lazy("news", "moved the promised date"),
    "lifted": pgettext_lazy("news", "put it into the urgent lane"),
    "lowered": pgettext_lazy("news", "took it out of the urgent lane"),
    "needed": pgettext_lazy("news", "let something wait for it"),
    "waits": pgettext_lazy("news", "lets it stand until another request is delivered"),
    "waited_for": pgettext_lazy("news", "has work that stands until it is delivered"),
    "need_slipped": pgettext_lazy("news", "moved the date of what it waits for"),
    "freed": pgettext_lazy("news", "delivered what it waited for"),
    "waived": pgettext_lazy("news", "decided that it need not be waited for"),
    "commented": pgettext_lazy("news", "commented"),
    "mentioned": pgettext_lazy("news", "mentioned you"),
    "file_added": pgettext_lazy("news", "attached a file"),
    "written": pgettext_lazy("news", "wrote it down from your mail"),
}
log = logging.getLogger(__name__)


# --- in the console ---------------------------------------------------------


def unread(staff: Staff) -> QuerySet[RequestNews]:
    """What somebody has not read yet, of requests that they may see, the newest first."""
    return news_of(staff).filter(read_at=None)


def news_of(staff: Staff) -> QuerySet[RequestNews]:
    visible = seeing.visible_to(staff)
    found = RequestNews.objects.filter(to=staff, request__in=visible.order_by().values("pk"))
    return found.select_related("request", "by")


def read(request: TeamRequest, *, by: Staff, at: dt.datetime) -> None:
    """Somebody looks at the request: its news are none any more."""
    RequestNews.objects.filter(request=request, to=by, read_at=None).update(read_at=at)
    RequestWatch.objects.filter(request=request, staff=by).update(seen_at=at)


def read_all(*, by: Staff, at: dt.datetime) -> int:
    return RequestNews.objects.filter(to=by, read_at=None).update(read_at=at)


def said(news: RequestNews) -> str:
    """One piece of news as a sentence."""
    who = str(news.by) if news.by else pgettext("news", "The console")
    deed = DEEDS.get(news.what.rpartition(".")[2], pgettext("news", "changed it"))
    sentence = pgettext("news", "%(who)s %(deed)s") % {"who": who, "deed": deed}
    return f"{sentence}: {news.words}" if news.words else sentence


# --- by mail ------------------------------------------------------------------


def send_due(*, at: dt.datetime) -> int:
    """One mail to each who has unread news that no mail told yet; how many mails."""
    waiting = _unmailed(at).order_by().values("to")
    people = Staff.objects.filter(pk__in=waiting, is_active=True).exclude(email="")
    return sum(_send(one, at) for one in people)


def _unmailed(at: dt.datetime) -> QuerySet[RequestNews]:
    return RequestNews.objects.filter(mailed_at=None, read_at=None, at__gt=at - LOOKED_BACK)


def _send(to: Staff, at: dt.datetime) -> int:
    """The rows and the mail together: what the mail server refuses is tried again."""
    visible = seeing.visible_to(to).order_by().values("pk")
    try:
        with transaction.atomic():
            rows = _unmailed(at).filter(to=to, request__in=visible)
            rows = rows.select_for_update(skip_locked=True, of=("self",))
            news = list(rows.select_related("request", "by").order_by("request_id", "pk")[:MOST])
            if not news:
                return 0
            _mark(news, at)
            with translation.override(settings.LANGUAGE_CODE):
                subject, text = written(news)
                send_mail(subject, text, None, [to.email])
    except (SMTPException, OSError):
        log.exception("news for staff %s could not be sent", to.pk)
        return 0
    return 1


def _mark(news: list[RequestNews], at: dt.datetime) -> None:
    RequestNews.objects.filter(pk__in=[one.pk for one in news]).update(mailed_at=at)


def written(news: list[RequestNews]) -> tuple[str, str]:
    """Subject and text of one mail: what happened, request by request, each with its page."""
    parts = []
    for request, told in groupby(news, key=lambda one: one.request):
        lines = [str(request), *(f"- {said(one)}" for one in told), page_of(request)]
        parts.append("\n".join(lines))
    if len(parts) == 1:
        subject = _("News of %(what)s") % {"what": news[0].request}
    else:
        subject = ngettext(
            "News of %(count)d request", "News of %(count)d requests", len(parts)
        ) % {"count": len(parts)}
    return " ".join(subject.split())[:200], "\n\n".join(parts)


def page_of(request: TeamRequest) -> str:
    """Where it is read; the page asks for a sign-in."""
    return str(settings.PUBLIC_URL) + reverse(PAGE, args=[request.pk])
