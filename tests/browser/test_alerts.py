"""A metric is watched, held to a rule over months, and made quiet, from its own page."""

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_a_metric_is_watched_and_held_to_a_rule(open_as: Callable[..., Page]) -> None:
    page = open_as("analyst")
    page.goto("/admin/metrics/metric/?q=average_order")
    page.get_by_role("link", name="Average order").click()
    page.get_by_role("link", name="Watch it").click()
    expect(page.locator("select[name=metric] option:checked")).to_have_text("Average order")
    page.locator("select[name=kind]").select_option("level")
    page.locator("select[name=side]").select_option("low")
    page.locator("input[name=threshold]").fill("1000")  # dollars: every day is below
    page.locator("button[name=_save]").click()
    expect(page.locator("body")).to_contain_text("is beyond a level 1000")
    page.goto("/admin/metrics/periodrule/add/")
    page.get_by_label("Name").fill("Buyers come too seldom")
    page.locator("select[name=metric]").select_option(label="Purchase frequency")
    slices = page.locator("select[name=slice] option:not([hidden])")
    expect(slices.first).to_have_text("everybody")
    expect(page.locator("select[name=slice] optgroup:not([hidden])")).to_have_count(1)
    page.locator("select[name=slice]").select_option(index=1)
    page.locator("input[name=threshold]").fill("2")
    page.locator("button[name=_save]").click()
    expect(page.locator("#result_list")).to_contain_text("Purchase frequency")
    page.goto("/admin/metrics/metric/?q=purchase_frequency")
    page.get_by_role("link", name="Purchase frequency").click()
    expect(page.get_by_role("region", name="What hangs on it")).to_contain_text("below 2")
