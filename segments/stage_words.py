"""What the stage sets that ship are called, and what each stage is for, in the reader's language.

The field's own Chinese words stand beside the English ones, for whoever translates.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = tuple[str | Promise, str | Promise]  # the name, and what it is about

SETS: dict[str, Words] = {
    # R2: 生命周期阶段。
    "lifecycle": (
        _("Lifecycle stage"),
        _("From the first order to decline, with those before it who never ordered."),
    ),
    # R58: 用户分类,即新用户、活跃用户、高价值用户、沉睡用户。
    "user_classes": (
        _("Classes of users"),
        _("Who is new, who is worth most, who is around and who sleeps."),
    ),
    # R78: 运营重点,即激活、转化、留存、唤醒、召回。
    "five_focuses": (
        _("Five focuses of operations"),
        _("What to work on with each customer: one focus at a time."),
    ),
    # R106: 新客、活跃、沉睡。
    "three_states": (
        _("New, active, dormant"),
        _("The shortest division, by how long ago the last order was."),
    ),
    # R168: 从首次接触产品到成为忠实拥护者或流失。
    "journey": (
        _("From first contact to advocate or churned"),
        _("The whole journey: whoever stays and brings others is an advocate."),
    ),
    # R200: 引入期、成长期、成熟期、衰退期。
    "four_periods": (
        _("Introduction, growth, maturity, decline"),
        _("By how long somebody has been a customer, and how long ago the last order was."),
    ),
}

STAGES: dict[str, Words] = {
    # --- R2
    "prospect": (  # 潜在期
        _("Prospect"),
        _("Known, and never ordered. Give a reason for the first order."),
    ),
    "activation": (  # 激活期
        _("Activation"),
        _("First order within 30 days. Let them feel the value soon."),
    ),
    "growth": (  # 成长期
        _("Growth"),
        _("Orders, but not often yet. Make it a habit, widen what they buy."),
    ),
    "maturity": (  # 成熟期
        _("Maturity"),
        _("Orders about every week. Keep them, and thank them."),
    ),
    "decline": (  # 衰退期
        _("Decline"),
        _("No order for over 30 days. Ask why, and win them back."),
    ),
    # --- R58
    "new_users": (  # 新用户
        _("New users"),
        _("First order within 30 days. Where they came from decides the welcome."),
    ),
    "high_value_users": (  # 高价值用户
        _("High-value users"),
        _("Among the two highest fifths of spending, and here within 30 days."),
    ),
    "active_users": (  # 活跃用户
        _("Active users"),
        _("Did something within 30 days."),
    ),
    "dormant_users": (  # 沉睡用户
        _("Dormant users"),
        _("Did nothing for over 30 days."),
    ),
    # --- R78
    "activate": (  # 激活
        _("Activate"),
        _("Active and without an order so far, or known and not yet active."),
    ),
    "convert": (  # 转化
        _("Convert"),
        _("One order so far, in the last 30 days: lead them to the second."),
    ),
    "retain": (  # 留存
        _("Retain"),
        _("Ordered at least twice, the last time within 30 days."),
    ),
    "wake": (  # 唤醒
        _("Wake up"),
        _("The last order was 31 to 90 days ago."),
    ),
    "recall": (  # 召回
        _("Call back"),
        _("The last order was over 90 days ago."),
    ),
    # --- R106
    "new": (  # 新客
        pgettext_lazy("a stage", "New customers"),
        _("First order within 30 days."),
    ),
    "active": (  # 活跃
        pgettext_lazy("a stage", "Active"),
        _("Ordered within 30 days."),
    ),
    "dormant": (  # 沉睡
        _("Dormant"),
        _("Everybody else: no order within 30 days, or none at all."),
    ),
    # --- R168
    "prospects": (  # 潜在用户
        _("Prospects"),
        _("Know us, and never ordered."),
    ),
    "newcomers": (  # 新用户
        _("Newcomers"),
        _("First order within 30 days."),
    ),
    "mature": (  # 成熟用户
        _("Mature customers"),
        _("Customers for over 30 days who ordered within 90."),
    ),
    "advocates": (  # 忠实拥护者
        _("Advocates"),
        _("Mature customers who brought somebody in the last 90 days."),
    ),
    "churned": (  # 流失用户
        _("Churned"),
        _("No order for over 90 days."),
    ),
    # --- R200
    "introduction": (  # 引入期
        _("Introduction"),
        _("Never ordered, or for the first time within 14 days."),
    ),
    "growing": (  # 成长期
        _("Growing"),
        _("A customer for at most 90 days who ordered within 30."),
    ),
    "settled": (  # 成熟期
        _("Settled"),
        _("A customer for over 90 days who ordered within 30."),
    ),
    "declining": (  # 衰退期
        _("Declining"),
        _("No order for over 30 days."),
    ),
}
