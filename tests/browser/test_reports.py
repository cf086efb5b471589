"""Reports in a browser: who stopped in a funnel, what was bought, a metric around a day."""

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


def test_what_was_bought_most_is_drawn_and_written_below(open_as: Callable[..., Page]) -> None:
    page = open_as("analyst", dark=True, width=390)
    page.goto("/admin/metrics/savedreport/content/show/")
    expect(page.get_by_text("Choose the event of somebody who sees a piece")).to_be_visible()
    page.get_by_label("What is seen").select_option("item_bought")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("No other event has this property")).to_be_visible()
    expect(page.locator("[data-chart-drawn=yes]")).to_have_count(3)
    expect(page.get_by_label("Where it belongs", exact=True)).to_have_value("category")
    page.get_by_text("Show as a table").first.click()
    expect(page.get_by_role("columnheader", name="Customers who saw it")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_metric_is_compared_before_and_after_a_day_in_chinese(
    open_as: Callable[..., Page],
) -> None:
    page = open_as("analyst", language="zh-CN")
    page.goto("/admin/metrics/metric/?q=revenue")
    page.locator("#result_list th a", has_text="收入").first.click()
    page.get_by_label("日期", exact=True).fill("2017-10-02")
    page.get_by_role("button", name="对比", exact=True).click()
    expect(page.locator("[data-turn]")).to_contain_text("之前 每周 US$")
    expect(page.locator("[data-chart-id=around][data-chart-drawn=yes]")).to_be_visible()
    page.get_by_label("日期", exact=True).fill("2030-01-01")
    page.get_by_role("button", name="对比", exact=True).click()
    expect(page.get_by_text("请选择已结束的日期。")).to_be_visible()
