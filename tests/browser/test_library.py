"""From the library to a segment of one's own, and why a customer belongs to it."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.pages import SegmentEditor


def test_a_rule_of_the_field_becomes_a_segment_that_explains_itself(
    open_as: Callable[..., Page],
) -> None:
    page = open_as("operator")
    page.goto("/admin/segments/segment/library/")
    card = page.locator("[data-ready=valuable-silent]")
    card.scroll_into_view_if_needed()
    expect(card).to_contain_text("customers ·")
    needing = page.locator("[data-ready=cart-unpaid]")
    expect(needing).to_contain_text("Nobody sends the event cart_added yet")
    card.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("alert").or_(page.locator("body"))).to_contain_text(
        "It is a segment of yours now"
    )
    SegmentEditor(page).wait_until_computed()
    page.get_by_role("link", name="See the members").click()
    page.locator("table tbody a").first.click()
    page.locator("a.badge", has_text="High value, gone silent").last.click()
    explained = page.locator("[data-explained=yes]")
    expect(explained).to_contain_text("monetary score is at least 4")
    expect(explained).to_contain_text("belongs to it today")
