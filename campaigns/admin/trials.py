"""Trials on the page of a campaign: what each way came to, and who won or may choose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaigns import planning
from campaigns.models import Campaign, MessageTemplate, Trial
from campaigns.outcomes import trials
from campaigns.plans.nodes import Contest, Message, Step
from campaigns.plans.words import BEST, duration
from console import clock, figures, roles


@dataclass(frozen=True)
class Row:
    """One way: what it says, how many got it and did what counts, and within which bounds."""

    key: str
    name: str
    got: str
    did: str
    share: str
    bounds: str
    percent: tuple[str, str, str]  # low, middle and high, to be drawn
    unsubscribed: str
    cost: str
    has_won: bool = False


def context(campaign: Campaign, staff: Any) -> dict[str, Any]:
    """Each trial of the campaign; nothing before it starts, or where nobody went any way."""
    if not campaign.started_at or not campaign.plan or campaign.is_demonstration:
        return {"trials": []}
    steps = planning.of(campaign).by_key
    found = {one.step: one for one in Trial.objects.filter(campaign=campaign)}
    names = dict(MessageTemplate.objects.filter(pk__in=_templates(steps)).values_list("pk", "name"))
    may = roles.may_change(staff, campaign, "campaigns.run")
    is_on = campaign.status in {Campaign.Status.SENDING, Campaign.Status.PAUSED}
    return {
        "trials": [
            _shown(found[key], step, names, is_on=is_on, may_choose=may and is_on)
            for key, step in steps.items()
            if key in found and trials.ways(step)
        ]
    }


def _templates(steps: Mapping[str, Step]) -> list[int]:
    return [one for step in steps.values() if isinstance(step, Message) for one in step.templates]


def _shown(
    trial: Trial, step: Step, names: Mapping[int, str], *, is_on: bool, may_choose: bool
) -> dict[str, Any]:
    said = _said(step, names)
    rows = [_row(key, said[key], trial.tallies.get(key, {}), trial) for key in said]
    return {
        "step": trial.step,
        "is_split": not isinstance(step, Message),
        "rule": _rule(trials.contest(step)) if is_on else "",
        "rows": rows,
        "factors": [
            (_factor(name), [_row(key, _level(name, key), one, trial) for key, one in by.items()])
            for name, by in trial.factors.items()
        ],
        "as_of": trial.computed_at and trial.computed_at.astimezone(clock.zone()),
        "winner": said.get(trial.winner, ""),
        "why": trial.get_why_display(),
        "reason": trial.reason,
        "who": trial.chosen_by,
        "may_choose": may_choose and not trial.winner,
    }


def _said(step: Step, names: Mapping[int, str]) -> dict[str, str]:
    """The ways by what they say."""
    if not isinstance(step, Message):
        return {key: key for key in trials.ways(step)}
    return {
        one.key: f"{one.key} · {names.get(one.template, one.template)}" for one in step.variants
    }


def _rule(rule: Contest | None) -> str:
    if rule is None:
        return _("Customers are divided until somebody chooses.")
    words = _("Tried on %(share)s%% of those who come; the others get %(best)s, within %(time)s.")
    time = duration(rule.hours * 60, _)
    return words % {"share": rule.share, "best": _(BEST[rule.by]), "time": time}


def _factor(name: str) -> str:
    return {"channel": _("Channel"), "times": _("How often")}.get(name, name)


def _level(name: str, key: str) -> str:
    return _("%(count)s a week") % {"count": key} if name == "times" else key


def _row(key: str, name: str, tally: Mapping[str, Any], trial: Trial) -> Row:
    got, did = tally.get("got", 0), tally.get("did", 0)
    low, high = tally.get("low", 0.0), tally.get("high", 0.0)
    share = did / got if got else 0.0
    return Row(
        key=key,
        name=name,
        got=figures.whole(got),
        did=figures.whole(did),
        share=figures.share(share, digits=2) if got else figures.NOTHING,
        bounds=f"{figures.share(low)}–{figures.share(high)}" if got else "",
        percent=(f"{100 * low:.2f}", f"{100 * share:.2f}", f"{100 * high:.2f}"),
        unsubscribed=figures.whole(tally.get("unsubscribed", 0)),
        cost=figures.money(tally.get("cost", 0), clock.project().currency),
        has_won=bool(trial.winner) and trial.winner == key,
    )
