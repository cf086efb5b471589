"""Telling programs that look into messages from the people whom the messages are for.

Mail scanners load pictures and follow links before the mail is delivered, and some mail
services load every picture whether or not anybody reads. What looks like one of them is kept
apart; when in doubt it was a person, and the doubt is small where a link was followed late.
"""

import re
from collections.abc import Mapping

TOO_QUICK = 2.0  # seconds after it left in which nobody has read it
TRAP_SECONDS = 600  # that a program is known by, after it followed the link nobody sees

# Scanners and previews by what they call themselves. A proxy that loads pictures when the mail
# is opened (Gmail, Yahoo) tells of a person; Apple's, which calls itself just "Mozilla/5.0",
# loads them all.
ROBOTS = re.compile(
    r"bot\b|crawl|spider|preview|prefetch|scan|slurp|barracuda|mimecast|proofpoint|forcepoint"
    r"|ironport|symantec|messagelabs|trendmicro|fireeye|zscaler|sophos|cloudmark|safelinks"
    r"|facebookexternalhit|whatsapp|telegram|slack|skypeuripreview|curl|wget|python-|java/"
    r"|go-http-client|okhttp|libwww|headless|phantomjs|apache-httpclient|axios|node-fetch",
    re.IGNORECASE,
)
PEOPLES_PROXIES = re.compile(r"googleimageproxy|yahoomailproxy", re.IGNORECASE)
BARE = re.compile(r"Mozilla/5\.0\s*")

Headers = Mapping[str, str]


def of_open(headers: Headers, seconds: float | None) -> str:
    """Why the loading of a picture tells of no person; empty: it does."""
    agent = headers.get("User-Agent", "")
    if PEOPLES_PROXIES.search(agent):
        return "quick" if _is_quick(seconds) else ""
    if BARE.fullmatch(agent):
        return "privacy_proxy"
    return _either(headers, agent, seconds)


def of_click(headers: Headers, seconds: float | None, *, trapped: bool) -> str:
    """Why the following of a link tells of no person; empty: it does."""
    return "trap" if trapped else _either(headers, headers.get("User-Agent", ""), seconds)


def _either(headers: Headers, agent: str, seconds: float | None) -> str:
    if not agent.strip():
        return "nameless"
    if ROBOTS.search(agent):
        return "robot"
    if _is_prefetch(headers):
        return "prefetch"
    return "quick" if _is_quick(seconds) else ""


def _is_prefetch(headers: Headers) -> bool:
    """What browsers say that load a page which nobody asked for yet."""
    said = " ".join(
        headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
    )
    return "prefetch" in said.lower() or "preview" in said.lower()


def _is_quick(seconds: float | None) -> bool:
    return seconds is not None and seconds < TOO_QUICK
