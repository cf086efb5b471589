"""Policies in sentences: what they are for, and whose yes each step needs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console import figures, formats
from console.models import Project, Staff, Team
from console.policy_rules import Policy, Step, When

CONDITIONS = {
    "kinds": gettext_lazy("kind"),
    "amount": gettext_lazy("amount"),
    "audience": gettext_lazy("customers"),
    "discount": gettext_lazy("discount"),
    "channels": gettext_lazy("channel"),
    "layers": gettext_lazy("layer"),
    "roles": gettext_lazy("requester"),
    "teams": gettext_lazy("team"),
    "precedent": gettext_lazy("precedent"),
}


def step(step: Step, people: Mapping[int, str] | None = None) -> str:
    """One yes of a manager or an administrator."""
    if step.who == "lead":
        return _("a yes of the lead of the requester's team")
    if step.who == "role":
        who = formats.listed(str(Staff.Role(role).label) for role in step.roles)
    else:
        found = people or dict(
            Staff.objects.filter(pk__in=step.staff).values_list("pk", "username")
        )
        who = formats.listed(found.get(pk, "–") for pk in step.staff)
    words = ngettext("%(n)d yes: %(who)s", "%(n)d times yes: %(who)s", step.quorum)
    return words % {"n": step.quorum, "who": who}


def when(when: When) -> list[str]:
    """The conditions of a policy, each as a short sentence; none: it is for everything."""
    currency = Project.objects.get(pk=1).currency
    teams = Team.objects.filter(pk__in=when.teams).values_list("name", flat=True)
    said = [
        _listed(_("kind"), map(_kind, when.kinds)),
        _range(_("amount"), when.amount, lambda v: figures.money(v, currency)),
        _range(_("customers"), when.audience, figures.whole),
        _range(_("discount"), when.discount, figures.share),
        _listed(_("channel"), when.channels),
        _listed(_("layer"), when.layers),
        _listed(_("requester"), [str(Staff.Role(role).label) for role in when.roles]),
        _listed(_("team"), teams),
        {"with": _("there is a precedent"), "without": _("there is no precedent")}.get(
            when.precedent, ""
        ),
    ]
    return [words for words in said if words]


def deciders(found: Sequence[Policy]) -> list[str]:
    """Whose yes each of several policies wants, and in what case where there are several."""
    if not found:
        return [_("No policy says whose yes this needs, so nobody may give it.")]
    told = []
    for policy in found:
        steps = " → ".join(step(one) for one in policy.steps)
        case = formats.listed(when(replace(policy.when, kinds=(), roles=(), teams=())))
        if len(found) > 1:
            said = {"name": case or _("otherwise"), "value": steps}
            steps = _("%(name)s: %(value)s") % said
        told.append(steps)
    return told


def terms(policy: Policy) -> list[str]:
    """How long it waits, and when it reminds."""
    unit = _("working hours") if policy.business_hours else _("hours")
    said = []
    if policy.expires_hours:
        said.append(_("expires after %(n)d %(unit)s") % {"n": policy.expires_hours, "unit": unit})
    if policy.remind_hours:
        said.append(_("reminds every %(n)d %(unit)s") % {"n": policy.remind_hours, "unit": unit})
    return said


def _kind(label: str) -> str:
    """A model by its label; one that is no more, as it was written."""
    app, _dot, model = label.partition(".")
    found = ContentType.objects.filter(app_label=app, model=model).first()
    return found.name if found else label


def _listed(name: str, values: Any) -> str:
    found = list(values)
    said = {"name": name, "value": formats.listed(found)}
    return _("%(name)s: %(value)s") % said if found else ""


def _range(name: str, limits: Any, written: Any) -> str:
    since, until = limits
    if since is None and until is None:
        return ""
    if until is None:
        return _("%(name)s from %(since)s") % {"name": name, "since": written(since)}
    if since is None:
        return _("%(name)s below %(until)s") % {"name": name, "until": written(until)}
    return _("%(name)s from %(since)s to below %(until)s") % {
        "name": name,
        "since": written(since),
        "until": written(until),
    }
