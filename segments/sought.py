"""One person to be found everywhere: their numbers here, and what sources know them by."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Self

from django.conf import settings

from segments import sealing
from segments.items import Id
from segments.models import Customer, Identifier

# A shorter text, or one of fewer digits, would be found in half of all numbers and words.
SHORTEST, FEWEST_DIGITS = 6, 9


@dataclass(frozen=True)
class Sought:
    """A person, with everybody who was merged into them."""

    numbers: list[int]
    ids: list[Id]
    addresses: list[str]  # e-mail addresses and phone numbers
    erased_at: str = ""  # ISO 8601; what happened later is somebody's new beginning

    @classmethod
    def of(cls, customer: Customer) -> Self:
        kept = customer.merged_into_id or customer.pk
        absorbed = Customer.objects.filter(merged_into=kept).order_by("pk")
        numbers = [kept, *absorbed.values_list("pk", flat=True)]
        named = Identifier.objects.filter(customer__in=numbers).order_by("pk")
        ids = list(named.values_list("kind", "value"))
        people = Customer.objects.filter(pk__in=numbers).values_list("email", "phone")
        contacts = [value for kind, value in ids if kind in sealing.CONTACT_KINDS]
        addresses = {*contacts, *(value for pair in people for value in pair)} - {""}
        return cls(numbers, ids, sorted(addresses))

    @property
    def texts(self) -> list[str]:
        """What is this person's alone, so that it can be looked for in any text."""
        found = {value for _kind, value in self.ids} | set(self.addresses)
        return sorted(text for text in found if _is_telling(text))

    def without(self, known_again: set[str]) -> Self:
        """The same person without the texts that have become somebody's again since."""
        ids = [one for one in self.ids if one[1] not in known_again]
        addresses = [one for one in self.addresses if one not in known_again]
        return replace(self, ids=ids, addresses=addresses)

    @property
    def forms(self) -> list[str]:
        """The texts as they are, and as sealed columns keep them."""
        return [*self.texts, *(sealing.seal(text) for text in self.texts if sealing.hint())]

    def kept(self) -> str:
        """As it is kept while an erasure runs, readable with the console's own key."""
        return _own_key().seal(json.dumps(asdict(self)))

    @classmethod
    def from_kept(cls, text: str) -> Self:
        found = json.loads(_own_key().open_(text))
        ids = [(kind, value) for kind, value in found["ids"]]
        return cls(found["numbers"], ids, found["addresses"], found["erased_at"])


def _is_telling(text: str) -> bool:
    return len(text) >= (FEWEST_DIGITS if text.isdigit() else SHORTEST)


def _own_key() -> sealing.Key:
    return sealing.Key.of(f"erasure {settings.SECRET_KEY}")
