"""How much money one event can be about, and in which currency."""

from typing import Any

# In minor units: ten trillion yuan. More is a mistake or an attack, nine thousand of these still
# add up in 64 bits, and every sender's JSON holds them exactly.
LARGEST = 10**15
FOREIGN = "foreign_currency"  # the property of an event whose amount is left out


def foreign(said: Any, own: str) -> str:
    """The currency that an amount is said to be in, where that is not the project's."""
    code = said.strip().upper() if isinstance(said, str) else ""
    return code if len(code) == 3 and code.isalpha() and code != own else ""
