"""Value and traits at work: weights tried and put in force, a trait made and used in a rule."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.pages import SegmentEditor

OpenAs = Callable[..., Page]
VALUE = "/admin/segments/scoring/value/"


def test_weights_are_tried_put_in_force_and_explained_for_a_customer(open_as: OpenAs) -> None:
    page = open_as("operator")
    page.goto(VALUE)
    page.get_by_text("Change how it is scored").click()
    page.get_by_label("Activity", exact=True).fill("60")
    preview = page.locator("#scoring-preview")
    expect(preview).to_contain_text(re.compile(r"[\d,]+ of 2,469 customers would be elsewhere"))
    page.get_by_label("Why", exact=True).fill("Who comes often is worth more here")
    page.get_by_role("button", name="Put the new version in force").click()
    # A message would say so too, until the page is loaded again at the end of a quick job.
    done = page.get_by_text(re.compile(r"version 2 ·")).first
    expect(done).to_be_visible()
    page.locator("#explained a").first.click()
    points = page.locator("#explained tbody tr")
    expect(points).to_have_count(6)
    page.locator("#explained a[href*='/customer/']").click()
    expect(page.locator("#customer-score + p strong")).to_have_text(re.compile(r"\d+"))
    expect(page.get_by_role("region", name="What the score is made of")).to_contain_text("Activity")
    page.get_by_role("link", name="How the score is made").click()
    page.get_by_role("link", name="Who moved between which tiers").click()
    expect(page.locator("[data-chart-id=stage-streams][data-chart-drawn] canvas")).to_be_visible()


def test_a_trait_is_looked_at_before_it_is_kept_and_asked_for_in_a_rule(open_as: OpenAs) -> None:
    page = open_as("operator")
    page.goto("/admin/segments/trait/")
    page.get_by_role("link", name="Make a trait").click()
    page.get_by_label("Name").fill("Full baskets")
    page.get_by_label("Events").select_option(label="Order paid")
    page.get_by_label("Only with the property").fill("items")
    page.get_by_label("Comparison").select_option(label="is more than")
    page.get_by_label("Compared with").fill("30")
    page.get_by_role("button", name="See what it comes to").click()
    drawn = page.locator("[data-chart-id=trait-spread][data-chart-drawn] canvas")
    expect(drawn).to_be_visible()
    page.get_by_role("button", name="Save this trait").click()
    expect(page.get_by_text("its values are being computed")).to_be_visible()
    for _ in range(120):
        if page.locator("[data-chart-id=trait-spread]").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    editor = SegmentEditor(page)
    editor.open_new()
    editor.add_condition("Full baskets", "is at least", "3")
    assert 0 < editor.count() < 2_469
    assert "Full baskets is at least 3" in editor.sentence()
