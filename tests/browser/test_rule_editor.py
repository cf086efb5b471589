"""The rule editor as a person uses it: by mouse, by keyboard, as JSON, on a phone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import SegmentEditor

OpenAs = Callable[..., Page]
TRAIT, EVENT, MONEY = "days since the last order", "Order paid", "spent in all"


@pytest.fixture
def page(open_as: OpenAs) -> Page:
    page = open_as("operator")
    SegmentEditor(page).open_new()
    return page


def rule(page: Page) -> Any:
    return json.loads(page.input_value("textarea[name=rule]"))


def add(page: Page, subject: str) -> None:
    """One more condition at the end of the rule."""
    page.locator(".rb-root > .rb-adders").get_by_role("button", name="+ Condition").click()
    row = page.locator(".rb-root > .rb-list > .rb-row").last
    row.get_by_label("What the condition is about").select_option(label=subject)


def row(page: Page, number: int) -> Any:
    return page.locator(".rb-row").nth(number)


def focused(page: Page) -> str:
    found: str = page.evaluate("document.activeElement.dataset.control ?? ''")
    return found


def test_every_condition_shows_how_many_customers_fit_it(page: Page) -> None:
    add(page, TRAIT)
    add(page, EVENT)
    row(page, 1).get_by_label("How many times").fill("3")
    assert SegmentEditor(page).count() == 1424
    expect(row(page, 0).locator(".rb-count")).to_have_text("2,050")
    expect(row(page, 1).locator(".rb-count")).to_have_text("1,424")
    assert rule(page)["all"][1] == {"event": "order_paid", "did": True, "times": 3, "days": 30}
    expect(page.locator("[data-live=sample] a")).to_have_count(8)


def test_what_was_typed_before_stays_when_something_else_changes(page: Page) -> None:
    add(page, MONEY)
    row(page, 0).get_by_label("Comparison").select_option(label="is between")
    low, high = row(page, 0).get_by_label("Value").all()
    low.fill("12.5")
    high.fill("2000")
    row(page, 0).get_by_role("button", name="not", exact=True).click()
    inside = {"trait": "monetary_minor", "op": "between", "value": [1250, 200000]}
    assert rule(page) == {"all": [{"not": inside}]}


def test_the_keyboard_moves_conditions_into_groups_and_undoes_it(page: Page) -> None:
    add(page, TRAIT)
    page.locator(".rb-root > .rb-adders").get_by_role("button", name="+ Group").click()
    row(page, 0).get_by_label("Comparison").focus()
    page.keyboard.press("Alt+ArrowDown")
    assert [len(part.get("any", [])) for part in rule(page)["all"]] == [2]
    assert focused(page) == "all.0.any.0:down"
    page.keyboard.press("Alt+ArrowUp")
    assert [next(iter(part)) for part in rule(page)["all"]] == ["trait", "any"]
    page.keyboard.press("Control+z")
    assert len(rule(page)["all"]) == 1
    page.keyboard.press("Control+z")
    assert [next(iter(part)) for part in rule(page)["all"]] == ["trait", "any"]
    page.keyboard.press("Control+Shift+z")
    assert len(rule(page)["all"]) == 1


def test_a_condition_is_duplicated_removed_and_brought_back(page: Page) -> None:
    add(page, TRAIT)
    row(page, 0).get_by_role("button", name="Duplicate").click()
    assert len(rule(page)["all"]) == 2
    row(page, 1).get_by_role("button", name="Remove").press("Enter")
    assert focused(page) == "all.0:remove"
    page.get_by_role("button", name="Undo").click()
    assert len(rule(page)["all"]) == 2


def test_a_condition_is_dragged_into_a_group(page: Page) -> None:
    add(page, MONEY)
    page.locator(".rb-root > .rb-adders").get_by_role("button", name="+ Group").click()
    handle = page.locator("[data-slot='all.0'] .rb-handle")
    group = page.locator("[data-slot='all.1'] .rb-row")
    handle.drag_to(group, target_position={"x": 100, "y": 4})
    (group_now,) = rule(page)["all"]
    assert [one["trait"] for one in group_now["any"]] == ["monetary_minor", "recency_days"]


def test_a_mistake_is_shown_at_its_row_and_goes_when_it_is_mended(page: Page) -> None:
    add(page, TRAIT)
    add(page, EVENT)
    days = row(page, 1).get_by_label("How many days")
    days.fill("-3")
    expect(row(page, 1).locator(".rb-error")).to_have_text("Write a number from 1 to 3660.")
    expect(row(page, 0).locator(".rb-error")).to_be_hidden()
    days.fill("7")
    expect(row(page, 1).locator(".rb-error")).to_be_hidden()
    assert SegmentEditor(page).count() > 0


def test_the_rule_can_be_written_as_json(page: Page) -> None:
    page.get_by_role("button", name="Show as JSON").click()
    text = page.locator("textarea[name=rule]")
    text.fill('{"all": [')
    expect(page.get_by_text("This is not a rule yet")).to_be_visible()
    text.fill('{"not": {"trait": "orders", "op": ">", "value": 100}}')
    assert SegmentEditor(page).count() == 2469 - 447
    no = row(page, 0).get_by_role("button", name="not", exact=True)
    expect(no).to_have_attribute("aria-pressed", "true")


def test_what_was_done_can_be_said_in_every_way(page: Page) -> None:
    add(page, EVENT)
    verb = row(page, 0).get_by_label("What they did with it")
    window = row(page, 0).get_by_label("When")
    window.select_option(label="in an earlier window of")
    row(page, 0).get_by_label("How many days ago").fill("60")
    done = {"event": "order_paid", "did": True, "times": 1, "days": 30}
    assert rule(page)["all"] == [{**done, "ago": 60}]
    window.select_option(label="between two dates")
    row(page, 0).get_by_label("from").fill("2017-01-01")
    row(page, 0).get_by_label("to", exact=True).fill("")
    assert rule(page)["all"] == [
        {"event": "order_paid", "did": True, "times": 1, "since": "2017-01-01"}
    ]
    verb.select_option(label="did for the last time")
    row(page, 0).get_by_label("Value").fill("45")
    assert rule(page)["all"] == [{"last": "order_paid", "op": ">", "value": 45}]
    verb.select_option(label="did, and then not something else")
    row(page, 0).get_by_label("What came then").select_option(label="Coupon redeemed")
    row(page, 0).get_by_label("How many hours").fill("48")
    assert rule(page)["all"] == [
        {
            "sequence": {"event": "order_paid"},
            "then": {"event": "coupon_redeemed"},
            "did": False,
            "hours": 48,
            "days": 30,
        }
    ]
    assert "and then not Coupon redeemed within 48 hours" in SegmentEditor(page).sentence()


def test_properties_are_chosen_and_compared_as_what_they_are(page: Page) -> None:
    add(page, EVENT)
    row(page, 0).get_by_role("button", name="+ property of the event").click()
    row(page, 0).get_by_label("property", exact=True).select_option(label="quantity (number)")
    row(page, 0).get_by_label("Value").fill("3")
    assert rule(page)["all"][0]["where"] == [{"property": "quantity", "op": "=", "value": 3}]
    row(page, 0).get_by_label("property", exact=True).select_option(label="another one…")
    row(page, 0).get_by_label("property", exact=True).last.fill("colour")
    assert rule(page)["all"][0]["where"] == [{"property": "colour", "op": "=", "value": ""}]
    expect(row(page, 0).locator("[aria-invalid]")).to_have_attribute("aria-label", "Value")
    expect(row(page, 0).locator(".rb-error")).to_have_text("Write something here.")


def test_where_customers_belong_can_be_asked(page: Page) -> None:
    add(page, "belongs to a random share")
    row(page, 0).get_by_label("How many percent").fill("20")
    row(page, 0).get_by_label("A name for the share").fill("may")
    add(page, "another segment")
    row(page, 1).get_by_label("How they stand to the segment").select_option(label="came into")
    row(page, 1).get_by_label("How many days").fill("3")
    add(page, "Lifecycle stage")
    row(page, 2).get_by_label("For how long").select_option(label="for at least")
    row(page, 2).get_by_label("How many days").fill("0")
    share, crossed, stage = rule(page)["all"]
    assert share == {"random": 20, "seed": "may"}
    assert crossed.keys() == {"entered", "days"}
    assert stage["days"] == 0
    assert stage["op"] == ">="
    assert SegmentEditor(page).count() >= 0


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    add(page, TRAIT)
    add(page, MONEY)
    row(page, 1).get_by_label("Value").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert focused(page) == "all.0:subject"
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    assert [one["trait"] for one in rule(page)["all"]] == ["monetary_minor"]
    page.keyboard.press("Control+z")
    page.keyboard.press("Alt+ArrowDown")
    assert [one["trait"] for one in rule(page)["all"]] == ["monetary_minor", "recency_days"]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    assert [one["trait"] for one in rule(page)["all"]] == ["monetary_minor", "recency_days"]


def test_the_condition_that_bites_is_marked(page: Page) -> None:
    add(page, TRAIT)
    add(page, EVENT)
    row(page, 1).get_by_label("How many times").fill("3")
    expect(page.locator(".rb-row.rb-bites .rb-count")).to_have_text("1,424")
    bars = page.locator(".rb-row .rb-bar span")
    wide, narrow = bars.evaluate_all("all => all.map((bar) => bar.offsetWidth)")
    assert wide > narrow > 0


def test_on_a_phone_nothing_is_wider_than_the_screen(open_as: OpenAs) -> None:
    page = open_as("operator", width=375)
    SegmentEditor(page).open_new()
    add(page, MONEY)
    add(page, EVENT)
    row(page, 1).get_by_role("button", name="+ property of the event").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_whoever_may_not_change_segments_reads_the_rule(open_as: OpenAs) -> None:
    page = open_as("manager")
    page.goto("/admin/segments/segment/")
    page.get_by_role("link", name="Frequent shoppers").click()
    assert SegmentEditor(page).count() == 471
    expect(page.locator(".rb-adders")).to_have_count(0)
    expect(row(page, 0).get_by_label("How many times")).to_be_disabled()


def test_a_rule_is_built_and_read_in_chinese(open_as: OpenAs) -> None:
    """Every control has its name, profile fields have words, and the sentence is read aloud."""
    page = open_as("operator", language="zh-CN", dark=True)
    SegmentEditor(page).open_new()
    for number, (subject, comparison, value) in enumerate(
        [("年龄", "等于", "45-54"), ("累计消费", "大于", "800")]
    ):
        page.locator(".rb-root > .rb-adders").get_by_role(
            "button", name="+ 条件", exact=True
        ).click()
        row(page, number).get_by_label("条件对象").select_option(label=subject)
        row(page, number).get_by_label("比较方式").select_option(label=comparison)
        row(page, number).get_by_label("值", exact=True).fill(value)
        row(page, number).get_by_label("值", exact=True).blur()
    count = SegmentEditor(page).count()
    assert 0 < count < 2_050
    assert rule(page)["all"][0] == {"profile": "age", "op": "=", "value": "45-54"}
    sentence = SegmentEditor(page).sentence()
    assert "年龄" in sentence
    assert "800" in sentence
    assert not any("a" <= letter <= "z" for letter in sentence.replace("USD", "")), sentence
