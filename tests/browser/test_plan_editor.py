"""The editor of a plan as a person uses it: steps, a way, the keyboard, read back, saved."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

OpenAs = Callable[..., Page]


def test_a_plan_is_built_by_keyboard_read_back_and_saved(open_as: OpenAs) -> None:
    page = open_as("operator")
    page.goto("/admin/campaigns/campaign/add/")
    page.get_by_label("Name").first.fill("Welcome in three steps")
    page.locator("#id_segment").select_option(index=1)
    editor = page.locator("[data-plan-editor]")
    said = editor.locator("[data-plan-said]")
    expect(said).to_contain_text("One message")

    def add(kind: str, where: int = -1) -> None:
        adders = editor.get_by_label("Add a step")
        (adders.last if where < 0 else adders.nth(where)).select_option(label=kind)

    add("Send")
    expect(said).to_contain_text("Choose a template.")  # none is taken unseen
    editor.locator("[data-kind=message] [data-control$=':template']").select_option(index=1)
    add("Wait")
    add("Branch")
    expect(said).to_contain_text("A branch needs a step on one of its ways")
    expect(editor.locator("[data-kind=branch]")).to_have_attribute("data-wrong", "")
    editor.locator("[data-kind=branch] [data-control$=':first']").select_option(index=1)
    add("End", 0)
    expect(said).to_contain_text(
        re.compile(r"then wait 1 day, then ask whether .* opened .*leave the plan")
    )

    wait = editor.locator("[data-kind=wait]")
    wait.get_by_label("How long").fill("3")
    expect(said).to_contain_text("wait 3 days")
    wait.get_by_label("How long").press("Alt+ArrowUp")
    expect(said).to_contain_text(re.compile(r"^wait 3 days, then send"))
    expect(wait.get_by_label("Move up")).to_be_focused()
    editor.get_by_role("button", name="Undo").click()
    expect(said).to_contain_text(re.compile(r"^send by e-mail"))

    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".plan-lines li").first).to_contain_text("Send by e-mail")
    expect(page.get_by_text("Wait 3 days")).to_be_visible()
