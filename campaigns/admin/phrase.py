"""Words that messages avoid: the list, and the form of one."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.models import Phrase
from campaigns.words import phrases
from console.modeladmin import ConsoleModelAdmin
from console.seen_marks import SeenForm, unseen


class PhraseForm(SeenForm):
    """A word, and what becomes of messages with it."""

    fields_seen = phrases.EDITABLE

    class Meta:
        model = Phrase
        fields = phrases.EDITABLE


@admin.register(Phrase)
class PhraseAdmin(ConsoleModelAdmin):
    view_action = "templates.view"
    add_action = change_action = delete_action = phrases.ACTION
    empty_words: ClassVar = _("Nothing is avoided. Add what messages must not promise.")
    form = PhraseForm
    fields: ClassVar = [*phrases.EDITABLE, "seen"]
    list_display: ClassVar = ["text", "kind", "what", "instead"]
    list_filter: ClassVar = ["kind", "stops"]
    search_fields: ClassVar = ["text__icontains"]

    @display(
        description=_("when found"), ordering="stops", label={True: "danger", False: "warning"}
    )
    def what(self, phrase: Phrase) -> tuple[bool, Any]:
        return phrase.stops, _("cannot be sent") if phrase.stops else _("warns")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        staff: Any = request.user
        if change:
            phrases.edit(obj, by=staff, **form.cleaned_data)
        else:
            obj.pk = phrases.add(by=staff, **unseen(form.cleaned_data)).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        staff: Any = request.user
        phrases.drop(obj, by=staff)
