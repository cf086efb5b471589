"""The field's ways by which customers come, with the words that usually stand for them."""

from dataclasses import dataclass

from console.kept_words import both


@dataclass(frozen=True)
class ShippedChannel:
    """A channel to begin with; the words are in lower case."""

    key: str
    name: str
    words: tuple[str, ...]


SHIPPED = (
    ShippedChannel(
        "seo",
        both("自然搜索 SEO", "Organic search"),
        ("organic", "organic_search", "自然搜索"),
    ),
    ShippedChannel(
        "sem",
        both("付费搜索 SEM", "Paid search"),
        ("cpc", "ppc", "paid_search", "search_ads", "竞价"),
    ),
    ShippedChannel(
        "feed-ads",
        both("信息流广告", "Feed ads"),
        ("feed", "ads", "oceanengine", "gdt", "巨量引擎", "广点通", "广告投放"),
    ),
    ShippedChannel(
        "social",
        both("社交媒体", "Social media"),
        ("weibo", "wechat", "douyin", "xiaohongshu", "微博", "微信", "抖音", "小红书"),
    ),
    ShippedChannel(
        "content",
        both("内容营销", "Content"),
        ("content_marketing", "blog", "article", "内容引流", "公众号"),
    ),
    ShippedChannel(
        "kol", both("KOL/KOC 合作", "Influencers"), ("koc", "influencer", "creator", "达人")
    ),
    ShippedChannel(
        "aso", both("应用商店 ASO", "App stores"), ("app_store", "appstore", "应用市场")
    ),
    ShippedChannel(
        "referral",
        both("社群裂变", "Referral"),
        ("invite", "invited", "friend", "fission", "裂变", "邀请"),
    ),
    ShippedChannel(
        "partners", both("平台合作", "Partners"), ("partner", "affiliate", "cps", "合作")
    ),
    ShippedChannel("offline", both("线下活动", "Offline"), ("event", "store", "地推", "线下")),
)
