"""What ships to begin with: words in both languages, journeys, and the plays of warnings."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from console.kept_words import both

LINK = "https://shop.example/"  # where buttons lead until somebody says where theirs do
HELLO_ZH = '<p>{{ customer.name | default: "您好" }}：</p>'
HELLO_EN = '<p>Hello {{ customer.name | default: "there" }},</p>'
BUTTON = '<p><a class="button" href="{link}">{words}</a></p>'
COUPON_ZH = "<p>券码 <strong>{{ coupon.code }}</strong>，{{ coupon.expires_on }} 前有效。</p>"
COUPON_EN = "<p>Your code: <strong>{{ coupon.code }}</strong>, until {{ coupon.expires_on }}.</p>"
SOON_ZH = "<p>券码 <strong>{{ coupon.code }}</strong>，{{ coupon.minutes }} 分钟内有效。</p>"
SOON_EN = (
    "<p>Your code: <strong>{{ coupon.code }}</strong>, for {{ coupon.minutes }} minutes only.</p>"
)
LOGIN, INTERACTED = "user_logged_in", "user_interacted"  # as the library's rules name them


@dataclass(frozen=True)
class Words:
    """A mail: subject, text and button, in Chinese and in English."""

    name: str
    zh: tuple[str, str, str]
    en: tuple[str, str, str]
    with_coupon: bool = False
    is_soon: bool = False  # the coupon lasts for minutes, not for days

    def fields(self, link: str) -> dict[str, Any]:
        """As a template keeps them, with where the button leads."""
        gift, present = (SOON_ZH, SOON_EN) if self.is_soon else (COUPON_ZH, COUPON_EN)
        subject, body = self._mail(HELLO_ZH, self.zh, gift, link)
        other, english = self._mail(HELLO_EN, self.en, present, link)
        return {
            "language": "zh-hans",
            "subject": subject,
            "body": body,
            "variants": {"en": {"subject": other, "body": english}},
        }

    def _mail(
        self, hello: str, said: tuple[str, str, str], gift: str, link: str
    ) -> tuple[str, str]:
        subject, text, words = said
        button = BUTTON.format(link=escape(link), words=words)
        return subject, f"{hello}<p>{text}</p>{gift if self.with_coupon else ''}{button}"


@dataclass(frozen=True)
class Gift:
    """A coupon of so many whole units of the currency, valid for so many minutes."""

    name: str
    worth: int
    minutes: int


@dataclass(frozen=True)
class Journey:
    """A plan to begin with. Steps name words and gifts by key; a maker puts numbers there."""

    key: str
    name: str | Promise
    quote: str  # what the field says
    words: dict[str, Words]
    steps: list[dict[str, Any]]
    gifts: dict[str, Gift] = field(default_factory=dict)
    entry: str = "segment"  # or "recurring", by the timetable, or "event", which a maker names
    timetable: dict[str, Any] = field(default_factory=dict)
    event: str = ""  # as it is called where nobody calls it otherwise
    again_after_days: int | None = None
    leaves_at: tuple[str, ...] = ("order_paid",)


@dataclass(frozen=True)
class Recipe:
    """One play of the warnings: the library's segment, and what its members get."""

    segment: str
    words: Words
    gift: Gift | None = None
    task: str = ""
    task_days: int = 3


def say(key: str, words: str, coupon: str = "") -> dict[str, Any]:
    step = {"key": key, "kind": "message", "channel": "email", "template": words}
    return step | ({"coupon": coupon} if coupon else {})


def wait(key: str, days: int) -> dict[str, Any]:
    """Until ten in the morning of that day, where the customer is."""
    return {"key": key, "kind": "wait", "minutes": days * 1440, "at": "10:00"}


DAY = 1440
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
                wait("day2", 2),
                say("third", "three", "gift"),
            ],
            {"gift": Gift(both("首单礼", "First-order gift"), 20, 7 * DAY)},
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
                    ("第 1 天任务：收藏三件喜欢的", "完成今天的任务，离奖励更近一步。", "去完成"),
                    ("Day 1: keep three things you like", "A small task a day.", "Do it"),
                ),
                "two": Words(
                    both("成长任务 2", "Small tasks: day 2"),
                    ("第 2 天任务：写一条评价", "说说您的看法。", "去完成"),
                    ("Day 2: write a review", "Tell others what you think.", "Do it"),
                ),
                "three": Words(
                    both("成长任务 3", "Small tasks: reward"),
                    ("第 3 天：领取奖励", "坚持三天，奖励送到。", "领取"),
                    ("Day 3: your reward", "Three days, and a reward.", "Take it"),
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
            {"gift": Gift(both("成长奖励", "Growth reward"), 10, 3 * DAY)},
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
                    ("换一种方式跟您说", "也许您只是没看到上一封。", "打开看看"),
                    ("Said otherwise", "Perhaps you did not see the last mail.", "Open it"),
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

# R147-R149, R192, R25: the longest silence first.
WARNINGS = [
    Recipe(
        "warning-3",
        Words(
            both("三级预警", "Third warning: 90 days"),
            ("我们升级了，送您老用户回归礼包", "品牌全新升级，等您回来。", "领取礼包"),
            ("Much has changed, and a gift for you", "Come and see what is new.", "Take it"),
            with_coupon=True,
        ),
        Gift(both("老用户回归礼包", "Return pack for old customers"), 30, 14 * DAY),
    ),
    Recipe(
        "warning-2",
        Words(
            both("二级预警", "Second warning: 60 days"),
            ("想听听您的意见", "说说哪里让您不满意，专属福利送上。", "使用福利"),
            ("We would like to hear from you", "Tell us what was missing.", "Use your perk"),
            with_coupon=True,
        ),
        Gift(both("专属福利", "Personal perk"), 20, 14 * DAY),
        both("流失用户调研", "Ask why they left"),
        5,
    ),
    Recipe(
        "warning-1",
        Words(
            both("一级预警", "First warning: less active"),
            ("给您的专属优惠", "最近少见到您，送您一张券。", "去使用"),
            ("Something for you", "We have seen less of you lately.", "Use it"),
            with_coupon=True,
        ),
        Gift(both("定向优惠券", "Targeted coupon"), 20, 7 * DAY),
        both("客服回访", "Call back"),
        2,
    ),
    Recipe(
        "quiet-7",
        Words(
            both("7 天未登录", "Seven days away"),
            ("一周没见，送您一张券", "三天内有效。", "回来看看"),
            ("A week without you", "A coupon for three days.", "Come back"),
            with_coupon=True,
        ),
        Gift(both("七天唤醒券", "Seven-day wake coupon"), 10, 3 * DAY),
    ),
    Recipe(
        "falling-7",
        Words(
            both("活跃连续下滑", "Falling activity"),
            ("为您挑选的内容", "也许您会喜欢这些。", "看看"),
            ("Chosen for you", "Perhaps you like these.", "See them"),
        ),
    ),
]
