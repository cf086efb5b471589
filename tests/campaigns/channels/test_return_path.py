"""A mail says to whom it comes back: its sender, or an address with its own mark."""

import dataclasses
import datetime as dt

import pytest

from campaigns.channels import mime
from campaigns.channels.base import Mail

MAIL = Mail(
    number=1,
    id="1.2@shop.example",
    sender="Shop <news@shop.example>",
    recipient="a@x.example",
    subject="Hi",
    html="<p>Hi</p>",
    text="Hi",
    unsubscribe_url="https://c.example/t/u/x",
    at=dt.datetime(2018, 1, 1, tzinfo=dt.UTC),
)


@pytest.mark.parametrize(
    ("path", "said"), [("", "news@shop.example"), ("b+1-ab@shop.example", "b+1-ab@shop.example")]
)
def test_the_envelope_says_to_whom_it_comes_back(path: str, said: str) -> None:
    first, *_others = mime.parcel(dataclasses.replace(MAIL, return_path=path)).envelope
    assert first == f"MAIL FROM:<{said}>\r\n".encode()


def test_nothing_else_gets_into_the_envelope() -> None:
    with pytest.raises(mime.BadMail):
        mime.parcel(dataclasses.replace(MAIL, return_path="a@b.example>\r\nRCPT TO:<c@d.example"))
