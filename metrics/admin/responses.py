"""What to do about an indicator that is not well: how soon, and a plan to begin with (R152)."""

import datetime as dt
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import clock, figures
from metrics import health, history
from metrics.admin import scorecard
from metrics.models import Metric
from metrics.stats import attainment

Group = Metric.Group
DAYS = {attainment.BAD: 2, attainment.WARN: 7}  # until it is due
PLANS: dict[str, Promise] = {
    Group.ACQUISITION: gettext_lazy(
        "Open “Channels and cost”: which channel lost new customers, or became dearer?\n"
        "Stop or lower what is above its limit; see “Allocation”.\n"
        "Look again after a week."
    ),
    Group.ACTIVATION: gettext_lazy(
        "Open the funnel from the registration to the first deed: where do they stop?\n"
        "Make a segment of who stopped, and write to it.\n"
        "Ask the product team about the step, with the funnel."
    ),
    Group.ACTIVITY: gettext_lazy(
        "Slice it by stage and channel: who became less active?\n"
        "Start the warnings' playbook for them, with a control.\n"
        "Look at the save rate after a week."
    ),
    Group.RETENTION: gettext_lazy(
        "Open retention by channel and by week: which cohort broke off, and when?\n"
        "Compare before and after the day of the last change.\n"
        "Call back who is of value; write to the others."
    ),
    Group.CONVERSION: gettext_lazy(
        "Open the funnel to the payment and “left undone”: where is it lost?\n"
        "Make a segment of the carts that were not paid, and answer them.\n"
        "Ask the product team about the step, with the funnel."
    ),
    Group.REFERRAL: gettext_lazy(
        "See who invites and who comes by it: has the reward changed?\n"
        "Try another reward against a control.\n"
        "Hold it against the industry's benchmark."
    ),
    Group.SATISFACTION: gettext_lazy(
        "Read the last answers, and “Service and revisits”: about whom, about what?\n"
        "Call back who was unhappy, today.\n"
        "Ask the team that it is about, with the numbers."
    ),
    Group.MESSAGES: gettext_lazy(
        "See which campaign and channel it comes from.\n"
        "Pause what people complain about; lower the caps.\n"
        "Look at accounts and providers for failures."
    ),
    Group.VALUE: gettext_lazy(
        "See which tier and stage it comes from.\n"
        "Hold cost against what was caused, campaign by campaign; see “Allocation”.\n"
        "Decide what is stopped and what gets more."
    ),
}


def begin(metric: Metric) -> dict[str, Any]:
    """What a form of work about the metric is filled with."""
    card = health.scorecard(history.last_closed_day())
    currency = clock.project().currency
    one = next((it for it in card.standings if it.indicator.metric_id == metric.pk), None)
    said: dict[str, Any] = {"plan": str(PLANS.get(metric.group, ""))}
    if one is None or one.light not in DAYS:
        return said | {"title": metric.label}
    value = figures.in_unit(one.value, metric.unit, currency)
    return said | {
        "title": _("%(metric)s is %(value)s: bring it back") % {"metric": metric, "value": value},
        "why": scorecard.reason(one, currency),
        "due_on": clock.today() + dt.timedelta(days=DAYS[one.light]),
    }
