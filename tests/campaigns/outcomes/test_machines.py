"""Machines that look into mails are told from the people whom the mails are for."""

import pytest

from campaigns.outcomes import machines

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"
WECHAT = f"{PHONE} MicroMessenger/8.0.50 NetType/WIFI Language/zh_CN"


@pytest.mark.parametrize("agent", [PHONE, CHROME, WECHAT], ids=["phone", "computer", "wechat"])
def test_people_are_people(agent: str) -> None:
    assert machines.of_open({"User-Agent": agent}, 60) == ""
    assert machines.of_click({"User-Agent": agent}, 60, trapped=False) == ""


@pytest.mark.parametrize(
    ("headers", "seconds", "why"),
    [
        ({"User-Agent": "GoogleImageProxy"}, 60, ""),  # Gmail loads it when the mail is opened
        ({"User-Agent": "Mozilla/5.0 … via ggpht.com GoogleImageProxy"}, 0.5, "quick"),
        ({"User-Agent": "YahooMailProxy; https://help.yahoo.com"}, 60, ""),
        ({"User-Agent": "Mozilla/5.0"}, 3600, "privacy_proxy"),  # Apple loads them all
        ({"User-Agent": ""}, 60, "nameless"),
        ({}, 60, "nameless"),
        ({"User-Agent": CHROME}, 0.4, "quick"),
        ({"User-Agent": CHROME}, None, ""),
    ],
)
def test_whether_the_loading_of_a_picture_tells_of_a_person(
    headers: dict[str, str], seconds: float | None, why: str
) -> None:
    assert machines.of_open(headers, seconds) == why


@pytest.mark.parametrize(
    ("headers", "trapped", "why"),
    [
        ({"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}, False, "robot"),
        ({"User-Agent": "BarracudaCentral"}, False, "robot"),
        ({"User-Agent": "python-requests/2.31"}, False, "robot"),
        ({"User-Agent": CHROME, "Sec-Purpose": "prefetch;prerender"}, False, "prefetch"),
        ({"User-Agent": CHROME, "X-Moz": "prefetch"}, False, "prefetch"),
        ({"User-Agent": CHROME, "X-Purpose": "preview"}, False, "prefetch"),
        ({"User-Agent": CHROME}, True, "trap"),
        ({"User-Agent": f"{CHROME} Cubot"}, False, "robot"),
    ],
)
def test_whether_a_click_tells_of_a_person(
    headers: dict[str, str], trapped: bool, why: str
) -> None:
    assert machines.of_click(headers, 60, trapped=trapped) == why
