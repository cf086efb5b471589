"""From a funnel to those who stopped on the way, as a segment that a campaign can use."""

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_who_stopped_in_a_funnel_becomes_a_segment(open_as: Callable[..., Page]) -> None:
    page = open_as("operator")
    page.goto("/admin/metrics/savedreport/")
    page.get_by_role("link", name="Funnel").click()
    expect(page.get_by_text("Choose 2 to 8 events")).to_be_visible()
    page.get_by_label("Step 1", exact=True).last.select_option("campaign_received")
    page.get_by_label("Step 2", exact=True).last.select_option("coupon_redeemed")
    page.get_by_label("The last days").fill("365")
    page.get_by_label("Within").fill("60")
    page.get_by_role("button", name="Show", exact=True).click()
    stopped = page.get_by_role("row", name="stopped at 1 Campaign received")
    expect(stopped).to_be_visible()  # a worker has done it, and the page has loaded itself again
    expect(page.locator("[data-chart-drawn=yes]")).to_be_visible()
    count = stopped.get_by_role("cell").first.inner_text()
    assert int(count.replace(",", "")) > 100
    stopped.get_by_label("Keep them under the name").fill("Got it and kept the coupon")
    stopped.get_by_role("button", name="Make a segment").click()
    expect(page.locator("body")).to_contain_text("The segment is made")
    expect(page.locator("[data-live=count]")).to_contain_text(count)
