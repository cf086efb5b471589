"""The report on content: pieces, where they belong, and what is done with them."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from metrics.queries import pieces
from metrics.reports import every
from segments import ingest
from segments.models import Thing
from tests.metrics.factories import customers, today_is
from tests.metrics.test_reports import tables
from tests.segments.factories import happened, incoming

DAY = dt.date(2017, 5, 10)
WEEK: dict[str, Any] = {"seen": "article_read", "days": 7, "until": "2017-05-14"}


def event(
    who: int, name: str, day: int, piece: str, column: str = "", **more: Any
) -> ingest.IncomingEvent:
    properties = {"article_id": piece} | ({"column": column} if column else {}) | more
    return incoming(who, dt.date(2017, 5, day), name=name, properties=properties)


@pytest.fixture
def magazine(db: None) -> list[int]:
    """Three read about offices, one about life; some like it, one likes what they never read."""
    today_is("2017-05-15")
    a, b, c = (one.pk for one in customers(3))
    happened(
        event(a, "article_read", 3, "old", "work"),
        event(a, "article_read", 10, "old", "work"),
        event(a, "article_read", 10, "old", "work"),
        event(b, "article_read", 10, "old", "work"),
        event(b, "liked", 10, "old"),
        event(c, "article_read", 11, "old", "work"),
        event(a, "article_read", 11, "fresh", "life"),
        event(a, "shared", 12, "fresh"),
        event(b, "liked", 12, "fresh"),  # and has not read it
        event(b, "article_read", 20, "later", "life"),
        incoming(c, DAY, name="article_read", properties={"column": "work"}),  # names no piece
    )
    return [a, b, c]


def test_pieces_are_told_by_their_readers_and_what_those_did(magazine: list[int]) -> None:
    found = tables("content", **WEEK)["pieces"]
    # piece, where it belongs, readers, times, did more, share, at least, new
    assert [row[:6] for row in found.rows] == [
        ["old", "work", 3, 4, 1, 1 / 3],
        ["fresh", "life", 1, 1, 1, 1.0],
    ]
    assert 0.06 < found.rows[0][6] < 1 / 3
    assert found.rows[1][6] < 0.21, "one of one is not the best"
    assert [row[7] for row in found.rows] == ["", "new"]


def test_where_pieces_belong_is_told_with_how_many_are_new(magazine: list[int]) -> None:
    found = tables("content", **WEEK)["columns"]
    assert found.rows == [["work", 1, 0, 4, 4.0, 1 / 3], ["life", 1, 1, 1, 1.0, 1.0]]
    assert "columns" not in tables("content", **WEEK, column="-")


def test_days_tell_who_did_more_on_the_same_day(magazine: list[int]) -> None:
    rows = tables("content", **WEEK)["days"].rows
    assert [row for row in rows if row[1]] == [
        [dt.date(2017, 5, 11), 2, 0, 0.0],
        [dt.date(2017, 5, 10), 2, 1, 0.5],
    ]
    whole = [dt.date(2017, 5, day) for day in range(14, 7, -1)]
    assert [row[0] for row in rows] == whole, "a day without readers is not left out"
    assert all(row[1:] == [0, 0, None] for row in rows if not row[1])


def test_it_says_how_much_the_leading_pieces_have(db: None) -> None:
    today_is("2017-05-15")
    (who,) = (one.pk for one in customers(1))
    often = [event(who, "article_read", 10, "p0") for _ in range(9)]
    happened(*often, *(event(who, "article_read", 10, f"p{n}") for n in range(1, 12)))
    assert "10 of 12 pieces have 90" in tables("content", **WEEK)["pieces"].note


def test_a_property_with_a_value_for_each_event_fills_no_page(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(pieces, "MOST", 12)
    today_is("2017-05-15")
    (who,) = (one.pk for one in customers(1))
    often = [event(who, "article_read", 10, "p0", "c0") for _ in range(11)]
    happened(*often, *(event(who, "article_read", 10, f"p{n}", f"c{n}") for n in range(1, 30)))
    found = tables("content", **WEEK)
    assert len(found["columns"].rows) == 12
    assert found["columns"].rows[0][:4] == ["c0", 1, 1, 11]
    assert "the 12 of which most is seen are told, of 30" in found["columns"].note
    assert "10 of 30 pieces have 50" in found["pieces"].note, "also of those that are not told"


def test_what_nothing_tells_is_not_nothing(db: None) -> None:
    today_is("2017-05-15")
    (who,) = (one.pk for one in customers(1))
    happened(event(who, "article_read", 10, "p0", "work"))
    Thing.objects.create(
        kind="article", key="p0", attributes={"title": "On tea"}, updated_at=timezone.now()
    )
    found = tables("content", **WEEK)
    assert found["pieces"].rows == [["On tea (p0)", "work", 1, 1, None, None, None, "new"]]
    assert "nothing tells" in found["pieces"].note
    assert found["columns"].rows == [["work", 1, 1, 1, 1.0, None]]
    rows = found["days"].rows
    assert [row for row in rows if row[1]] == [[dt.date(2017, 5, 10), 1, None, None]]
    assert len(rows) == 7


def test_it_guesses_the_properties_and_refuses_what_there_is_not(magazine: list[int]) -> None:
    report = every.BY_KIND["content"]
    read = report.read({"seen": "article_read", "piece": "no", "column": "never"})
    assert (read["piece"], read["column"]) == ("article_id", "column")
    assert report.read({"seen": "article_read", "piece": "column"})["column"] == ""
    nothing = report.read({"seen": "nothing of the kind"})
    assert report.missing(nothing)
    assert "column" not in [one.name for one in report.fields(nothing)], "it would be no column"
    assert report.read({"seen": "article_read", "column": "-"})["column"] == ""
    assert "column=-" in report.address(report.read({"seen": "article_read", "column": "-"}))


def test_properties_may_be_called_anything(db: None) -> None:
    today_is("2017-05-15")
    (who,) = (one.pk for one in customers(1))
    odd = {'a"b': "x", "a\\b": "y", "a.b": "z", "it's": "<b>", "词": ["l", 1], "n": 7, "no": None}
    happened(incoming(who, DAY, name="visit", properties=odd))
    report = every.BY_KIND["content"]
    offered = {one.name: dict(one.options) for one in report.fields(report.read({"seen": "visit"}))}
    assert set(offered["piece"]) == {"a.b", "it's", "词", "n", "no"}
    found = {
        name: [
            row[0] for row in tables("content", seen="visit", piece=name, column="-")["pieces"].rows
        ]
        for name in offered["piece"]
    }
    assert found == {"a.b": ["z"], "it's": ["<b>"], "词": ['["l",1]'], "n": ["7"], "no": []}


def test_an_event_without_properties_says_what_it_lacks(db: None) -> None:
    today_is("2017-05-15")
    (who,) = (one.pk for one in customers(1))
    happened(incoming(who, DAY, name="visit", properties={}))
    report = every.BY_KIND["content"]
    assert "no property" in report.missing(report.read({"seen": "visit"}))


def test_nothing_seen_is_an_answer_too(magazine: list[int]) -> None:
    found = tables("content", seen="article_read", days=2, until="2017-05-08")
    assert [one.rows for one in found.values()] == [[], [], []]
