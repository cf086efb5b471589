"""What is told of a template before anybody gets it."""

import pytest
from django.utils import translation

from campaigns.models import Phrase, TemplateRevision
from campaigns.words import phrases, proofing

pytestmark = pytest.mark.django_db

GOOD = '<p>Hi</p><p><a class="button" href="https://shop.test/">Look</a></p>'


@pytest.fixture(autouse=True)
def english() -> None:
    translation.activate("en")


def mail(body: str = GOOD, subject: str = "Hi", **others: object) -> TemplateRevision:
    words = {"zh-hans": {"subject": subject, "body": body}, "en": {"subject": "Hi", "body": GOOD}}
    return TemplateRevision(
        **{"channel": "email", "markup": "html", "language": "zh-hans", "words": words} | others
    )


def short(channel: str, **said: str) -> TemplateRevision:
    words = {"zh-hans": said, "en": said}
    return TemplateRevision(channel=channel, language="zh-hans", words=words)


def wrong(revision: TemplateRevision) -> list[str]:
    return [one.words for one in proofing.mistakes(revision)]


def better(revision: TemplateRevision) -> list[str]:
    assert not wrong(revision)
    return [one.words for one in proofing.advice(revision)]


def test_good_words_are_left_alone() -> None:
    assert better(mail()) == []
    assert better(short("sms", body="您的订单已发货。拒收请回复R")) == []
    assert better(short("push", subject="Hi", body="Look", url="https://a.test/")) == []
    assert better(short("webhook", data="level: {{ traits.orders }}")) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('<a href="">x</a>', "leads nowhere"),
        ('<a href="#">x</a>', "leads nowhere"),
        ('<a href="www.shop.test/a">x</a>', "no whole address"),
        ('<a href="javascript:alert(1)">x</a>', "no whole address"),
        ('<a href="https://shop/a">x</a>', "cannot be read"),
        ('<a href="https://shop.test:x/a">x</a>', "cannot be read"),
        ('<a href="https://shop.test/a b">x</a>', "cannot be read"),
        ("<p>现在起永久免费</p>", "“永久免费” promises too much."),
        ("<p>永 久 <b>免</b>费</p>", "永久免费"),
        ("<p>Free\n FOREVER!</p>", "“free forever”"),
        ("", "Write something here"),
    ],
)
def test_what_cannot_be_sent_is_told(body: str, words: str) -> None:
    told = wrong(mail(body))
    assert any(words in one for one in told), told


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>Hi</p>", "There is no link"),
        ('<a href="mailto:a@b.example">x</a>', "There is no link"),
        ('<a href="https://a.test/">x</a>', "Make the link a button"),
        (GOOD + GOOD.replace("shop.", "other."), "2 calls to action compete"),
        (GOOD.replace("https", "http"), "not encrypted"),
        (GOOD.replace("shop.test", "shop.example"), "“https://shop.example/” stands in an example"),
        (GOOD + '<img src="https://a.test/a.png">', "An image has no words"),
        (GOOD + "<p>销量第一</p>", "“销量第一” is among the words to avoid. 写明数据"),
    ],
)
def test_what_would_be_better_is_told(body: str, words: str) -> None:
    assert any(words in one for one in better(mail(body)))


def test_links_in_several_places_to_one_page_are_one_call_to_action() -> None:
    assert better(mail(GOOD + '<p><a href="https://shop.test/faq">Help</a></p>' + GOOD)) == []


def test_a_subject_that_phones_cut_off_is_told() -> None:
    assert any("Phones show" in one for one in better(mail(subject="长" * 31)))
    assert better(mail(subject="长" * 30)) == []


def test_short_messages_are_counted_and_say_how_to_refuse() -> None:
    told = better(short("sms", body="新品到店" * 20))
    assert any("About 2 parts" in one for one in told)
    assert any("拒收请回复R" in one for one in told)
    assert proofing.parts("新" * 70) == 1
    assert proofing.parts("新" * 71) == 2
    link = "https://shop.test/" + "a" * 70  # a short one leads there
    assert proofing.parts("新" * 10 + link) == 1
    assert proofing.parts("新" * 60 + "https://a.test/") == 2


def test_lines_that_have_no_name_are_told() -> None:
    told = wrong(short("push", subject="Hi", body="x", data="screen: home\nnonsense"))
    assert any("“nonsense” has no name" in one for one in told)


def test_a_missing_language_is_told() -> None:
    revision = mail(words={"zh-hans": {"subject": "Hi", "body": GOOD}})
    assert any("no words in English" in one for one in better(revision))


def test_latin_words_are_found_as_words() -> None:
    avoided = [Phrase(text="best")]
    assert phrases.found_in("The ＢＥＳＴ!", avoided)
    assert not phrases.found_in("a bestiary", avoided)


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        ("{{ coupon.value }}", "coupon.value | money"),
        ("{% if coupon %}{{ coupon.value | default: 0 }}{% endif %}", "coupon.value | money"),
        ("{{ coupon.expires_at }}", "coupon.expires_at | date:"),
        ("{{ traits.monetary_minor }}", "traits.monetary_minor | money"),
    ],
)
def test_an_amount_or_a_time_as_it_is_kept_is_told(words: str, instead: str) -> None:
    assert [one for one in better(mail(GOOD + words)) if instead in one]
    assert [one for one in better(mail(subject=words)) if instead in one]


def test_amounts_and_times_in_words_or_for_programs_are_left_alone() -> None:
    said = "{{ coupon.value | money }}{{ coupon.expires_at | date: '%H:%M' }}{{ traits.orders }}"
    assert better(mail(GOOD + said)) == []
    assert better(mail(GOOD + "{{ coupon.value | divided_by: 100 }}")) == []
    assert better(short("webhook", data="cents: {{ coupon.value }}")) == []
