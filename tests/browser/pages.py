"""The screens as a person sees them: what one can do there, not how it is marked up."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page


@dataclass(frozen=True)
class Console:
    """A running console and the people who can sign in to it."""

    url: str
    home: Path

    def password_of(self, name: str) -> str:
        for line in (self.home / "secrets" / "demo_logins.txt").read_text("utf-8").splitlines():
            _role, username, password = line.split("\t")
            if username == name:
                return password
        raise KeyError(name)

    def sign_in(self, page: Page, name: str) -> None:
        page.goto("/admin/login/")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", self.password_of(name))
        page.click("#login-form button[type=submit]")
        page.wait_for_url("**/admin/")


class SegmentEditor:
    """Where a rule is built."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open_new(self) -> None:
        self.page.goto("/admin/segments/segment/add/")
        self.page.locator("#rule-builder .rb-root").wait_for()

    def name(self, name: str) -> None:
        self.page.get_by_label("Name").fill(name)

    def add_condition(self, subject: str, comparison: str, value: str) -> None:
        """A condition by its words: `add_condition("spent in all", "is more than", "8000")`."""
        self.page.get_by_role("button", name="+ Condition").first.click()
        row = self.page.get_by_role("group", name="Condition").last
        row.get_by_label("What the condition is about").select_option(label=subject)
        row = self.page.get_by_role("group", name="Condition").last
        row.get_by_label("Comparison").select_option(label=comparison)
        value_box = self.page.get_by_role("group", name="Condition").last.get_by_label("Value")
        value_box.fill(value)
        value_box.blur()

    def count(self) -> int:
        """The live count, once the screen says that it is up to date."""
        self.page.locator("#rule-live[data-state=known]").wait_for()
        words = self.page.locator("[data-live=count]").inner_text()
        return int(words.split()[0].replace(",", ""))

    def sentence(self) -> str:
        self.page.locator("#rule-live[data-state=known]").wait_for()
        return self.page.locator("[data-live=sentence]").inner_text()

    def save(self) -> None:
        self.page.get_by_role("button", name="Save and continue editing").click()
        self.page.get_by_text("successfully").first.wait_for()

    def wait_until_computed(self) -> None:
        """Workers compute the members; the page says when."""
        for _ in range(240):
            if not self.page.locator("[data-computed=no]").count():
                return
            self.page.wait_for_timeout(500)
            self.page.reload()
        raise AssertionError("the segment was not computed in two minutes")


class CampaignPage:
    """A campaign from draft to result."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def add(self, name: str, *, segment: str) -> None:
        """A draft with the template of the demo business."""
        self.page.goto("/admin/campaigns/campaign/add/")
        self.page.get_by_label("Name").fill(name)
        offered = self.page.locator("select[name=segment] option", has_text=segment)
        value = offered.first.get_attribute("value")
        self.page.locator("select[name=segment]").select_option(value=value)
        self.page.locator("select[name=template]").select_option(label="We miss you")
        self.page.locator("button[name=_save]").click()
        self.page.locator(".campaign[data-status=draft]").wait_for()

    def press(self, words: str) -> None:
        """One of the steps."""
        self.page.get_by_role("button", name=words).click()

    def wait_for(self, status: str) -> None:
        self.page.locator(f".campaign[data-status={status}]").wait_for()

    def open(self, name: str) -> None:
        self.page.goto("/admin/campaigns/campaign/")
        self.page.get_by_role("link", name=name).first.click()
        self.page.locator(".campaign").first.wait_for()

    def told(self) -> str:
        return self.page.locator(".campaign").inner_text()

    def count_of(self, what: str) -> Locator:
        """A number under “Sending”, which the page keeps up to date: `sent`, `opened` …"""
        return self.page.locator(f"[data-count={what}]")


class Inbox:
    """The local mailbox."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open_newest(self) -> None:
        self.page.goto("/admin/console/mailboxmessage/")
        self.page.locator("#result_list tbody a").first.click()
        self.page.locator(".mail-frame").wait_for()


class CustomerPage:
    """Everything that is known about one customer."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def find(self, term: str) -> None:
        """By the search over the list of customers."""
        self.page.goto("/admin/segments/customer/")
        self.page.locator("input[name=q]").fill(term)
        self.page.locator("input[name=q]").press("Enter")
        self.page.locator("#result_list tbody a").first.click()
        self.page.locator("[data-customer]").wait_for()

    def who(self) -> str:
        return self.page.locator("#who").inner_text()

    def show_contact(self) -> None:
        self.page.get_by_role("button", name="Show contact").click()
        self.page.get_by_text("noted in the audit log").wait_for()

    def events(self) -> Locator:
        return self.page.locator("tr[data-event]")

    def earlier_events(self) -> None:
        self.page.get_by_role("button", name="Earlier events").click()


class CustomerFiles:
    """Lists of customers that go out and come in."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def export(self, *columns: str) -> str:
        """What the list of customers shows, with these columns; gives the file's text."""
        self.page.get_by_role("link", name="Export this list").click()
        write = self.page.get_by_role("button", name="Write the file")
        write.wait_for()  # of a page that is not there yet nothing is checked
        chosen = self.page.locator("input[name=column]:checked")
        while chosen.count():
            chosen.first.uncheck()
        for column in columns:
            self.page.locator(f"input[name=column][value='{column}']").check()
        write.click()
        with self.page.expect_download() as coming:
            self.page.get_by_role("link", name="Download").first.click()
        return Path(coming.value.path()).read_text("utf-8-sig")

    def upload(self, name: str, content: str) -> None:
        self.page.goto("/admin/segments/customerimport/")
        file = {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
        self.page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
        self.page.get_by_role("button", name="Upload").click()

    def check(self, *, policy: str) -> None:
        self.page.get_by_label(policy).check()
        self.page.get_by_role("button", name="Check, and show").click()
        self.page.locator("[data-import-status=checked]").wait_for()

    def count(self, outcome: str) -> int:
        return int(self.page.locator(f"[data-outcome={outcome}] strong").inner_text())

    def apply(self) -> None:
        self.page.get_by_role("button", name="Apply exactly this").click()
        self.page.locator("[data-import-status=applied]").wait_for()
