"""The screens as a person sees them: what one can do there, not how it is marked up."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page


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
