"""What acquisition costs becomes visible: spend, a goal, and the month's review."""

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_spend_and_a_goal_come_together_in_the_review(open_as: Callable[..., Page]) -> None:
    page = open_as("manager")
    page.goto("/admin/metrics/spend/enter/")
    page.get_by_label("Day, or the first of several").fill("2017-01-01")
    page.get_by_label("The last of several days").fill("2017-12-31")
    page.get_by_label("Amount").fill("24690")
    page.get_by_role("button", name="Book").click()
    expect(page.locator("body")).to_contain_text("The amount is booked.")
    page.goto("/admin/metrics/channel/?since=2017-01-01&until=2017-12-31")
    # No channel is known of anybody: what everybody cost stands in the line of the unexplained.
    expect(page.locator(".line-rest")).to_contain_text("$24,690.00")
    expect(page.locator(".line-rest")).to_contain_text("$10.00")
    page.goto("/admin/metrics/goal/make/?metric=orders")
    page.get_by_label("From").fill("2017-12-01")
    page.get_by_label("Until").fill("2017-12-31")
    page.get_by_label("Target").fill("1000")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-attained]")).to_contain_text("%")
    page.goto("/admin/metrics/reviewnote/?period=2017-12")
    expect(page.get_by_role("region", name="Goals").first).to_contain_text("reached")
    page.get_by_label("Text").fill("A good month.")
    page.get_by_role("button", name="Write it down").click()
    expect(page.locator(".review-note")).to_contain_text("A good month.")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Write it down")).to_be_hidden()
    expect(page.get_by_role("heading", name="Key metrics")).to_be_visible()
