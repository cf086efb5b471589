"""Every deed about a request by its name, and those that are open to somebody."""

from django.http import Http404

from console.admin.team_requests import deed_forms as forms
from console.admin.team_requests import steps, talk_deeds, weighing
from console.admin.team_requests.deed import Deed, Offer
from console.admin.team_requests.standing import Stand

DEEDS: dict[str, Deed] = {**steps.STEPS, **weighing.WEIGHING, **talk_deeds.TALK}


def named(name: str) -> Deed:
    """The deed of this name.

    Raises:
        Http404: there is none.
    """
    if name not in DEEDS:
        raise Http404
    return DEEDS[name]


def offers(
    stand: Stand, *, begun: forms.DeedForm | None = None, name: str = ""
) -> dict[str, list[Offer]]:
    """What is open to this person, by the part of the page; `begun` is a form that was refused."""
    found: dict[str, list[Offer]] = {}
    for key, deed in DEEDS.items():
        is_begun = key == name
        if deed.is_on_row or not deed.is_open(stand):
            continue
        form = begun if is_begun and begun is not None else deed.form(stand=stand, name=key)
        outlook = deed.look(stand) if deed.look else None
        bar = deed.bar(stand) if deed.bar else ""
        found.setdefault(deed.where, []).append(Offer(key, deed, form, is_begun, outlook, bar))
    return found
