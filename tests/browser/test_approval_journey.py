"""Two people and a price: one drafts and asks, who had a hand in it is refused, one approves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.pages import CampaignPage

OpenAs = Callable[..., Page]
CAMPAIGN, BUDGET = "A coupon for our quiet ones", "Coupons of the quarter"
PHONE = {"width": 390, "height": 844}


def call(page: Page, method: str, path: str, said: dict[str, Any] | None = None) -> Any:
    """Over the API, as whoever is signed in."""
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    headers = {"X-CSRFToken": next(v for name, v in cookies.items() if "csrf" in name)}
    answer = page.request.fetch(f"/api/v1/{path}", method=method, data=said, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()


def a_budget(manager: Page) -> int:
    """Made and filled on the manager's phone; its number."""
    manager.goto("/admin/console/budget/make/")
    manager.get_by_label("Name").fill(BUDGET)
    manager.locator("input[name=since]").fill("2017-01-01")
    manager.locator("input[name=until]").fill("2019-12-31")
    manager.get_by_role("button", name="Save").click()
    manager.wait_for_url("**/budget/*/change/")
    number = int(manager.url.rstrip("/").split("/")[-2])
    manager.goto(f"/admin/console/budget/{number}/fund/")
    manager.locator("input[name=amount]").fill("5000")
    manager.locator("[name=because]").fill("Plan of the quarter")
    manager.locator("form button[type=submit]").last.click()
    expect(manager.locator("body")).to_contain_text("5,000.00")
    return number


def a_draft(operator: Page, budget: int) -> int:
    """A mail with a gift for a dollar, to a segment that the budget reaches for; its number."""
    batch = {"name": "Tea", "kind": "gift", "gift": "A cup of tea", "value_minor": 100}
    batch |= {"valid_minutes": 60}
    coupon = call(operator, "POST", "coupon-batches/", batch)["id"]
    template = call(operator, "GET", "templates/")["results"][0]["id"]
    segments = call(operator, "GET", "segments/")["results"]
    small = max(
        (one for one in segments if (one["size"] or 0) <= 3000), key=lambda one: one["size"] or 0
    )
    step = {"key": "gift", "kind": "message", "channel": "email", "template": template}
    said = {"name": CAMPAIGN, "segment": small["id"], "budget": budget}
    said["plan"] = [step | {"coupon": coupon}]
    return int(call(operator, "POST", "campaigns/", said)["id"])


def test_what_costs_goes_out_on_somebody_elses_yes_and_is_paid(
    open_as: OpenAs, pictures: Path | None
) -> None:
    manager, operator, admin = open_as("manager", **PHONE), open_as("operator"), open_as("admin")
    number = a_draft(operator, a_budget(manager))
    call(admin, "PATCH", f"campaigns/{number}/", {"goal": "They come back"})
    campaign = CampaignPage(operator)
    campaign.open(CAMPAIGN)
    campaign.press("Submit for approval")
    expect(operator.locator("body")).to_contain_text("Somebody else has to approve it now")
    campaign.wait_for("submitted")

    admin.goto("/admin/console/approval/")
    admin.get_by_role("link", name=CAMPAIGN).first.click()
    expect(admin.locator("body")).to_contain_text("You had a hand in this")
    expect(admin.get_by_role("button", name="Approve sending")).to_have_count(0)

    manager.goto("/admin/console/approval/")
    manager.get_by_role("link", name=CAMPAIGN).first.click()
    expect(manager.locator("body")).to_contain_text("Then and now")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert manager.evaluate(overflow) <= 0
    if pictures:
        manager.screenshot(path=pictures / "approval-phone.png", full_page=True)
        admin.screenshot(path=pictures / "approval.png", full_page=True)
    manager.get_by_role("button", name="Approve sending").click()

    operator.reload()
    campaign.wait_for("approved")
    campaign.press("Send to")
    campaign.wait_for("sent")
    sent = int(campaign.count_of("sent").inner_text().replace(",", ""))
    money = operator.locator("section", has=operator.locator("#money-title"))
    expect(money).to_contain_text(f"${sent:,}.00")
    if pictures:
        operator.screenshot(path=pictures / "campaign-paid.png", full_page=True)
