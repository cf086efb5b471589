"""Personalising mails: what is left to do for each customer when the rest was done once."""

import re
from pathlib import Path
from typing import Any

from tests.bench import console as bench
from tests.bench.harness import Contest, contest

COUNT = 2_000
LINK = re.compile(r"""(<a\s[^>]*?\bhref=")(https?://[^"]*)(")""")
KNOWN = {"recency_days": 20, "orders": 12}


@contest("making 2,000 personal mails", peer="Liquid, styles inline and text each time", goal=4)
def rendering(folder: Path) -> Contest:
    bench.start()
    people = [_person(number) for number in range(1, COUNT + 1)]
    letter, by_hand = _letter(), _by_hand()
    return Contest(
        ours=lambda: [_ours(letter, one) for one in people],
        peer=lambda: [by_hand(one) for one in people],
        note="HTML with its styles inline, plain text, subject, and four signed addresses a mail; "
        "the texts are compared",
    )


def _person(number: int) -> Any:
    from segments.models import Customer

    return Customer(id=number, name=f"Ann {number}", email=f"a{number}@x.example", language="en")


def _letter() -> Any:
    from campaigns.demo import BODY, SUBJECT
    from campaigns.models import TemplateRevision
    from campaigns.words import rendering
    from console.models import Project

    words = {"en": {"subject": SUBJECT, "body": BODY}}
    return rendering.prepare(
        TemplateRevision(channel="email", markup="html", language="en", words=words),
        campaign_name="C",
        project=Project(name="Acme", currency="CNY"),
    )


def _ours(letter: Any, customer: Any) -> tuple[str, list[str]]:
    from campaigns.words import links, rendering

    number = customer.pk
    made = rendering.render(
        letter,
        customer,
        KNOWN,
        unsubscribe_url=links.unsubscribe_url(number),
        link=lambda target: links.click_url(number, target),
        pixel_url=links.open_url(number),
        trap_url=links.trap_url(number),
    )
    return made.subject, made.text.partition("\n--\n")[0].split()


def _by_hand() -> Any:
    """The same with the same libraries, for each customer from the beginning."""
    import css_inline
    from django.core.signing import Signer
    from django.template.loader import render_to_string
    from inscriptis import get_text
    from inscriptis.model.config import ParserConfig
    from liquid import Environment

    from campaigns.demo import BODY, SUBJECT
    from campaigns.words import shells

    language, plain = Environment(autoescape=True), ParserConfig(display_links=True)
    subject, body = language.from_string(SUBJECT), language.from_string(BODY)
    css = render_to_string("campaigns/mail.css")
    inliner = css_inline.CSSInliner(keep_at_rules=True)
    about = {"language": "en", "sender": "Acme", "css": css, "body": shells.BODY}
    frame = render_to_string("campaigns/mail.html", about)

    def made(customer: Any) -> tuple[str, list[str]]:
        facts = {"customer": {"name": customer.name}, "traits": KNOWN}
        said = body.render(**facts)
        for salt in ("open", "unsubscribe", "trap"):
            Signer(salt=salt).sign_object(customer.pk)
        tracked = LINK.sub(
            lambda link: link[1] + Signer(salt="click").sign_object([customer.pk, link[2]]) + '"',
            inliner.inline(frame.replace(shells.BODY, said)),
        )
        assert tracked
        return subject.render(**facts), get_text(said, plain).split()

    return made
