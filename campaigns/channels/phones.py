"""Phone numbers in their one form: +8613800138000."""

from functools import lru_cache

import phonenumbers

from campaigns.channels.note import BAD_PHONE, BadNote

Home = str  # the country whose numbers are written without its code


def normal(text: str, home: Home = "CN") -> str:
    """The number in E.164.

    Raises:
        BadNote: no phone has this number.
    """
    try:
        number = phonenumbers.parse(text[:40], home)
    except phonenumbers.NumberParseException:
        raise BadNote(BAD_PHONE) from None
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise BadNote(BAD_PHONE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=8)
def code_of(home: Home) -> str:
    """The beginning of the country's numbers: +86."""
    return f"+{phonenumbers.country_code_for_region(home)}"


def at_home(number: str, home: Home = "CN") -> str:
    """As the country itself writes it, without its code; others stay as they are."""
    return number.removeprefix(code_of(home))
