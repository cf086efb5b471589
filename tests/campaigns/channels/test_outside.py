"""Accounts lead to the public web, and to private networks only where somebody allowed it."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from campaigns.channels import outside, sms_http
from campaigns.channels.base import Failed, Unreachable
from campaigns.channels.http import HttpChannel
from campaigns.providers import accounts
from campaigns.providers.accounts import BadSetting
from tests.campaigns.channels.phone import HERE, Told, local_phone, note


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),  # a cloud's metadata
        ("100.64.0.1", False),
        ("::1", False),
        ("fd00::1", False),
        ("::ffff:10.1.2.3", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("192.168.7.20", True),  # allowed
    ],
)
def test_only_the_public_web_is_open_besides_what_is_allowed(address: str, is_open: bool) -> None:
    allowed = [ip_network("192.168.7.0/24")]
    assert outside.is_open(ip_address(address), allowed) == is_open


def test_nothing_is_said_to_a_private_address_behind_any_name() -> None:
    """The name is only looked up by the connection, so no second answer can differ from it."""
    with local_phone() as local:
        url = local.base.replace("127.0.0.1", "localhost") + "/sms"
        channel, told = HttpChannel(sms_http.provider(url), connections=1), Told()
        with pytest.raises(Unreachable, match="private network"):
            channel.connect()
        channel.send([note()], told)
        channel.close()
    outcome = told.outcomes[1]
    assert isinstance(outcome, Failed)
    assert not outcome.answered
    assert "private network" in outcome.reason
    assert local.got == []


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "https://[::1]:9/", "http://localhost/x"]
)
def test_such_an_address_is_not_kept(url: str, settings: Any) -> None:
    settings.PRIVATE_NETWORKS = []
    with pytest.raises(BadSetting) as refused:
        accounts.settled("webhook", {"url": url})
    assert (refused.value.name, refused.value.why) == ("url", outside.PRIVATE)
    settings.PRIVATE_NETWORKS = [*HERE, ip_network("169.254.0.0/16"), ip_network("::1/128")]
    assert accounts.settled("webhook", {"url": url})["url"] == url
