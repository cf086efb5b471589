"""What does not earn what was agreed stands still, until a manager decides in writing."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.pages import CampaignPage

OpenAs = Callable[..., Page]
CAMPAIGN = "Demonstration (A/A): calls that nobody made"  # stopped while the demo was loaded


def test_only_a_managers_written_decision_lets_a_stopped_campaign_go_on(
    open_as: OpenAs, pictures: Path | None
) -> None:
    operator, manager = open_as("operator"), open_as("manager", dark=True)
    operator.goto("/admin/campaigns/stop/?state=open")
    operator.get_by_role("link", name=CAMPAIGN).first.click()
    expect(operator.locator("body")).to_contain_text("The ROI was under +100%")
    expect(operator.locator("body")).to_contain_text("Your role may read this, but not decide it.")
    expect(operator.get_by_role("button", name="It goes on")).to_have_count(0)
    operator.get_by_role("link", name="Open the campaign").click()
    campaign = CampaignPage(operator)
    campaign.wait_for("paused")
    expect(operator.get_by_role("button", name="Go on sending")).to_have_count(0)

    manager.goto("/admin/campaigns/stop/?state=open")
    manager.get_by_role("link", name=CAMPAIGN).first.click()
    goes_on = manager.get_by_role("button", name="It goes on")
    goes_on.click()
    expect(goes_on).to_be_visible()  # nothing was written, so nothing was decided
    manager.get_by_label("Why; others will read it").fill("Two more months, and a larger control")
    if pictures:
        manager.screenshot(path=pictures / "stop.png", full_page=True)
    goes_on.click()
    expect(manager.locator("body")).to_contain_text("Two more months, and a larger control")
    expect(manager.locator("body")).to_contain_text("watched")

    operator.reload()
    campaign.wait_for("sending")
