"""The plays of the playbook of warnings that ships."""

from campaigns.recipes.parts import DAY, Gift, Recipe, Words
from console.kept_words import both
from segments.shipped import FRIENDLY

# Value comes before silence (R100, R112, R120), then R147-R149, R192, R25: the longest silence
# first. Who pays most is called at once and gets no price promotion (R103); who could pay more
# gets to try; all others the way of recall.
WARNINGS = [
    Recipe(
        "valuable-silent",
        Words(
            both("高价值沉默：专属服务", "High value, silent: a person of their own"),
            ("您的专属顾问想跟您聊聊", "有任何需要，随时联系我们，由专人为您处理。", "联系顾问"),
            (
                "Somebody here is there for you",
                "Whatever you need, a person sees to it.",
                "Write us",
            ),
        ),
        task=both("1 对 1 回访高价值客户", "Call a customer of high value"),
        task_days=1,
        duty="callback",
    ),
    Recipe(
        "potential-dormant",
        Words(
            both("高潜力沉睡：免费体验", "High potential, dormant: try it free"),
            ("送您一次免费体验", "您参与过分享和创作，这次体验由我们请客。", "去体验"),
            ("Try it, on us", "You shared and made things here: this one is on us.", "Try it"),
            with_coupon=True,
        ),
        Gift(both("免费体验券", "Free trial"), 30, 14 * DAY),
    ),
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
        "survey",
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
        "callback",
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
        "friends-quieter",
        Words(
            both("好友互动减少：好友召回", "Less with friends: friends call"),
            ("好友在等您", "看看好友们最近的动态，约上一起。", "看看好友"),
            ("Your friends are here", "See what they did lately, and join them.", "See them"),
        ),
        where_any=FRIENDLY,
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
