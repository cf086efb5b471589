"""The main job, as people do it: build, submit, approve, send, read, and see what came of it."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from console import menu
from tests.browser.pages import CampaignPage, Console, Inbox, SegmentEditor

OpenAs = Callable[..., Page]
SEGMENT, CAMPAIGN = "Big spenders of 2017", "Thanks to our best"


def test_a_segment_becomes_an_approved_campaign_with_a_result(open_as: OpenAs) -> None:
    operator = open_as("operator")
    editor = SegmentEditor(operator)
    editor.open_new()
    assert editor.count() == 2469
    editor.name(SEGMENT)
    editor.add_condition("spent in all", "is more than", "8000")
    assert editor.count() == 52
    assert "spent in all is more than 8,000.00 USD" in editor.sentence()
    editor.save()
    editor.wait_until_computed()

    campaign = CampaignPage(operator)
    campaign.add(CAMPAIGN, segment=SEGMENT)
    assert "52" in campaign.told()
    campaign.press("Submit for approval")
    campaign.wait_for("submitted")

    manager = open_as("manager")
    manager.goto("/admin/")
    manager.get_by_role("link", name="Approvals").first.click()
    manager.get_by_role("link", name=CAMPAIGN).first.click()
    past = manager.get_by_role("region", name="Past campaigns").get_by_role("row")
    expect(past.nth(1)).to_contain_text(
        "2017-"
    )  # the 27 of the demo, by the day on which each ended
    expect(manager.locator("section.evidence")).to_contain_text("None of them had a control group")
    manager.get_by_role("button", name="Approve sending").click()
    expect(manager.locator("body")).to_contain_text("approved")

    operator.reload()
    campaign.wait_for("approved")
    campaign.press("Send to")
    campaign.wait_for("sent")

    # The mail's picture is loaded as it is read; its first link leads to the shop.
    operator.context.route("https://shop.example/**", lambda route: route.fulfill(body="The shop"))
    operator.wait_for_timeout(2000)  # nobody reads a mail in the moment it left
    Inbox(operator).open_newest()
    with operator.context.expect_page() as opened:
        operator.locator(".mail-links a").first.click()
    opened.value.wait_for_url("https://shop.example/**")

    campaign.open(CAMPAIGN)
    expect(campaign.count_of("sent")).to_have_text("51")  # one of the 52 never consented
    expect(campaign.count_of("opened")).to_have_text("1")
    expect(campaign.count_of("clicked")).to_have_text("1")
    operator.goto("/admin/")
    expect(operator.locator("body")).to_contain_text(CAMPAIGN)


def test_the_counts_are_those_of_the_data_set(open_as: OpenAs, console: Console) -> None:
    analyst = open_as("analyst")
    analyst.goto("/admin/segments/eventtype/")
    row = analyst.get_by_role("row", name="order_paid")
    expect(row).to_contain_text("155,848")
    analyst.goto("/admin/metrics/metric/")
    analyst.get_by_role("link", name="Revenue").first.click()
    analyst.get_by_role("link", name="all", exact=True).click()
    expect(analyst.locator("[data-total]")).to_have_text("$4,596,039.58")
    analyst.goto("/admin/segments/segment/add/")
    assert SegmentEditor(analyst).count() == 2469


def test_every_screen_in_both_languages_and_themes_and_on_a_phone(
    open_as: OpenAs, pictures: Path | None
) -> None:
    for language, dark, width in (("zh-CN", True, 1280), ("en", False, 375)):
        page = open_as("admin", language=language, dark=dark, width=width)
        page.goto("/admin/")
        links = page.locator("#nav-sidebar a[href^='/admin/']")
        addresses = sorted({link.get_attribute("href") or "" for link in links.all()})
        assert len(addresses) >= sum(len(screens) for _, screens in menu.SECTIONS)
        for address in addresses:
            answer = page.goto(address)
            assert answer is not None
            assert answer.ok, address
            if pictures:
                name = address.strip("/").replace("/", "-")
                page.screenshot(path=pictures / f"{name}-{language}-{width}.png", full_page=True)
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert overflow <= 0, f"{address} is wider than {width} pixels"
