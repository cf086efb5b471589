"""The journeys that ship."""

from django.utils.translation import gettext_lazy as _

from campaigns.recipes.parts import DAY, Deed, Gift, Journey, Words, did, say, wait
from console.kept_words import both

LIKES = "traits.favourite_category"
# What each customer likes stands in the subject and in the text, for all others what is new.
LIST = Words(
    both("每周清单", "Weekly list"),
    (
        f'本周为您挑选：{{{{ {LIKES} | default: "新品" }}}}',
        f"{{% if {LIKES} %}}您喜欢{{{{ {LIKES} }}}}，这周的新内容都在这里。"
        "{% else %}这周大家都在看这些。{% endif %}",
        "查看清单",
    ),
    (
        f'Chosen for you this week: {{{{ {LIKES} | default: "what is new" }}}}',
        f"{{% if {LIKES} %}}You like {{{{ {LIKES} }}}}: here is what is new of it."
        "{% else %}This is what others look at this week.{% endif %}",
        "See the list",
    ),
)
DUE = Words(
    both("补货提醒 1", "Restock 1: about time"),
    (
        "是不是该补货了？",
        f"按您平时的下单节奏，差不多到时间了：常买的"
        f"{{% if {LIKES} %}}{{{{ {LIKES} }}}}{{% else %}}商品{{% endif %}}都在这里。",
        "去补货",
    ),
    (
        "Time to restock?",
        f"You usually order about now: {{% if {LIKES} %}}{{{{ {LIKES} }}}} is here."
        "{% else %}what you often buy is here.{% endif %}",
        "Restock",
    ),
)
_OPENED = {"deed": "opened", "step": "first"}

