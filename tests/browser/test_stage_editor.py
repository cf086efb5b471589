"""The editor of a stage set as a person uses it: order by keyboard, a rule, trying out, saving."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

OpenAs = Callable[..., Page]
SETS = "/admin/segments/stageset/"


@pytest.fixture
def page(open_as: OpenAs) -> Page:
    """The form of a new set with the stages of the default one."""
    page = open_as("operator")
    page.goto(SETS)
    page.get_by_role("link", name="Lifecycle stage").click()
    page.get_by_role("link", name="Make a copy").click()
    return page


def names(page: Page) -> Any:
    return [one.input_value() for one in page.locator("[name=stage_name]").all()]


def test_a_set_is_put_in_order_tried_out_and_saved(page: Page) -> None:
    page.get_by_label("Name").first.fill("Ours, by frequency")
    third = page.locator("[name=stage_name]").nth(2)
    third.fill("Often here")
    third.press("Alt+ArrowUp")
    expect(third).not_to_be_focused()  # the one that moved keeps the focus
    assert names(page) == ["Prospect", "Often here", "Activation", "Maturity", "Decline"]
    row = page.locator("[data-stage-row]").nth(1)
    row.locator("summary").first.click()
    row.get_by_label("Value").nth(1).fill("5")
    expect(row.locator(".rb-count").first).to_have_text(re.compile(r"[\d,]+"))
    page.get_by_role("button", name="+ Stage").click()
    page.locator("[name=stage_name]").last.fill("Never")
    page.get_by_label("Remove").last.click()
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_role("heading", name="If you save this")).to_be_visible()
    assert names(page)[1] == "Often here"
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. Where everybody stands is being computed.")).to_be_visible()
    expect(page.locator("#stage-set")).to_contain_text("Ours, by frequency")
    expect(page.get_by_text("orders in 90 days is less than 5")).to_be_visible()


def test_the_matrix_of_moves_is_drawn(open_as: OpenAs) -> None:
    page = open_as("analyst")
    page.goto(SETS)
    page.get_by_role("link", name="Lifecycle stage").click()
    page.get_by_role("link", name="Who moved from where to where").click()
    expect(page.locator("[data-chart-id=stage-streams][data-chart-drawn] canvas")).to_be_visible()
    expect(page.locator("table.matrix tbody tr")).to_have_count(5)
