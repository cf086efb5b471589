"""A mail is read as the wish that it brings."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.team_requests import letters
from console.team_requests.letters import Letter


def mail(**headers: str) -> EmailMessage:
    message = EmailMessage()
    written = {
        "From": "Anna Chen <Anna@corp.example>",
        "To": "requests@corp.example",
        "Subject": "[Data] [fix] The orders of May are missing",
        "Message-ID": "<1@corp.example>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    for name, value in written.items():
        message[name] = value
    message.set_content("They end on the 3rd.\n\n-- \nAnna Chen\nOperations\n")
    return message


def read(message: EmailMessage) -> Letter:
    letter = letters.read(message.as_bytes())
    assert letter
    return letter


def test_the_subject_names_team_and_kind_and_the_signature_is_left_out() -> None:
    letter = read(mail())
    assert letter.sender == "anna@corp.example"
    assert letter.subject == "The orders of May are missing"
    assert letter.tags == ("Data", "fix")
    assert letter.text == "They end on the 3rd."
    assert not letter.is_automatic


def test_chinese_tags_and_an_answer_are_understood() -> None:
    letter = read(mail(Subject="回复：【数据】 五月的订单"))
    assert (letter.subject, letter.tags) == ("五月的订单", ("数据",))


def test_what_stands_after_the_plus_of_the_address_is_a_tag() -> None:
    letter = read(mail(Subject="Orders", Delivered_To="requests+data@corp.example"))
    assert letter.tags == ("data",)


def test_files_come_with_it_and_html_alone_is_read_as_words() -> None:
    message = mail()
    message.add_attachment(b"a,b\n", maintype="text", subtype="csv", filename="orders.csv")
    assert read(message).files == (("orders.csv", b"a,b\n"),)
    message = mail()
    message.set_content("<p>One &amp; two</p><script>bad()</script>three", subtype="html")
    assert read(message).text == "One & two\nthree"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner=x"},
        {"Precedence": "bulk"},
        {"Return_Path": "<>"},
        {"X_Autoreply": "yes"},
    ],
    ids=str,
)
def test_what_a_machine_wrote_is_known(headers: dict[str, str]) -> None:
    assert read(mail(**headers)).is_automatic


def test_without_one_sender_or_a_number_of_its_own_it_is_no_letter() -> None:
    assert letters.read(mail(From="a@x.example, b@x.example").as_bytes()) is None
    assert letters.read(mail(Message_ID="").as_bytes()) is None


@given(st.binary(max_size=300), st.text(max_size=50))
def test_whatever_comes_is_read_or_is_no_letter(raw: bytes, subject: str) -> None:
    headed = b"From: a@b\nMessage-ID: <1>\nSubject: " + subject.encode() + b"\n\n" + raw
    for mail in (raw, headed):
        found = letters.read(mail)
        assert found is None or (found.sender and found.message_id)


def test_what_cannot_be_kept_is_left_out_of_the_subject() -> None:
    letter = read_raw(b"Subject: [Data] The =?utf-8?q?orders=00?= of\0 May")
    assert (letter.tags, letter.subject) == (("Data",), "The orders of May")


def test_parts_within_parts_without_end_are_no_letter() -> None:
    assert (
        letters.read(raw(b"Subject: a\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 3000))
        is None
    )


def raw(more: bytes) -> bytes:
    return b"From: Anna@corp.example\r\nMessage-ID: <1@corp.example>\r\n" + more + b"\r\n\r\nHi\r\n"


def read_raw(more: bytes) -> Letter:
    letter = letters.read(raw(more))
    assert letter
    return letter
