"""What fields of profiles are called on screen: those that most senders have, in two languages.

Any other field is called what its sender calls it.
"""

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

LABELS: dict[str, Promise] = {
    "age": pgettext_lazy("a field of profiles", "age"),
    "birthday": pgettext_lazy("a field of profiles", "birthday"),
    "gender": pgettext_lazy("a field of profiles", "gender"),
    "city": pgettext_lazy("a field of profiles", "city"),
    "province": pgettext_lazy("a field of profiles", "province"),
    "country": pgettext_lazy("a field of profiles", "country"),
    "language": pgettext_lazy("a field of profiles", "language"),
    "occupation": pgettext_lazy("a field of profiles", "occupation"),
    "education": pgettext_lazy("a field of profiles", "education"),
    "income": pgettext_lazy("a field of profiles", "income"),
    "marital_status": pgettext_lazy("a field of profiles", "marital status"),
    "home_ownership": pgettext_lazy("a field of profiles", "home ownership"),
    "household_comp": pgettext_lazy("a field of profiles", "kind of household"),
    "household_size": pgettext_lazy("a field of profiles", "size of the household"),
    "kids_count": pgettext_lazy("a field of profiles", "children"),
    "channel": pgettext_lazy("a field of profiles", "channel"),
    "source": pgettext_lazy("a field of profiles", "source"),
    "device": pgettext_lazy("a field of profiles", "device"),
    "platform": pgettext_lazy("a field of profiles", "platform"),
    "interests": pgettext_lazy("a field of profiles", "interests"),
    "company": pgettext_lazy("a field of profiles", "company"),
    "plan": pgettext_lazy("a field of profiles", "plan"),
    "member_level": pgettext_lazy("a field of profiles", "member level"),
}


def label(field: str) -> str:
    """The field in the active language."""
    said = LABELS.get(field.lower())
    return field if said is None else str(said)


def labels() -> dict[str, str]:
    """All that have words, in the active language."""
    return {field: str(said) for field, said in LABELS.items()}