JOURNEYS: dict[str, Journey] = {
    one.key: one
    for one in (
        Journey(
            "three-steps",
            _("Onboarding in three steps"),
            both(
                "新手引导三步曲：3 步快速入门",
                "Three steps to begin with: what it is worth is felt within 72 hours",
            ),
            {
                "one": Words(
                    both("三步曲 1", "Three steps 1: welcome"),
                    ("欢迎加入，先从这里开始", "三步就能上手，第一步：完善资料。", "完善资料"),
                    ("Welcome: begin here", "Three steps. First: tell us what you like.", "Begin"),
                ),
                "two": Words(
                    both("三步曲 2", "Three steps 2: look around"),
                    ("第二步：看看大家在用什么", "挑一个您感兴趣的内容试试。", "去看看"),
                    ("Second: look around", "Try what others like best.", "Look around"),
                ),
                "three": Words(
                    both("三步曲 3", "Three steps 3: first order"),
                    ("第三步：首单礼", "这是给您的首单券。", "去使用"),
                    ("Third: your first order", "Here is a gift for your first order.", "Use it"),
                    with_coupon=True,
                ),
            },
            [
                say("first", "one"),
                wait("day1", 1),
                say("second", "two"),
                wait("day2", 1),
                say("third", "three", "gift"),
            ],
            {"gift": Gift(both("首单礼", "First-order gift"), 20, 7 * DAY)},
            entry="event",  # with a segment they would wait for the night, and 72 hours be over
            event="user_registered",
        ),
        Journey(
            "three-days",
            _("Three days of small tasks"),
            both(
                "3 天成长任务：阶段性目标与阶梯式奖励",
                "A small task a day, with a reward at the end",
            ),
            {
                "one": Words(
                    both("成长任务 1", "Small tasks: day 1"),
                    ("第 1 天任务：收藏三件喜欢的", "两个小任务，完成后奖励就是您的。", "去完成"),
                    ("Day 1: keep three things you like", "Two tasks, then a reward.", "Do it"),
                ),
                "two": Words(
                    both("成长任务 2", "Small tasks: day 2"),
                    (
                        "第 1 个任务已完成！第 2 天：写一条评价",
                        "再完成一步，奖励就送到。",
                        "去完成",
                    ),
                    ("Well done. Day 2: write a review", "One more, then the reward.", "Do it"),
                ),
                "both": Words(
                    both("成长任务：还来得及", "Small tasks: there is time"),
                    ("两个小任务还来得及", "收藏三件喜欢的，再写一条评价，奖励等您。", "去完成"),
                    ("There is time for both tasks", "Keep three things, write a review.", "Begin"),
                ),
                "three": Words(
                    both("成长任务 3", "Small tasks: reward"),
                    ("任务全部完成，奖励送到", "谢谢您的参与，这是给您的券。", "领取"),
                    ("Both done: your reward", "Thank you. Here is what we promised.", "Take it"),
                    with_coupon=True,
                ),
            },
            [
                say("first", "one"),
                wait("day1", 1),
                {
                    "key": "did_one",
                    "kind": "branch",
                    "rule": did("one", 2),
                    "yes": [say("second", "two")],
                    "no": [say("late", "both")],
                },
                wait("day2", 1),
                {
                    "key": "did_both",
                    "kind": "branch",
                    "rule": {"all": [did("one", 4), did("two", 4)]},
                    "yes": [say("third", "three", "gift")],
                    "no": [],
                },
            ],
            {"gift": Gift(both("成长奖励", "Growth reward"), 10, 3 * DAY)},
            deeds={
                "one": Deed(_("The first task is done when"), _("first task"), "item_favorited"),
                "two": Deed(_("The second task is done when"), _("second task"), "review_written"),
            },
            leaves_at=(),  # the reward is for the tasks, also of who ordered on the way
        ),
        Journey(
            "recall",
            _("Recall, step by step"),
            both(
                "召回 SOP：低价值沉默用户启动召回 SOP",
                "For those who went silent: a gift, a reminder, and a call in the end",
            ),
            {
                "one": Words(
                    both("召回 1", "Recall 1: we miss you"),
                    ("好久不见，送您一份回归礼", "这段时间我们上了不少新品。", "回来看看"),
                    ("We have not seen you for a while", "Much is new since.", "Come and see"),
                    with_coupon=True,
                ),
                "again": Words(
                    both("召回 2", "Recall 2: it ends soon"),
                    ("您的回归礼快到期了", "别让它白白过期。", "现在使用"),
                    ("Your gift ends soon", "Do not let it run out.", "Use it now"),
                ),
                "other": Words(
                    both("召回 3", "Recall 3: said otherwise"),
                    ("换一种方式跟您说", "也许您只是没看到上一条消息。", "打开看看"),
                    ("Said otherwise", "Perhaps you did not see what we wrote.", "Open it"),
                ),
            },
            [
                say("first", "one", "gift"),
                wait("days", 3),
                {
                    "key": "opened",
                    "kind": "branch",
                    "did": _OPENED,
                    "yes": [say("again", "again")],
                    "no": [say("other", "other")],
                },
                wait("more", 4),
                {
                    "key": "call",
                    "kind": "task",
                    "title": both("客服回访", "Call and ask why"),
                    "duty": "callback",
                    "days": 3,
                },
            ],
            {"gift": Gift(both("回归礼包", "Return pack"), 30, 14 * DAY)},
        ),
        Journey(
            "wake-nurture",
            _("Wake and nurture"),
            both(
                "“唤醒-培育”双轨策略：内容算法与轻任务",
                "Wake them with what they like, then keep them with light tasks",
            ),
            {
                "wake": Words(
                    both("唤醒", "Wake"),
                    ("为您挑了几样新鲜的", "根据您的喜好推荐。", "看看推荐"),
                    ("A few new things for you", "Chosen by what you like.", "See them"),
                ),
                "task": Words(
                    both("培育", "Nurture: a light task"),
                    ("一分钟小任务", "做完就有小惊喜。", "去完成"),
                    ("A task of one minute", "With a small surprise.", "Do it"),
                ),
            },
            [
                say("first", "wake"),
                wait("days", 2),
                {
                    "key": "awake",
                    "kind": "branch",
                    "did": _OPENED,
                    "yes": [say("nurture", "task")],
                    "no": [wait("longer", 5), say("again", "wake")],
                },
            ],
        ),
        Journey(
            "cart",
            both("购物车未支付", "A cart that is not paid"),
            both(
                "加入购物车未支付：即时优惠券（15 分钟内有效）",
                "Half an hour after the cart a coupon for 15 minutes, at most once a week",
            ),
            {
                "one": Words(
                    both("购物车提醒", "Cart reminder"),
                    ("购物车里的商品还在等您", "给您一张即时优惠券，现在下单就能用。", "去支付"),
                    ("Your cart still waits for you", "Here is a coupon for right now.", "Pay"),
                    with_coupon=True,
                    is_soon=True,
                ),
            },
            [
                {"key": "pause", "kind": "wait", "minutes": 30},
                say("first", "one", "gift") | {"expires": 60},
            ],
            {"gift": Gift(both("即时优惠券", "Instant coupon"), 10, 15)},
            entry="event",
            event="cart_added",
            again_after_days=7,
        ),
        Journey(
            "restock",
            both("补货提醒", "Time to restock"),
            both(
                "库存补货提醒：按每位客户自己的下单间隔提醒，请选择分群库中的“按自身下单节奏，该再次下单了”",
                "When the customer's own rhythm says that the next order is due: choose the "
                "library's segment “Due for the next order”",
            ),
            {
                "one": DUE,
                "again": Words(
                    both("补货提醒 2", "Restock 2: still on the list"),
                    ("您的补货清单还在等您", "一键下单，不用再找。", "去补货"),
                    ("Your list is still here", "One click, and it is on its way.", "Restock"),
                ),
            },
            [say("first", "one"), wait("days", 4), say("again", "again")],
            again_after_days=14,
        ),
        Journey(
            "weekly",
            both("每周兴趣清单", "Weekly list by interest"),
            both(
                "基于用户兴趣标签推送定制化内容清单，每周推送",
                "Every Thursday what fits what each customer likes",
            ),
            {"list": LIST},
            [say("first", "list")],
            entry="recurring",
            timetable={"every": "week", "at": "10:00", "days": [4]},
            again_after_days=0,
            leaves_at=(),
        ),
    )
}
