"""What the editor of a plan is given: what there is to choose from, its words, and addresses."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from campaigns import planning
from campaigns.plans import nodes, tree, words
from campaigns.plans.nodes import PlanError
from console import roles, work_kinds
from segments.admin import editor


def data() -> dict[str, Any]:
    """Everything for `plan-builder.js`, as JSON in the page."""
    known = planning.known()
    return {
        "known": {
            "templates": [
                {"value": number, "label": one.name, "channel": one.channel}
                for number, one in known.templates.items()
            ],
            "channels": _options(known.channels),
            "lower": dict(known.lower),
            "coupons": _options(known.coupons),
            "staff": _options(known.staff),
            "teams": _options(known.teams),
        },
        "words": _words(),
        "checkUrl": reverse("admin:campaigns_campaign_check"),
    }


def rules() -> dict[str, Any]:
    """What the rule editors inside branches are given."""
    return editor.data(None, read_only=False)


def check(request: HttpRequest) -> JsonResponse:
    """The plan that is being written, said back, or its first mistake."""
    roles.require(request.user, "campaigns.change")
    known = planning.known()
    try:
        raw = json.loads(request.POST.get("plan") or "[]")
        if not raw:
            return JsonResponse({"sentence": _("One message: the template above."), "error": None})
        plan = tree.parse(raw, known)
    except PlanError as problem:
        path = [str(one) for one in problem.path]
        return JsonResponse({"sentence": "", "error": {"path": path, "message": problem.said(_)}})
    except (ValueError, RecursionError):
        message = _("This is not JSON.")
        return JsonResponse({"sentence": "", "error": {"path": [], "message": message}})
    return JsonResponse({"sentence": words.sentence(plan, known, _), "error": None})


def _options(some: Mapping[Any, str]) -> list[dict[str, Any]]:
    return [{"value": value, "label": label} for value, label in some.items()]


def _words() -> dict[str, Any]:
    return {
        "kinds": {
            "message": pgettext("plan", "Send"),
            "wait": _("Wait"),
            "branch": _("Branch"),
            "split": _("Split"),
            "task": _("Task"),
            "exit": _("End"),
        },
        "addStep": _("Add a step"),
        "empty": _("One message: the template above. Add steps to make a plan of several."),
        "emptyWay": _("Nothing happens here; customers go on behind the branch."),
        "yes": _("If so"),
        "no": _("If not"),
        "never": _("If it never left"),
        "up": _("Move up (Alt+↑)"),
        "down": _("Move down (Alt+↓)"),
        "remove": _("Remove"),
        "removed": _("Removed."),
        "moved": _("Moved."),
        "atTheEnd": _("It is at the end already."),
        "undo": _("Undo"),
        "redo": _("Redo"),
        "undone": _("Undone."),
        "redone": _("Done again."),
        "keys": _("Alt+↑ and Alt+↓ move a step, Ctrl+Z takes back."),
        "choose": _("Choose…"),
        **_words_of_messages(),
        **_words_of_contests(),
        **_words_of_waits(),
        **_words_of_ways(),
    }


def _words_of_messages() -> dict[str, Any]:
    return {
        "channel": _("Channel"),
        "template": _("Template"),
        "coupon": _("Coupon"),
        "noCoupon": _("no coupon"),
        "addVariant": _("+ Variant"),
        "removeVariant": _("Remove this variant"),
        "weight": _("Weight"),
        "expires": _("expires after (minutes)"),
        "second": _("where the contact policy says so, by {channel}"),
        "noSecond": _("not at all"),
    }


def _words_of_contests() -> dict[str, Any]:
    return {
        "addWinner": _("+ Winner by trial"),
        "winner": _("The winner is"),
        "winnerBy": {
            "opened": _("the one that most open"),
            "clicked": _("the one that most click in"),
            "converted": _("the one that brings most to the goal"),
        },
        "winnerShare": _("tried on (%)"),
        "winnerLeast": _("each at least (messages)"),
        "winnerHours": _("decided within (hours)"),
        "winnerIfUnclear": _("If it is not clear then"),
        "winnerUnclear": {
            "best": _("if unclear, the one that is ahead"),
            "person": _("if unclear, a person decides"),
        },
        "removeWinner": _("No trial"),
    }


def _words_of_waits() -> dict[str, Any]:
    return {
        "time": _("How long"),
        "unit": _("Unit"),
        "units": {"minutes": _("minutes"), "hours": _("hours"), "days": _("days")},
        "until": _("then until"),
        "onDays": _("on these days"),
        "weekdays": [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")],
        "zone": _("Whose time"),
        "theirTime": _("where the customer is"),
        "ourTime": _("our time"),
    }


def _words_of_ways() -> dict[str, Any]:
    return {
        "asks": _("What it asks"),
        "byRule": _("whether a rule holds"),
        "opened": _("whether “{name}” was opened"),
        "clicked": _("whether “{name}” was clicked"),
        "done": _("whether “{name}” is done"),
        "neverOwn": _("a way of their own for whom it never left to"),
        "byChance": _("by chance, the same way for ever"),
        "wayName": _("Name of the way"),
        "removeWay": _("Remove this way"),
        "title": _("What is to be done"),
        "who": _("Who does it"),
        "dueIn": _("due in (days)"),
        "howMany": _("How many"),
        "each": _("one for each customer"),
        "forAll": _("one for all"),
        "duty": _("Kind of work"),
        "duties": {
            "": _("any work"),
            **{key: str(work_kinds.of(key).label) for key in nodes.DUTIES},
        },
    }
