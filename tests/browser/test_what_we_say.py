"""What campaigns are made of, as people make it: a coupon, a template, the contact policy."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

OpenAs = Callable[..., Page]


def test_a_coupon_asks_only_for_what_its_kind_needs_and_is_given_by_hand(open_as: OpenAs) -> None:
    page = open_as("operator")
    page.goto("/admin/campaigns/couponbatch/add/")
    page.get_by_label("Name").fill("A tenth off")
    expect(page.locator("[name=percent]")).to_be_hidden()
    page.locator("select[name=kind]").select_option("percent")
    expect(page.locator("[name=value_minor]")).to_be_hidden()
    page.locator("[name=percent]").fill("10")
    page.locator("[name=most_minor]").fill("5.50")
    page.locator("[name=lasts]").fill("3")
    page.locator("select[name=lasts_in]").select_option(label="days")
    page.locator("button[name=_save]").click()
    expect(page.locator("#coupon-facts + p")).to_contain_text("10% off, at most $5.50")
    page.get_by_label("Customer's number").fill("1")
    page.get_by_label("Why").fill("Their parcel was late")
    page.get_by_role("button", name="Give it").click()
    expect(page.locator("body")).to_contain_text("The coupon is given")


def test_a_template_is_written_looked_at_and_told_what_is_wrong(open_as: OpenAs) -> None:
    page = open_as("operator", width=390)
    page.goto("/admin/campaigns/messagetemplate/add/")
    page.get_by_label("Name").first.fill("A short note")
    page.locator("[name=subject]").fill("For {{ customer.name }")
    page.locator("[name=body]").fill('<p>Hello {{ customer.name | default: "there" }}</p>')
    page.locator("button[name=_save]").click()
    expect(page.locator(".errorlist").first).to_be_visible()
    page.locator("[name=subject]").fill('For {{ customer.name | default: "you" }}')
    preview = page.frame_locator(".mail-frame iframe").first
    expect(preview.locator("body")).to_contain_text("Hello")
    page.locator("button[name=_save]").click()
    page.wait_for_url("**/messagetemplate/**")
    page.goto("/admin/campaigns/messagetemplate/?q=short+note")
    expect(page.get_by_role("link", name="A short note")).to_be_visible()


def test_the_contact_policy_is_changed_with_a_reason_and_kept_in_versions(open_as: OpenAs) -> None:
    page = open_as("manager")
    page.goto("/admin/campaigns/contactpolicy/")
    page.get_by_role("link", name="Change").first.click()
    page.get_by_label("Quiet from").fill("21:30")
    page.get_by_label("Why").fill("The week before 11.11.")
    page.get_by_role("button", name="Put it in force").click()
    expect(page.locator("body")).to_contain_text("Version 2")
    expect(page.locator("body")).to_contain_text("The week before 11.11.")
