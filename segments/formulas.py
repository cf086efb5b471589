"""Texts that a spreadsheet would take for a formula, made harmless."""

import re

# Also behind quotes and blanks, which spreadsheets skip: =, +, -, @, a tab, a carriage return,
# and the same signs in full width.
_DANGEROUS = re.compile(r"[\s\"'`“”‘’]*[=+\-@＝＋－＠]|[\s\"']*[\t\r\n]")


def escaped(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet might calculate."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def plain(text: str) -> str:
    """The text without the apostrophe that `escaped` put before it."""
    return text[1:] if text.startswith("'") and _DANGEROUS.match(text[1:]) else text
