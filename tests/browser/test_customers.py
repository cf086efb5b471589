"""A customer as staff work with one: found, looked at, taken out in a list and brought back."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.pages import CustomerFiles, CustomerPage


def test_a_customer_is_found_shown_taken_out_and_brought_back(
    open_as: Callable[..., Page],
) -> None:
    operator = open_as("operator")
    customer, files = CustomerPage(operator), CustomerFiles(operator)
    customer.find("household-1003@")
    assert "h•••@customers.example" in customer.who()
    customer.show_contact()
    assert "household-1003@customers.example" in customer.who()
    expect(customer.events()).to_have_count(30)
    customer.earlier_events()
    expect(customer.events()).to_have_count(60)
    expect(operator.locator("#customer-doings")).to_contain_text("Fri")

    operator.goto("/admin/segments/customer/?q=household-1003@")
    taken = files.export("id:household", "name", "phone")
    assert taken.splitlines()[:2] == ["name,telephone,household", "Household 1003,,1003"]

    changed = taken.replace("Household 1003,,", "The Millers,'+4930123456,")
    files.upload("list.csv", changed)
    files.check(policy="The file is right")
    assert (files.count("changed"), files.count("new")) == (1, 0)
    expect(operator.locator("#preview")).to_contain_text("+4930123456")
    files.apply()
    customer.find("+4930123")
    customer.show_contact()
    assert "The Millers" in customer.who()
