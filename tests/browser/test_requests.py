"""Work between teams: asked from a chart, moved on the board by mouse, keyboard and thumb."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

OpenAs = Callable[..., Page]
FUNNEL = (
    "/admin/metrics/savedreport/funnel/show/"
    "?s1=campaign_received&s2=coupon_redeemed&within=60&unit=days&days=365"
)
LIST = "The list of who is about to leave, every morning"  # of the demo; Growth is at it
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Board:
    """Requests by how they stand."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self) -> None:
        self.page.goto("/admin/console/teamrequest/board/")

    def card(self, title: str) -> Locator:
        return self.page.locator("[data-card]", has_text=title)

    def column(self, status: str) -> Locator:
        return self.page.locator(f"section[data-status={status}]")

    def expect_in(self, status: str, title: str) -> None:
        expect(self.column(status).locator("[data-card]", has_text=title)).to_be_visible()


def test_a_drop_off_becomes_a_request_with_the_chart_in_it(
    open_as: OpenAs, pictures: Path | None
) -> None:
    operator = open_as("operator")
    operator.goto(FUNNEL)
    ask = operator.get_by_role("link", name="Ask another team").first
    expect(ask).to_be_visible()  # a worker has counted, and the page has loaded itself again
    ask.click()
    operator.get_by_role("link", name="Analysis").click()
    said = {
        "What": "Nobody uses the coupon",
        "Why": "Most who get the campaign keep it in a drawer.",
        "For whom": "Who got a campaign",
        "The question": "What holds them back?",
        "What is decided with the answer": "Whether the next one gives a coupon at all",
        "Form of the answer": "Two pages",
        "Specification": "Those of 2017",
    }
    for label, words in said.items():
        operator.get_by_label(label, exact=True).fill(words)
    operator.get_by_label("Receiving team").select_option(label="Growth")
    operator.get_by_role("button", name="Ask the other team").click()
    expect(operator.locator("body")).to_contain_text("Nobody uses the coupon")

    # Whoever receives it sees the funnel as it was, in their own language.
    analyst = open_as("analyst", language="zh-CN", dark=True)
    board = Board(analyst)
    board.open()
    board.expect_in("asked", "Nobody uses the coupon")
    board.card("Nobody uses the coupon").get_by_role("link").first.click()
    expect(analyst.locator("[data-chart-drawn=yes]")).to_be_visible()
    expect(analyst.locator("body")).to_contain_text("需求")
    if pictures:
        analyst.screenshot(path=pictures / "request.png", full_page=True)


def test_a_card_is_moved_by_mouse_keyboard_and_thumb_where_it_may_go(open_as: OpenAs) -> None:
    product = open_as("product")
    board = Board(product)
    board.open()
    assert product.evaluate(WIDER) <= 0
    board.card(LIST).drag_to(board.column("judged"))
    board.expect_in("started", LIST)  # nobody judges what was not delivered
    board.card(LIST).drag_to(board.column("accepted"))
    why = product.locator("#deed-put_back")  # where a move wants words, it leads to them
    why.get_by_label("Why").fill("The poster goes first")
    why.get_by_role("button").click()
    board.open()
    board.expect_in("accepted", LIST)

    board.card(LIST).get_by_role("link").first.focus()
    product.keyboard.press("Shift+ArrowRight")
    board.expect_in("started", LIST)
    # The next key moves on from here.
    expect(board.card(LIST).get_by_role("link").first).to_be_focused()
    number = board.card(LIST).get_attribute("id")

    phone = open_as("product", language="zh-CN", dark=True, width=375)
    Board(phone).open()
    assert phone.evaluate(WIDER) <= 0
    card = phone.locator(f"#{number}")
    card.locator("summary").click()
    card.locator("button[data-to=delivered]").click()
    expect(phone.locator(f"section[data-status=delivered] #{number}")).to_be_visible()
    for name in ("", "mine/", "timeline/", "promises/", "record/"):
        answer = phone.goto(f"/admin/console/teamrequest/{name}")
        assert answer is not None
        assert answer.ok, name
        assert phone.evaluate(WIDER) <= 0, name
