"""Talking about a request as deeds of its page: comments, files, links, and who hears of it."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import about
from console.admin.team_requests import deed_forms as forms
from console.admin.team_requests.deed import Deed, Given
from console.admin.team_requests.standing import Stand
from console.states import NotAllowed
from console.team_requests import files, linking, talking, telling


def _say(stand: Stand, given: Given) -> None:
    talking.comment(stand.request, text=given["text"], by=stand.staff, at=stand.at)


def _attach(stand: Stand, given: Given) -> None:
    file = given["file"]
    if file.size > files.LARGEST:  # not read into memory to be refused
        raise NotAllowed(_("A file has at most %(most)d MB.") % {"most": files.LARGEST >> 20})
    files.attach(stand.request, name=file.name, content=file.read(), by=stand.staff, at=stand.at)


def _link(stand: Stand, given: Given) -> None:
    about.add(stand.request, given["address"], by=stand.staff)


def _remove_file(stand: Stand, given: Given) -> None:
    file = get_object_or_404(stand.request.files.defer("content"), pk=given["number"])
    files.remove(file, by=stand.staff)


def _unlink(stand: Stand, given: Given) -> None:
    linking.unlink(get_object_or_404(stand.request.links, pk=given["number"]), by=stand.staff)


def _always(_stand: Stand) -> bool:
    """Open to whoever sees the request."""
    return True


TALK: dict[str, Deed] = {
    "say": Deed(
        label=pgettext_lazy("a request", "Comment"),
        done=_("Said."),
        is_open=_always,
        act=_say,
        form=forms.Say,
        where="talk",
    ),
    "attach": Deed(
        label=_("Attach a file"),
        done=_("The file is attached."),
        is_open=_always,
        act=_attach,
        form=forms.Attach,
        where="files",
    ),
    "remove_file": Deed(
        label=_("Take the file away"),
        done=_("The file is gone."),
        is_open=_always,
        act=_remove_file,
        form=forms.Numbered,
        where="files",
        is_on_row=True,
    ),
    "link": Deed(
        label=_("Say what it is about"),
        done=_("It is about that as well."),
        is_open=lambda stand: stand.may_change,
        act=_link,
        form=forms.LinkTo,
        where="about",
    ),
    "unlink": Deed(
        label=_("It is not about that"),
        done=_("Taken away."),
        is_open=lambda stand: stand.may_change,
        act=_unlink,
        form=forms.Numbered,
        where="about",
        is_on_row=True,
    ),
    "listen": Deed(
        label=_("Hear of it"),
        done=_("You hear of what happens to it."),
        is_open=_always,
        act=lambda stand, _given: telling.listen(stand.request, by=stand.staff),
        where="talk",
        is_on_row=True,
    ),
    "mute": Deed(
        label=_("Hear no more of it"),
        done=_("You hear of it only when somebody means you."),
        is_open=_always,
        act=lambda stand, _given: telling.mute(stand.request, by=stand.staff),
        where="talk",
        is_on_row=True,
    ),
}
