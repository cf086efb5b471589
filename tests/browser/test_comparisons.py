"""Which of two letters did better: two lists, frozen, counted and judged."""

from collections.abc import Callable

from playwright.sync_api import Page, expect


def upload(page: Page, name: str, households: range) -> None:
    """A list of customers, read and ready."""
    page.goto("/admin/segments/customerlist/")
    lines = "household\n" + "\n".join(map(str, households))
    file = {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": lines.encode()}
    page.get_by_label("File", exact=True).set_input_files(file)  # type: ignore[arg-type]
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Customers are named by").select_option("household")
    page.get_by_label("Leave out who is unknown").check()
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("[data-list-status=ready]")).to_be_visible()


def test_two_lists_are_compared_and_judged(open_as: Callable[..., Page]) -> None:
    page = open_as("operator")
    upload(page, "Plain letter", range(1, 1001))
    upload(page, "Letter with a coupon", range(1001, 2001))
    page.goto("/admin/metrics/comparison/")
    page.get_by_role("link", name="Compare groups").click()
    page.get_by_label("Name", exact=True).first.fill("Does the coupon pay?")
    page.get_by_label("Which event counts").select_option("order_paid")
    page.get_by_label("First day").fill("2017-11-01")
    page.get_by_label("Last day").fill("2017-12-10")
    sources = page.get_by_label("Customers of")
    sources.nth(0).select_option(label="List: Plain letter")
    sources.nth(1).select_option(label="List: Letter with a coupon")
    page.get_by_role("button", name="Freeze the groups and count").click()
    expect(page.locator("[data-verdict]")).to_have_count(3)  # the worker has counted
    expect(page.locator("[data-verdict]").first).to_have_text("no difference shown")
    expect(page.locator("[data-chart-id=forest][data-chart-drawn=yes]")).to_be_visible()
