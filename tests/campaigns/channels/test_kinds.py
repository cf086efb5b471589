"""What an account has to be told: each kind opens with what its fields ask for, or says why."""

import pytest

from campaigns.channels import kinds, sms_parts
from campaigns.channels.http import Provider
from campaigns.channels.kinds import KINDS, BadSetting, checked
from tests.campaigns.channels.phone import KEYS

GOOD = {
    "sms_aliyun": {"key_id": "a", "secret": "b", "sign_name": "c"},
    "sms_http": {"url": "https://sms.example/send", "headers": "Authorization: Bearer x"},
    "push_http": {"url": "https://push.example/send", "body": '{"to": "{recipient}"}'},
    "fcm": {"service_account": KEYS.service_account("https://oauth.example")},
    "wecom": {"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"},
    "dingtalk": {"url": "https://oapi.dingtalk.com/robot/send?access_token=x", "secret": "SEC"},
    "feishu": {"url": "https://open.feishu.cn/open-apis/bot/v2/hook/x"},
    "webhook": {"url": "https://crm.example/in"},
    "in_app": {},
    "smtp": {"sender": "a@b.example", "host": "mail.example"},
    "mail_api": {"sender": "a@b.example", "provider": "postmark", "api_key": "x"},
}


def test_every_kind_has_an_example_here() -> None:
    assert set(GOOD) == set(KINDS)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_kind_opens_with_what_its_fields_ask_for(name: str) -> None:
    kind = KINDS[name]
    values = checked(kind, GOOD[name])
    assert set(values) == {field.name for field in kind.fields}
    if kind.provider:
        provider: Provider = kind.provider(values)
        assert provider.url.startswith("https://")


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("sms_aliyun", "secret", ""),
        ("sms_http", "url", "javascript:alert(1)"),
        ("sms_http", "url", "http://a b/"),
        ("sms_http", "url", "https://a.example:99999/"),
        ("sms_http", "headers", "Authorization"),
        ("sms_http", "headers", "X Y: z"),
        ("push_http", "body", '{"to": "{who}"}'),
        ("push_http", "body", "{"),
        ("fcm", "service_account", "{}"),
        ("webhook", "secret", "whsec_"),
        ("smtp", "port", "99999"),
        ("smtp", "security", "rot13"),
    ],
)
def test_what_cannot_work_is_refused_by_its_name(name: str, setting: str, value: str) -> None:
    with pytest.raises(BadSetting) as refused:
        checked(KINDS[name], GOOD[name] | {setting: value})
    assert refused.value.name == setting


def test_a_secret_that_is_ours_to_make_is_made_anew_each_time() -> None:
    one, two = (checked(KINDS["webhook"], GOOD["webhook"])["secret"] for _ in range(2))
    assert one.startswith("whsec_")
    assert one != two


@pytest.mark.parametrize("channel", kinds.CHANNELS)
def test_every_channel_has_a_kind(channel: str) -> None:
    assert any(kind.channel == channel for kind in KINDS.values())


@pytest.mark.parametrize(
    ("text", "chinese", "elsewhere"),
    [
        ("", 1, 1),
        ("字" * 70, 1, 1),
        ("字" * 71, 2, 2),
        ("字" * 134, 2, 2),
        ("字" * 135, 3, 3),
        ("a" * 160, 3, 1),
        ("a" * 161, 3, 2),
        ("€" * 80, 2, 1),
        ("€" * 81, 2, 2),
        ("👍" * 36, 1, 2),
    ],
)
def test_parts_are_counted_as_they_are_charged(text: str, chinese: int, elsewhere: int) -> None:
    assert sms_parts.parts(text) == chinese
    assert sms_parts.parts(text, chinese_billing=False) == elsewhere
