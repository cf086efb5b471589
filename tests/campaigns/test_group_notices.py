"""A robot's group hears what waits for a decision: each step once, and only where it is wanted."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import group_notices
from campaigns.models import ChannelAccount, GroupNotice
from campaigns.providers import accounts
from console import approvals
from console.policy_rules import Step
from console.states import NotAllowed
from tests.campaigns.channels.phone import KEYS, Local, local_phone
from tests.console.spine import asked, policy, somebody

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
TWO_STEPS = (Step(who="role", roles=["manager"]), Step(who="role", roles=["admin"]))


@pytest.fixture
def phone() -> Iterator[Local]:
    with local_phone() as local:
        yield local


def robot(phone: Local, key: str = KEYS.of("wecom"), *, tells: bool = True) -> ChannelAccount:
    url = f"{phone.base}/cgi-bin/webhook/send?key={key}"
    made = accounts.make("wecom", name="Deciders", given={"url": url})
    accounts.tell_approvals(made, tells, by=somebody("admin"))
    return made


def tell() -> int:
    return group_notices.send_due(at=timezone.now())


def test_a_group_hears_each_step_once_with_whose_it_is(phone: Local) -> None:
    robot(phone)
    boss = somebody("manager", first_name="Ann", last_name="Boss")
    policy(*TWO_STEPS)
    approval = asked(by=somebody("operator"))
    assert (tell(), tell()) == (1, 0)
    (heard,) = phone.got
    assert approval.title in heard.text
    assert str(boss) in heard.text
    assert reverse("admin:console_approval_change", args=[approval.pk]) in heard.text
    approvals.approve(approval, by=boss)
    assert (tell(), tell()) == (1, 0)
    approvals.approve(approval, by=somebody("admin"))
    assert tell() == 0, "what is decided waits for nobody"


def test_a_group_that_does_not_want_it_hears_nothing(phone: Local) -> None:
    robot(phone, tells=False)
    policy(*TWO_STEPS)
    asked()
    assert tell() == 0
    assert phone.got == []


def test_what_its_server_does_not_take_is_told_later(phone: Local) -> None:
    account = robot(phone, key="wrong")
    policy(*TWO_STEPS)
    asked()
    assert tell() == 0
    assert not GroupNotice.objects.exists()
    account.refresh_from_db()
    url = f"{phone.base}/cgi-bin/webhook/send?key={KEYS.of('wecom')}"
    accounts.change(
        account,
        by=somebody("admin"),
        name="Deciders",
        given={"url": url},
        tariff=account.tariff,
        per_minute=account.per_minute,
    )
    assert tell() == 1


def test_an_administrator_says_which_group_hears_it(phone: Local, signed_in: SignedIn) -> None:
    account = robot(phone, tells=False)
    url = reverse("admin:campaigns_account_do", args=[account.pk, "tell"])
    page = reverse("admin:campaigns_channelaccount_change", args=[account.pk])
    for role, is_told in (("operator", False), ("admin", True)):
        signed_in(role).post(url)
        account.refresh_from_db()
        assert account.tells_approvals is is_told
    assert "hears what waits for a decision" in signed_in("admin").get(page).content.decode()
    shop = accounts.make("webhook", name="Shop", given={"url": f"{phone.base}/hook"})
    with pytest.raises(NotAllowed, match="robot"):
        accounts.tell_approvals(shop, True, by=somebody("admin"))
