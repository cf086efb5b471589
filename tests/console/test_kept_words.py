"""Sentences that a worker keeps are read in the language of whoever reads them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy

from console import kept_words
from console.models import Team
from console.states import NotAllowed
from metrics.models import Metric
from segments.models import Segment, Tag
from segments.rules.nodes import RuleError

NO_EVENT = gettext_lazy("No such event has happened here yet: %(word)s.")


def in_language(code: str, kept: str) -> str:
    with translation.override(code):
        return kept_words.said(kept)


def test_what_a_chinese_worker_kept_reads_english_to_an_english_reader() -> None:
    with translation.override("zh-hans"):
        kept = kept_words.keep(NO_EVENT, word=["invite", "invited"])
    assert in_language("en", kept) == "No such event has happened here yet: invite, invited."
    assert in_language("zh-hans", kept) == "尚无此类事件：invite、invited。"


def test_a_translated_word_in_a_place_is_translated_too() -> None:
    words = gettext_lazy("No event that counts as “%(word)s” has happened here yet.")
    kept = kept_words.keep(words, word=gettext_lazy("paid"))
    assert "“paid”" in in_language("en", kept)
    assert "paid" not in in_language("zh-hans", kept)


def test_a_problem_within_a_problem_is_kept_whole() -> None:
    inner = RuleError((), "Give it a name.")
    kept = kept_words.keep_problem(RuleError((), "%(n)d: %(why)s", n=3, why=inner))
    assert in_language("en", kept) == "3: Give it a name."
    assert "Give" not in in_language("zh-hans", kept)


@pytest.mark.parametrize("text", ["", "OSError", '{"says": broken', '{"says": 1}'])
def test_other_text_passes_as_it_is(text: str) -> None:
    assert kept_words.said(text) == text


@pytest.mark.django_db
def test_a_row_that_is_saved_again_keeps_what_was_kept() -> None:
    kept = kept_words.keep(NO_EVENT, word=["invite"])
    row = Metric.objects.create(key="of_mine", name="Mine", failure=kept, unit="count")
    with translation.override("zh-hans"):
        row = Metric.objects.get(pk=row.pk)
        row.save()
    with translation.override("en"):
        assert Metric.objects.get(pk=row.pk).failure.startswith("No such event")


def test_a_name_that_ships_is_read_in_either_language_and_found_by_both() -> None:
    name = kept_words.both("首单礼", "First-order gift")
    assert in_language("en", name) == "First-order gift"
    assert in_language("zh-hans", name) == "首单礼"
    assert "首单礼" in name
    assert kept_words.both("App", "App") == "App"
    assert in_language("en", "新客 · VIP") == "新客 · VIP", "people's own names stay as they are"


def test_a_name_that_is_made_of_others_fits_its_column() -> None:
    own = "x" * 130
    assert kept_words.name(lambda: own) == "x" * 119 + "…"
    made = kept_words.name(lambda: f"{gettext('customers')}: {own}")
    assert len(made) == 120
    assert in_language("en", made).startswith("customers: xxx")


def test_words_of_many_parts_are_kept_in_each_language() -> None:
    kept = kept_words.each(lambda: f"3 × {gettext('customers')}")
    assert in_language("en", kept) == "3 × customers"
    assert in_language("zh-hans", kept) != "3 × customers"
    assert kept_words.each(lambda: "") == ""


@pytest.mark.django_db
def test_a_name_in_both_languages_survives_being_saved_and_filling_a_place() -> None:
    team = Team.objects.create(name=kept_words.both("增长", "Growth"))
    with translation.override("en"):
        read = Team.objects.get(pk=team.pk)
        assert (read.name, str(read)) == ("Growth", "Growth")
        read.save()
        kept = kept_words.keep(gettext_lazy("by trait: %(name)s"), name=read.name)
    with translation.override("zh-hans"):
        assert Team.objects.get(name__contains="Growth").name == "增长"
        assert kept_words.said(kept).endswith("增长")


def test_a_refusal_is_read_at_once_and_kept_for_others() -> None:
    refusal = NotAllowed(kept_words.say(NO_EVENT, word=["invite"]))
    assert str(refusal) == "No such event has happened here yet: invite."
    assert in_language("zh-hans", kept_words.of(refusal)) == "尚无此类事件：invite。"
    assert kept_words.of(NotAllowed("As it is.")) == "As it is."


def test_lines_are_kept_one_by_one_and_read_wherever_they_stand() -> None:
    kept = kept_words.each_line(lambda: [gettext("customers"), "r2"])
    assert in_language("zh-hans", kept[0]) == "客户"
    with translation.override("en"):
        told = kept_words.said_all({"short": kept, "size": 3})
    assert told == {"short": ["customers", "r2"], "size": 3}


@pytest.mark.django_db
def test_names_stand_in_the_order_of_the_readers_halves() -> None:
    for chinese, english in (("阿", "Zebra"), ("资", "Apple"), ("Middle", "Middle")):
        Team.objects.create(name=kept_words.both(chinese, english))

    def names(code: str) -> list[str]:
        with translation.override(code):
            found = Team.objects.filter(name__regex="Zebra|Apple|Middle")
            return [str(one) for one in found.order_by(kept_words.by_name("name"))]

    assert names("en") == ["Apple", "Middle", "Zebra"]
    assert names("zh-hans")[0] == "Middle"


@pytest.mark.parametrize(
    "typed",
    [
        '{"says": "%(a)s", "about": {"b": 1}}',
        '{"says": "%d", "about": {"b": 1}}',
        '{"says": 1, "about": {}}',
        '{"each": 5}',
        '{"each": {"en": 5}}',
        '{"says": "%(a)s", "about": {"a": {"x": 1}}}',
        '{"says": "x", "about": ' + "[" * 3000 + "]" * 3000 + "}",
    ],
    ids=["no place", "no name", "no words", "number", "numbers", "inner", "deep"],
)
def test_what_people_type_like_it_breaks_no_page(typed: str) -> None:
    assert isinstance(kept_words.said(typed), str)


@pytest.mark.parametrize(
    "places",
    ["%(a)999999999s", "%(a).999999999f", "%(a(b)c)999999999s", "%(a)d"],
    ids=["wide", "exact", "nested-name", "infinite"],
)
def test_a_place_that_no_message_has_stays_empty(places: str) -> None:
    typed = f'{{"says": "{places}", "about": {{"a": Infinity, "a(b)c": "x"}}}}'
    assert in_language("en", typed) == places


def test_what_doubles_itself_again_and_again_ends() -> None:
    typed = '"laugh"'
    for _turn in range(60):
        typed = '{"says": "%(a)s%(a)s", "about": {"a": ' + typed + "}}"
    assert len(in_language("en", typed)) < kept_words.LONGEST


@pytest.mark.parametrize("level", ['{"says": "", "about": {"a": ', "["], ids=["says", "list"])
def test_what_is_nested_without_end_is_shown_as_it_is(level: str) -> None:
    ends = {"[": "]", "{": "}}"}[level[0]]
    inner = level * 400 + "1" + ends * 400
    typed = '{"says": "%(a)s", "about": {"a": ' + inner + "}}"
    assert len(in_language("en", typed)) <= len(typed)


FORGED = '{"each": {"en": "pay 9999", "zh-hans": "pay 10"}}'


@pytest.mark.parametrize(
    "typed",
    [
        FORGED,
        "  " + FORGED,
        '{"says": "%(who)s", "about": {"who": "x"}}',
        json.dumps([{"title": FORGED}]),
        '[{"title": "' + chr(92) + "u007b" + json.dumps(FORGED)[2:] + "}]",
    ],
)
def test_what_a_person_types_reads_the_same_to_everybody(typed: str) -> None:
    kept = kept_words.typed(typed)
    texts = [kept.strip()]
    if kept.startswith("["):
        texts += [one["title"] for one in json.loads(kept)]
    for text in texts:
        assert in_language("en", text) == in_language("zh-hans", text) == text
    assert kept_words.typed(kept) == kept


def test_words_like_any_others_stay_as_they_were_typed() -> None:
    given = {"rule": {"all": [{"a": 1, "b": None}]}, "t": ["{each}", 'a "says" b', "‧", ""]}
    assert kept_words.typed(given) == given
    line = json.dumps({"all": [{"path": "C:" + chr(92) + "x"}]}, indent=1)
    assert kept_words.typed(line) == line


@pytest.mark.parametrize("text", ["好理由 ‧ because", "a ‧  b ‧", "‧ all", "a\n‧ b"])
def test_nobody_types_the_point_between_two_halves(text: str) -> None:
    for given in (text, {"details": {"why": text}}):
        kept: Any = kept_words.typed(given)
        kept = kept["details"]["why"] if isinstance(kept, dict) else kept
        assert in_language("en", kept) == in_language("zh-hans", kept) == text.replace("‧", "·")
    plan = [{"kind": "task", "title": "电话回访 ‧ Call them"}]
    assert kept_words.typed({"plan": plan}) == {"plan": plan}, "it is sent back as it was read"
    assert kept_words.typed(json.dumps(plan, ensure_ascii=False)) == json.dumps(
        plan, ensure_ascii=False
    )
    assert kept_words.typed("中‧文") == "中‧文"


@pytest.mark.django_db
def test_nobody_gives_a_name_that_each_language_reads_differently(
    signed_in: Callable[..., Client],
) -> None:
    client = signed_in("operator")
    address = "/api/v1/segments/"
    given = {"name": FORGED, "rule": {"all": []}}
    assert client.post(address, given, content_type="application/json").status_code == 201
    kept_words_of = kept_words.as_kept(Segment.objects.get().name)
    assert kept_words_of == FORGED.replace("{", "{ ", 1)
    tag = {"name": "t", "description": FORGED, "color": "#ff0000"}
    assert client.post("/api/v1/tags/", tag).status_code == 201
    assert Tag.objects.get().description == FORGED.replace("{", "{ ", 1)
    page = reverse("admin:segments_segment_add")
    client.post(page, {"name": FORGED + "2", "rule": '{"all": []}', "description": ""})
    assert Segment.objects.filter(name=FORGED.replace("{", "{ ", 1) + "2").exists()
