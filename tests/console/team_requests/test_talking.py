"""What is said of a request reaches whom it means and who wants to hear of it, and nobody else."""

import datetime as dt

import pytest
from django.core import mail

from console.models import RequestNews, Staff
from console.states import NotAllowed
from console.team_requests import files, news, seeing, talking, telling
from tests.console.team_requests.world import World, later, moment

pytestmark = pytest.mark.django_db
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(40)


def heard(staff: Staff) -> list[str]:
    """What they have not read, the newest first."""
    return [one.what.removeprefix("team_request.") for one in news.unread(staff)]


def named(world: World, staff: Staff, name: str) -> Staff:
    staff.username = name
    staff.save()
    return staff


def test_a_comment_reaches_who_follows_and_not_who_wrote_it(world: World) -> None:
    request = world.accepted()
    RequestNews.objects.all().delete()
    talking.comment(request, text="Which page?", by=world.tim, at=later(1))
    assert heard(world.olga) == ["commented"]
    assert heard(world.tim) == heard(world.otto) == heard(world.sam) == []
    found = news.unread(world.olga).get()
    assert news.said(found) == f"{world.tim} commented: Which page?"
    news.read(request, by=world.olga, at=later(2))
    assert heard(world.olga) == []


def test_who_is_mentioned_is_let_in_and_hears_of_it_once(world: World) -> None:
    request, sam = world.asked(), named(world, world.sam, "sam")
    assert not seeing.may_see(request, sam)
    said = talking.comment(request, text="请@sam看一下", by=world.olga, at=later(1))
    assert list(said.mentions.all()) == [sam]
    assert seeing.may_see(request, sam)
    assert heard(sam) == ["mentioned"]


def test_who_muted_hears_only_when_they_are_meant(world: World) -> None:
    request, olga = world.accepted(), named(world, world.olga, "olga")
    RequestNews.objects.all().delete()
    telling.mute(request, by=olga)
    talking.comment(request, text="Soon", by=world.tim, at=later(1))
    assert heard(olga) == []
    talking.comment(request, text="@olga: soon", by=world.tim, at=later(1, hour=11))
    assert heard(olga) == ["mentioned"]
    telling.listen(request, by=olga)
    talking.comment(request, text="Now", by=world.tim, at=later(1, hour=12))
    assert heard(olga) == ["commented", "mentioned"]


def test_names_are_found_in_words_without_blanks_and_not_in_addresses(world: World) -> None:
    named(world, world.tim, "tim")
    named(world, world.tina, "tim.b")
    named(world, world.otto, "王伟")
    named(world, world.sam, "gone")
    Staff.objects.filter(username="gone").update(is_active=False)

    def meant(text: str) -> list[str]:
        return [one.username for one in talking.people(text)]

    assert meant("@tim.b, @王伟请看 @gone") == ["tim.b", "王伟"]
    assert meant("@Tim. Thanks") == ["tim"]
    assert meant("mail me: anna@tim.example") == []


def test_nothing_too_much_or_from_a_stranger_is_not_said(world: World) -> None:
    request = world.asked()
    for text in ("  ", "x" * (talking.LONGEST + 1)):
        with pytest.raises(NotAllowed):
            talking.comment(request, text=text, by=world.olga, at=later(1))
    with pytest.raises(NotAllowed):
        talking.comment(request, text="Let me in", by=world.sam, at=later(1))
    with pytest.raises(NotAllowed):
        files.attach(request, name="a.png", content=PICTURE, by=world.sam, at=later(1))
    assert not request.comments.exists()


def test_a_form_that_is_sent_twice_says_it_once(world: World) -> None:
    request = world.asked()
    first = talking.comment(request, text="Yes", by=world.olga, at=later(1))
    assert talking.comment(request, text="Yes", by=world.olga, at=later(1)) == first
    assert talking.comment(request, text="Yes", by=world.olga, at=later(2)) != first


def test_news_of_what_one_may_not_see_any_more_are_neither_shown_nor_mailed(world: World) -> None:
    request = world.asked()
    talking.comment(request, text="Secret", by=world.olga, at=later(1))
    telling.listen(request, by=world.tina)
    talking.comment(request, text="Secret too", by=world.olga, at=later(1, hour=11))
    assert "commented" in heard(world.tina)
    Staff.objects.filter(pk=world.tina.pk).update(team=world.support, email="t@corp.example")
    tina = Staff.objects.get(pk=world.tina.pk)
    mail.outbox.clear()
    news.send_due(at=later(1, hour=12))
    assert heard(tina) == []
    assert all(sent.to != ["t@corp.example"] for sent in mail.outbox)


# --- files --------------------------------------------------------------------


def test_a_file_is_kept_once_and_told(world: World) -> None:
    request = world.accepted()
    RequestNews.objects.all().delete()
    kept = files.attach(request, name="a.png", content=PICTURE, by=world.tim, at=later(1))
    again = files.attach(request, name="a.png", content=PICTURE, by=world.olga, at=later(1))
    assert again == kept
    assert (kept.media_type, kept.size) == ("image/png", len(PICTURE))
    assert heard(world.olga) == ["file_added"]
    with pytest.raises(NotAllowed):
        files.remove(kept, by=world.olga)
    files.remove(kept, by=world.tim)
    assert not request.files.exists()


def test_size_and_sum_have_a_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    request = world.asked()
    monkeypatch.setattr(files, "LARGEST", 60)
    monkeypatch.setattr(files, "OF_A_REQUEST", 100)

    def attach(name: str, content: bytes) -> None:
        files.attach(request, name=name, content=content, by=world.olga, at=moment())

    for name, content in (("a.png", PICTURE + bytes(60)), ("a.png", b""), ("a.exe", b"MZ\0")):
        with pytest.raises(NotAllowed):
            attach(name, content)
    attach("a.png", PICTURE)
    attach("b.png", PICTURE)
    with pytest.raises(NotAllowed, match="at most"):
        attach("c.png", PICTURE)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\docs\\报告.docx", "报告.docx"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("a\u202etxt.exe.png", "atxt.exe.png"),
        ('a"b\r\n.csv', "a_b.csv"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
        ("..", "file"),
    ],
    ids=range(6),
)
def test_a_name_is_only_a_name(given: str, kept: str) -> None:
    assert files.tidy(given) == kept


def test_the_clock_of_a_comment_is_the_one_that_was_told(world: World) -> None:
    said = talking.comment(world.asked(), text="Then", by=world.olga, at=moment())
    assert said.at == moment().astimezone(dt.UTC)


def test_news_are_mailed_once_in_one_mail_and_not_when_they_were_read(world: World) -> None:
    Staff.objects.update(email="")
    Staff.objects.filter(pk=world.olga.pk).update(email="olga@corp.example")
    one, two = world.accepted(), world.asked()
    RequestNews.objects.all().delete()
    for request in (one, two):
        talking.comment(request, text="Which page?", by=world.tim, at=later(1))
    talking.comment(two, text="And when?", by=world.tim, at=later(1, hour=11))
    mail.outbox.clear()
    at = later(1, hour=12)
    assert (news.send_due(at=at), news.send_due(at=at)) == (1, 0)
    (sent,) = mail.outbox
    assert sent.to == ["olga@corp.example"]
    for request in (one, two):
        assert sent.body.count(news.page_of(request)) == 1
    talking.comment(one, text="Never mind", by=world.tim, at=later(1, hour=13))
    news.read(one, by=world.olga, at=later(1, hour=13))
    assert news.send_due(at=later(1, hour=14)) == 0
