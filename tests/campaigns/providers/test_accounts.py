"""Accounts with providers: who may keep them, how they are sealed, tried, and what they cost."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.contact import suppression
from campaigns.models import ChannelAccount
from campaigns.money import paying
from campaigns.providers import accounts
from campaigns.providers.accounts import BadSetting
from console.models import AuditEntry, Staff
from console.states import NotAllowed
from tests.campaigns.channels.phone import KEYS, Local, local_phone
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db
ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=very-secret"


@pytest.fixture(scope="module")
def phone() -> Iterator[Local]:
    with local_phone() as local:
        yield local


@pytest.fixture
def admin() -> Staff:
    return StaffFactory.create(role=Staff.Role.ADMIN)


def robot(admin: Staff, name: str = "Group", **more: Any) -> ChannelAccount:
    return accounts.add("wecom", by=admin, name=name, given={"url": ROBOT}, **more)


def sms(admin: Staff, phone: Local, **more: Any) -> ChannelAccount:
    given = {
        "url": f"{phone.base}/sms",
        "headers": f"Authorization: Bearer {KEYS.of('sms')}",
        "for_good": "1404",
    }
    return accounts.add("sms_http", by=admin, name="SMS", given=given, **more)


def test_secrets_are_sealed_and_nowhere_else(admin: Staff) -> None:
    account = robot(admin)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(a)::text FROM campaigns_channelaccount a")
        (row,) = cursor.fetchone()
    assert "very-secret" not in row
    assert "very-secret" not in str(AuditEntry.objects.values_list())
    assert accounts.secret_of(account, "url") == ROBOT


def test_a_secret_left_empty_stays_and_the_way_is_opened_anew(admin: Staff) -> None:
    account = robot(admin)
    before = accounts.channel(account)
    assert accounts.channel(account) is before
    accounts.change(
        account, by=admin, name="New", given={"url": ""}, tariff=Decimal(3), per_minute=5
    )
    account.refresh_from_db()
    assert (account.name, account.per_minute) == ("New", 5)
    assert accounts.secret_of(account, "url") == ROBOT
    assert accounts.channel(account) is not before


def test_without_its_key_an_account_says_so(admin: Staff, settings: Any) -> None:
    account = robot(admin)
    settings.SECRET_KEY = "another one"
    with pytest.raises(accounts.CannotOpen):
        accounts.open_anew(account)
    given = {"url": ROBOT.replace("very", "new")}
    accounts.change(account, by=admin, name="x", given=given, tariff=Decimal(0), per_minute=1)
    account.refresh_from_db()
    assert accounts.open_anew(account)


def test_one_account_is_the_channels_own(admin: Staff) -> None:
    first, second = robot(admin, "one"), robot(admin, "two")
    assert accounts.of_channel("robot") == first
    accounts.make_default(second, by=admin)
    assert accounts.of_channel("robot") == second
    accounts.use(second, False, by=admin)
    assert accounts.of_channel("robot") is None
    with pytest.raises(NotAllowed):
        accounts.make_default(second, by=admin)


def test_two_accounts_of_one_name_are_refused_in_words(admin: Staff) -> None:
    robot(admin, "one")
    with pytest.raises(BadSetting):
        robot(admin, "one")
    assert ChannelAccount.objects.count() == 1


@pytest.mark.parametrize("role", [one for one in Staff.Role if one != Staff.Role.ADMIN])
def test_only_administrators_keep_accounts(admin: Staff, role: str, phone: Local) -> None:
    account, other = sms(admin, phone), StaffFactory.create(role=role)
    phone.got.clear()
    with pytest.raises(NotAllowed):
        robot(other)
    with pytest.raises(NotAllowed):
        accounts.use(account, False, by=other)
    with pytest.raises(NotAllowed):
        accounts.tried(account, by=other, now=timezone.now(), recipient="13800138000", text="x")
    account.refresh_from_db()
    assert account.is_enabled
    assert phone.got == []


def test_a_test_goes_all_the_way_and_says_what_the_provider_said(
    admin: Staff, phone: Local
) -> None:
    account = sms(admin, phone)
    ok, words = accounts.tried(
        account, by=admin, now=timezone.now(), recipient="13800138000", text="您好"
    )
    assert ok
    assert len(words) > 20
    assert phone.got[-1].text == "您好"
    ok, words = accounts.tried(
        account, by=admin, now=timezone.now(), recipient="13800139402", text="x"
    )
    assert (ok, words) == (False, "1402 …")


def test_nobody_there_is_said_in_words(admin: Staff) -> None:
    given = {"url": "http://127.0.0.1:1/"}
    account = accounts.add("sms_http", by=admin, name="Nobody", given=given)
    ok, words = accounts.tried(
        account, by=admin, now=timezone.now(), recipient="13800138000", text="x"
    )
    assert not ok
    assert "127.0.0.1:1" in words


def test_parts_of_a_fen_come_to_the_right_sum(admin: Staff, phone: Local) -> None:
    account = sms(admin, phone, tariff=Decimal("4.5"))
    each = dict.fromkeys(range(1000), accounts.price(account, "短"))
    costs, rest = paying.whole(each, Decimal("0.5"), 10_000)
    assert (sum(costs.values()), set(costs.values()), rest) == (4500, {4, 5}, Decimal("0.5"))
    assert accounts.price(account, "字" * 71) == 9, "two parts"
    assert paying.whole(each, Decimal(0), 12) == ({0: 4, 1: 5}, Decimal(0)), "no more than that"


def test_a_phone_number_can_be_suppressed() -> None:
    suppression.add("+8613800138000", reason="by_hand", at=timezone.now(), channel="sms")
    assert suppression.is_listed("+8613800138000", channel="sms")
    assert not suppression.is_listed("+8613800138000")
