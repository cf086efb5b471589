"""Coupon codes: made by chance, read as people type them, and shown so that they can be read."""

import secrets

# Letters and digits that nobody takes for each other: no 0 and O, no 1, I and L, no U and V.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"
LENGTH = 12  # 29^12: nobody guesses one of a million coupons in a lifetime of tries
GROUP = 4
LONGEST = 32


def make(count: int) -> list[str]:
    """So many codes, which nobody can foretell."""
    return ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(count)]


def read(typed: str) -> str:
    """A code as it is kept, of what somebody typed: without gaps and dashes, in capitals."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())[:LONGEST]


def show(code: str) -> str:
    """A code of ours in groups; a shared one is a word, and stays whole."""
    is_ours = len(code) == LENGTH and set(code) <= set(ALPHABET)
    parts = [code[at : at + GROUP] for at in range(0, len(code), GROUP)]
    return "-".join(parts) if is_ours else code


def hint(code: str) -> str:
    """Enough of a code to recognise it by, and too little to use it."""
    return f"…{code[-4:]}" if len(code) > GROUP else "…"
