"""The form of a template: the fields of its channel, once for each language that we speak."""

from functools import lru_cache
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from campaigns.models import MessageTemplate
from campaigns.words import forms as parts
from campaigns.words import proofing, revisions

ROWS = {parts.EMAIL: 22}
MAIN = {"subject", "body"}  # fields of the model itself


class TemplateForm(forms.ModelForm):
    """The words; mistakes in them are told before they are kept.

    The words of the main language stand under their own names, the others' under
    `language-name`, such as `en-subject`.
    """

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    channel = forms.ChoiceField(
        choices=MessageTemplate.Channel.choices, widget=forms.HiddenInput, required=False
    )
    of_channel: ClassVar[str] = parts.EMAIL

    class Meta:
        model = MessageTemplate
        fields = ("name", "markup", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"markup", "language"} & set(self.fields):
            self.fields[name].required = False  # what is not said stays as it is
        said = {"": self.instance.more} | {
            f"{code}-": one for code, one in self.instance.variants.items()
        }
        for prefix, fields in said.items():
            for name, words in fields.items():
                self.initial.setdefault(f"{prefix}{name}", words)
        self.initial["channel"] = self.of_channel

    def words(self, given: dict[str, Any]) -> dict[str, Any]:
        """What was written, as the fields of `templates.WORDS`."""
        given = parts.with_line_ends(given)
        names = [field.name for field in parts.FIELDS[self.of_channel]]
        main = given.get("language") or self.instance.language
        variants = {
            code: {name: given.get(f"{code}-{name}", "") for name in names}
            for code, _label in settings.LANGUAGES
            if code != main and any(given.get(f"{code}-{name}") for name in names)
        }
        return {
            "channel": self.of_channel,
            "markup": given.get("markup") or self.instance.markup,
            "language": main,
            "subject": given.get("subject", ""),
            "body": given.get("body", ""),
            "more": {name: given.get(name, "") for name in names if name not in MAIN},
            "variants": variants,
        }

    def template(self, given: dict[str, Any]) -> MessageTemplate:
        """The template as the form has it, not kept."""
        return MessageTemplate(
            pk=self.instance.pk,
            name=self.instance.name,
            revision=self.instance.revision,
            **self.words(given),
        )

    def clean_markup(self) -> str:
        return self.cleaned_data["markup"] or self.instance.markup

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or self.instance.language

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        template = self.template(given)
        for mistake in proofing.mistakes(revisions.unsaved(template)):
            is_main = mistake.language == template.language
            name = mistake.field if is_main else f"{mistake.language}-{mistake.field}"
            if name in self.fields:
                self.add_error(name, mistake.words)
        return given


@lru_cache(maxsize=16)
def form_of(channel: str) -> type[TemplateForm]:
    """The form for templates of a channel."""
    fields: dict[str, Any] = {
        f"{prefix}{field.name}": _field(field, channel)
        for prefix in ["", *(f"{code}-" for code, _label in settings.LANGUAGES)]
        for field in parts.FIELDS[channel]
    }
    return type("TemplateForm", (TemplateForm,), {"of_channel": channel, **fields})


def names(channel: str, language: str = "") -> list[str]:
    """The fields of the words in the main language, or in another one."""
    prefix = f"{language}-" if language else ""
    return [f"{prefix}{field.name}" for field in parts.FIELDS[channel]]


def _field(field: parts.Field, channel: str) -> forms.CharField:
    is_long = field.name == parts.BODY or field.form == parts.LINES
    rows = ROWS.get(channel, 5) if field.name == parts.BODY else 3
    attrs = {"rows": rows, "class": "code", "spellcheck": "false"}
    mail_help = _("HTML or MJML with Liquid, such as {{ customer.name }}.")
    return forms.CharField(
        label=capfirst(field.label),
        required=False,  # what is needed is told by `proofing`, in each language
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs) if is_long else UnfoldAdminTextInputWidget(),
        help_text=field.help or (mail_help if field.form == parts.HTML else ""),
    )
