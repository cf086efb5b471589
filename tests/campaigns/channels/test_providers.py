"""Each provider in its own protocol, against the local phone that checks the signatures."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from campaigns.channels import dingtalk, feishu, push_http, sms_aliyun, sms_http
from campaigns.channels.base import Accepted, Failed, Refused
from campaigns.channels.dingtalk import DingTalk
from campaigns.channels.fcm import BadAccount, Fcm, ServiceAccount
from campaigns.channels.feishu import Feishu
from campaigns.channels.gateway import BadDescription, Gateway, check_body
from campaigns.channels.note import BAD_PHONE, EMPTY, TOO_LONG
from campaigns.channels.sms_aliyun import AliyunSms
from campaigns.channels.webhook import SignedWebhook
from campaigns.channels.wecom import WeCom
from console.embedded.providers import new_private_key
from tests.campaigns.channels.phone import KEYS, Local, give, local_phone, note


@pytest.fixture(scope="module")
def running() -> Iterator[Local]:
    with local_phone() as local:
        yield local


@pytest.fixture
def local(running: Local) -> Local:
    running.got.clear()
    return running


def aliyun(local: Local) -> AliyunSms:
    return AliyunSms("local", KEYS.of("aliyun"), "示例商店", url=local.base)


def gateway(local: Local, wire: str = "sms") -> Gateway:
    made = sms_http.provider if wire == "sms" else push_http.provider
    return made(
        f"{local.base}/{wire}",
        headers={"Authorization": f"Bearer {KEYS.of(wire)}"},
        id_at="id",
        for_good=frozenset({"1404"}),
    )


# --- Aliyun -----------------------------------------------------------------


def test_the_signature_is_that_of_alibaba_clouds_own_example() -> None:
    """Request syntax and signature method V3, the example RunInstances."""
    query = {
        "RegionId": "cn-shanghai",
        "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
    }
    ask = sms_aliyun.sign(
        "https://ecs.cn-shanghai.aliyuncs.com",
        query,
        action="RunInstances",
        version="2014-05-26",
        key_id="YourAccessKeyId",
        secret="YourAccessKeySecret",
        at=dt.datetime(2023, 10, 26, 10, 22, 32, tzinfo=dt.UTC),
        nonce="3156853299f313e23d1673dc12e1703d",
    )
    signature = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    assert ask.headers["Authorization"].endswith(f"Signature={signature}")


def test_aliyun_fills_an_approved_template_and_says_its_own_number(local: Local) -> None:
    params = {"name": "安娜 & Co", "code": "9 折 ~*"}
    (outcome,) = give(aliyun(local), note(template="SMS_1", params=params))
    assert isinstance(outcome, Accepted)
    assert len(outcome.provider_id) == 32
    (got,) = local.got
    assert got.recipient == "13800138000"
    assert json.loads(got.raw["TemplateParam"]) == params
    assert got.raw["OutId"] == "1.7"


def test_a_wrong_secret_is_our_fault_and_not_the_customers(local: Local) -> None:
    wrong = replace(aliyun(local), secret="other")
    (outcome,) = give(wrong, note(template="SMS_1"))
    assert isinstance(outcome, Failed)
    assert "SignatureDoesNotMatch" in outcome.reason
    assert local.got == []


@pytest.mark.parametrize(
    ("ending", "kind", "words"),
    [
        ("9402", Failed, "isv.AMOUNT_NOT_ENOUGH"),  # with HTTP 200
        ("9404", Refused, "isv.MOBILE_NUMBER_ILLEGAL"),  # with HTTP 200
        ("9429", Failed, "429"),
    ],
)
def test_what_aliyun_says_counts_and_not_its_status(
    local: Local, ending: str, kind: type, words: str
) -> None:
    (outcome,) = give(aliyun(local), note(recipient=f"1380013{ending}", template="SMS_1"))
    assert isinstance(outcome, kind)
    assert words in str(outcome)
    assert local.got == []


def test_a_provider_that_asks_to_wait_is_heard(local: Local) -> None:
    (outcome,) = give(aliyun(local), note(recipient="13800139429", template="SMS_1"))
    assert isinstance(outcome, Failed)
    assert outcome.wait == 2


@pytest.mark.parametrize("number", ["", "123", "+86", "nobody", "+8612345678901", "1" * 400])
def test_a_number_that_no_phone_has_is_refused_without_asking(local: Local, number: str) -> None:
    outcomes = give(aliyun(local), note(1, number, template="SMS_1"), note(2, template="SMS_1"))
    assert outcomes[0] == Refused(BAD_PHONE)
    assert isinstance(outcomes[1], Accepted)
    assert len(local.got) == 1


# --- gateways ---------------------------------------------------------------


def test_a_gateway_is_asked_by_its_description(local: Local) -> None:
    (outcome,) = give(gateway(local), note(recipient="138 0013 8000", text="满 50 减 10"))
    assert isinstance(outcome, Accepted)
    assert outcome.provider_id
    assert local.got[0].raw == {"to": "+8613800138000", "text": "满 50 减 10", "id": "1.7"}


def test_a_gateways_error_code_in_a_200_is_no_success(local: Local) -> None:
    poor, gone = give(
        gateway(local), note(1, "+8613800139402"), note(2, "+8613800139404"), timeout=5
    )
    assert isinstance(poor, Failed)
    assert isinstance(gone, Refused)


def test_a_push_takes_its_data_as_it_is(local: Local) -> None:
    (outcome,) = give(gateway(local, "push"), note(recipient="token", data={"order": [1, 2]}))
    assert isinstance(outcome, Accepted)
    assert local.got[0].raw["data"] == {"order": [1, 2]}


def test_a_value_cannot_name_another_place(local: Local) -> None:
    give(gateway(local), note(text="{id} {recipient}"))
    assert local.got[0].text == "{id} {recipient}"


@pytest.mark.parametrize("body", ["", "[]", '{"a": "{nothing}"}', '{"a": "{text"}', "[" * 9999])
def test_a_description_that_cannot_be_filled_is_refused_at_once(body: str) -> None:
    with pytest.raises(BadDescription):
        check_body(body)


# --- Firebase ---------------------------------------------------------------


def fcm(local: Local) -> Fcm:
    return Fcm(ServiceAccount.read(KEYS.service_account(local.base)), base=local.base)


def test_firebase_is_told_who_we_are_once_and_pushed_many(local: Local) -> None:
    outcomes = give(fcm(local), *(note(n, f"device-{n}", title="Hi") for n in range(9)))
    assert all(isinstance(one, Accepted) for one in outcomes)
    assert outcomes[0].provider_id.startswith("projects/local/messages/")  # type: ignore[union-attr]
    assert {got.recipient for got in local.got} == {f"device-{n}" for n in range(9)}


def test_an_app_that_is_gone_from_a_device_is_refused_and_a_quota_heals(local: Local) -> None:
    gone, busy = give(fcm(local), note(1, "device-9404"), note(2, "device-9429"))
    assert isinstance(gone, Refused)
    assert gone.reason.startswith("UNREGISTERED")
    assert gone.is_gone
    assert isinstance(busy, Failed)
    assert busy.wait == 2


def test_a_key_that_google_does_not_know_is_nobody_to_send_to(local: Local) -> None:
    other = replace(KEYS, private_key=new_private_key())
    account = ServiceAccount.read(other.service_account(local.base))
    (outcome,) = give(Fcm(account, base=local.base), note())
    assert isinstance(outcome, Failed)
    assert not outcome.answered
    assert "invalid_grant" in outcome.reason


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"project_id": 1, "client_email": 2}'])
def test_a_file_that_is_no_service_account_is_refused(text: str) -> None:
    with pytest.raises(BadAccount):
        ServiceAccount.read(text)


# --- robots -----------------------------------------------------------------


def test_wecom_believes_only_errcode_0(local: Local) -> None:
    url = f"{local.base}/cgi-bin/webhook/send?key="
    (good,) = give(WeCom(url + KEYS.of("wecom")), note(title="今日", text="**12** 人"))
    (bad,) = give(WeCom(url + "other"), note())
    assert isinstance(good, Accepted)
    assert isinstance(bad, Failed), "HTTP says 200, the body says 93000"
    assert bad.reason == "93000 invalid webhook url"
    assert local.got[0].text == "### 今日\n\n**12** 人"


def test_dingtalks_address_is_signed(local: Local) -> None:
    url = f"{local.base}/robot/send?access_token=local"
    (good,) = give(DingTalk(url, "SEC" + KEYS.of("dingtalk")), note())
    (bad,) = give(DingTalk(url, "SECother"), note())
    assert isinstance(good, Accepted)
    assert bad == Failed("310000 sign not match")


def test_feishus_body_is_signed(local: Local) -> None:
    url = f"{local.base}/open-apis/bot/v2/hook/local"
    (good,) = give(Feishu(url, KEYS.of("feishu")), note(title="Hi", text="there"))
    (bad,) = give(Feishu(url, "other"), note())
    assert isinstance(good, Accepted)
    assert isinstance(bad, Failed)
    assert bad.reason.startswith("19021 ")
    assert (local.got[0].title, local.got[0].text) == ("Hi", "there")


def test_the_signatures_of_robots_are_those_of_their_own_pages() -> None:
    r"""Worked out with openssl: `printf TIME\nSECRET | openssl dgst -sha256 -hmac SECRET`."""
    assert dingtalk.sign("this is secret", 1577262236757).endswith(
        "&sign=hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D"
    )
    assert feishu.sign("demo", 1599360473) == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


def test_a_text_that_a_robot_does_not_take_is_refused_before_it_is_given(local: Local) -> None:
    robot = WeCom(f"{local.base}/cgi-bin/webhook/send?key={KEYS.of('wecom')}")
    assert give(robot, note(text="字" * 1400), note(2, text=" ")) == [
        Refused(TOO_LONG),
        Refused(EMPTY),
    ]
    assert local.got == []


# --- systems of one's own ---------------------------------------------------


def test_a_webhook_is_signed_as_the_standard_says(local: Local) -> None:
    (good,) = give(SignedWebhook(f"{local.base}/hooks", KEYS.webhook), note(recipient="u-1"))
    (bad,) = give(SignedWebhook(f"{local.base}/hooks", "whsec_b3RoZXI="), note())
    assert isinstance(good, Accepted)
    assert isinstance(bad, Failed), "our key is wrong: the customer may get it later"
    assert local.got[0].recipient == "u-1"


def test_control_characters_and_emoji_arrive_as_they_are(local: Local) -> None:
    text = 'line\r\nX: y\x00 "quoted" 👩‍👩‍👧 \ud83d'
    (outcome,) = give(SignedWebhook(f"{local.base}/hooks", KEYS.webhook), note(text=text))
    assert isinstance(outcome, Accepted)
    assert local.got[0].text.startswith('line\r\nX: y\x00 "quoted" 👩‍👩‍👧')
