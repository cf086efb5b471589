"""The case library: campaigns that are worth telling others about, with what was learnt."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Campaign, CampaignResult, Case
from console import audit, roles
from console.models import Staff
from console.states import NotAllowed, Stale

VIEW, ACTION = "cases.view", "cases.change"
OVER = {Campaign.Status.SENT, Campaign.Status.CANCELLED}
WORDS = ("title", "outcome", "situation", "deed", "lessons")
LONGEST, MOST_TOPICS, LONGEST_TOPIC = 4000, 8, 40


@transaction.atomic
def file(
    campaign: Campaign, *, by: Staff, on: dt.date, topics: Sequence[str] = (), **said: str
) -> Case:
    """Put a campaign into the library; its figures are those of its result.

    Raises:
        NotAllowed: the role or the team, it is not over or was not measured, it is there
            already, or something is not said.
    """
    roles.require(by, ACTION, record=campaign)
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if problem := why_not(campaign):
        raise NotAllowed(problem)
    case = Case.objects.create(
        campaign=campaign,
        filed_by=by,
        team=campaign.team or by.team,
        filed_on=on,
        topics=tidy(topics),
        **_said(said),
    )
    audit.log("case.filed", case, by=by, campaign=campaign.pk, outcome=case.outcome)
    return case


@transaction.atomic
def edit(case: Case, *, by: Staff, seen: int, topics: Sequence[str] = (), **said: str) -> None:
    """Say it otherwise; what it said before stays in the audit log.

    Raises:
        NotAllowed: the role or the team, or something is not said.
        Stale: somebody else changed it since version `seen`.
    """
    kept = _locked(case, by=by)
    if kept.version != seen:
        raise Stale(_("Somebody else changed this case; load the page again."))
    was = {name: getattr(kept, name) for name in (*WORDS, "topics")}
    now = {**_said(said), "topics": tidy(topics), "version": seen + 1}
    Case.objects.filter(pk=kept.pk).update(**now)
    case.refresh_from_db()
    changed = {name: was[name] for name in was if was[name] != now[name]}
    audit.log("case.changed", case, by=by, was=changed)


@transaction.atomic
def archive(case: Case, *, by: Staff) -> None:
    """Take it out of the library, or put it back if it is out."""
    kept = _locked(case, by=by)
    out = None if kept.archived_at else timezone.now()
    Case.objects.filter(pk=kept.pk).update(archived_at=out)
    case.refresh_from_db()
    audit.log("case.archived" if out else "case.restored", case, by=by)


def why_not(campaign: Campaign) -> str:
    """In words, why a campaign cannot be filed; empty if it can."""
    if campaign.status not in OVER:
        return _("Only a campaign that is over can be filed.")
    if not CampaignResult.objects.filter(campaign=campaign).exists():
        return _("What came of it was not measured yet.")
    if Case.objects.filter(campaign=campaign).exists():
        return _("This campaign is in the case library already.")
    return ""


def find(words: str, among: QuerySet[Case]) -> QuerySet[Case]:
    """Cases in which all of these words stand: in what was said, the topics or the campaign."""
    for word in words.split()[:10]:
        places = Q(campaign__name__icontains=word) | Q(topics__icontains=word)
        for name in WORDS:
            places |= Q(**{f"{name}__icontains": word})
        among = among.filter(places)
    return among


def tidy(topics: Sequence[str]) -> list[str]:
    """Each topic once, in the order in which they were written.

    Raises:
        NotAllowed: too many, or too long.
    """
    found = list(dict.fromkeys(one.strip() for one in topics if one.strip()))
    if len(found) > MOST_TOPICS or any(len(one) > LONGEST_TOPIC for one in found):
        words = _("At most %(most)d topics, each of up to %(long)d characters.")
        raise NotAllowed(words % {"most": MOST_TOPICS, "long": LONGEST_TOPIC})
    return found


def _locked(case: Case, *, by: Staff) -> Case:
    kept = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case.pk)
    roles.require(by, ACTION, record=kept)
    return kept


def _said(said: dict[str, str]) -> dict[str, Any]:
    now = {name: said.get(name, "").replace("\r\n", "\n").strip() for name in WORDS}
    if any(not words or "\0" in words or len(words) > LONGEST for words in now.values()):
        raise NotAllowed(_("Say how it was, what was done, what came of it and what was learnt."))
    if len(now["title"]) > 120:
        raise NotAllowed(_("The title is too long."))
    if now["outcome"] not in Case.Outcome.values:
        raise NotAllowed(_("Choose how it went."))
    return now
