"""Tags: the list, and a tag's page, on which it is given and taken."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from pyroaring import BitMap
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget

from console import charts, clock, figures, kept_words, roles
from console.modeladmin import ConsoleModelAdmin
from console.models import Team
from console.seen_marks import SeenForm
from console.states import NotAllowed
from segments import identity, membership, pasted, tags, usage
from segments.admin import members, segment_facts
from segments.admin.filters import ArchivedFilter
from segments.models import Segment, Tag

CHANGES_SHOWN = 50


class TagForm(SeenForm):
    """What a tag is called; the verbs refuse a name that is taken."""

    fields_seen = tags.EDITABLE

    class Meta:
        model = Tag
        fields: ClassVar = list(tags.EDITABLE)
        widgets: ClassVar = {"color": UnfoldAdminColorInputWidget()}
        help_texts: ClassVar = {
            "team": _("With a team only its people give and take the tag; everybody sees it."),
            "segment": _("Its members get the tag each time that the segment is computed."),
            "is_lost": _("Else who got it keeps it, as one keeps a badge."),
            "is_badge": _("A badge: the app shows it to whoever has it."),
        }

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        try:
            return tags.checked(name, besides=self.instance.pk)
        except NotAllowed as problem:
            raise forms.ValidationError(str(problem)) from problem


@admin.register(Tag)
class TagAdmin(ConsoleModelAdmin):
    view_action = "tags.view"
    add_action = change_action = tags.ACTION
    empty_words: ClassVar = _(
        "A tag is a word that people put on customers: by hand, on a customer's page, for a "
        "whole segment, or with a file. Rules can ask for it."
    )
    form = TagForm
    list_display: ClassVar = [
        "named",
        "customers",
        "share",
        "description",
        "giver",
        "whose",
        "given",
    ]
    list_filter: ClassVar = [ArchivedFilter]
    search_fields: ClassVar = ["name", "description"]
    change_form_template = "segments/tag/page.html"
    list_before_template = "segments/tag/list_head.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return (
            super()
            .get_queryset(request)
            .select_related("team", "segment")
            .defer("members", "segment__members")
            .annotate(everyone=segment_facts.EVERYONE)
        )

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """A segment is made in a window of its own, which this form has no room for."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "segment" and field is not None:
            widget: Any = field.widget
            widget.can_add_related = widget.can_change_related = False
            widget.can_delete_related = widget.can_view_related = False
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "team" and field is not None:
            if request.user.role != request.user.Role.ADMIN:
                field.queryset = Team.objects.filter(pk=request.user.team_id)
            field.empty_label = gettext("every team")
        if db_field.name == "segment" and field is not None:
            live = Segment.objects.filter(archived_at=None).order_by(kept_words.by_name("name"))
            field.queryset = live.defer("members")
            field.empty_label = gettext("no segment: people give it")
        return field

    @display(description=_("name"), ordering="name")
    def named(self, tag: Tag) -> SafeString:
        return dot(tag)

    @display(description=_("customers"), ordering="size")
    def customers(self, tag: Tag) -> str:
        return figures.whole(tag.size)

    @display(description=_("share"))
    def share(self, tag: Any) -> str:
        return segment_facts.share_of(tag.size, tag.everyone)

    @display(description=pgettext_lazy("tag", "given by"))
    def giver(self, tag: Tag) -> str:
        return str(tag.segment or pgettext("tag", "people"))

    @display(description=_("who gives it"), ordering="team__name")
    def whose(self, tag: Tag) -> str:
        return str(tag.team or _("every team"))

    @display(description=_("made on"), ordering="created_at")
    def given(self, tag: Tag) -> Any:
        return tag.created_at.date()

    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        context = extra_context or {}
        if self.has_view_permission(request):
            context |= ready()
        return super().changelist_view(request, context)

    # --- saving ---------------------------------------------------------------

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        given, mark = {name: form.cleaned_data[name] for name in tags.EDITABLE}, ""
        if change:
            kept, mark = Tag.objects.defer("members").get(pk=obj.pk), form.cleaned_data["seen"]
            tags.edit(kept, by=request.user, seen=mark, **given)
        else:
            obj.pk = tags.add(by=request.user, **given).pk

    # --- pages ----------------------------------------------------------------

    def render_change_form(
        self, request: Any, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if obj:
            context |= about(obj, may=self.has_change_permission(request, obj))
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/members/", view(self.members), name="segments_tag_members"),
            path(
                "<int:pk>/give/<str:deed>/",
                view(require_POST(self.give)),
                name="segments_tag_give",
            ),
            path("<int:pk>/do/<str:deed>/", view(require_POST(self.do)), name="segments_tag_do"),
            *super().get_urls(),
        ]

    def members(self, request: HttpRequest, pk: int) -> HttpResponse:
        roles.require(request.user, self.view_action)
        tag = get_object_or_404(Tag, pk=pk)
        return members.view(request, tag.members, original=tag, back=_page(pk))

    # --- buttons --------------------------------------------------------------

    def give(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Give the tag or take it: pasted customers, or the members of a segment."""
        roles.require(request.user, tags.ACTION)
        tag = get_object_or_404(Tag.objects.defer("members"), pk=pk)
        verb = {"give": tags.give, "take": tags.take}.get(request.POST.get("verb", ""))
        if verb is None:
            return HttpResponse(status=404)
        try:
            customers, source = whom(request.POST, deed)
            count = verb(tag, customers, by=request.user, at=clock.now(), source=source)
        except NotAllowed as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, _said(count, given=verb is tags.give))
        return HttpResponseRedirect(_page(pk))

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        tag = get_object_or_404(Tag.objects.defer("members"), pk=pk)
        roles.require(request.user, tags.ACTION, record=tag)
        verb = {"archive": tags.archive, "restore": tags.restore}.get(deed)
        if verb is None:
            return HttpResponse(status=404)
        try:
            verb(tag, by=request.user)
        except NotAllowed as problem:
            messages.error(request, str(problem))
        else:
            done = _("The tag is archived.") if deed == "archive" else _("The tag is in use again.")
            messages.success(request, done)
        return HttpResponseRedirect(_page(pk))


# --- facts --------------------------------------------------------------------


def dot(tag: Tag) -> SafeString:
    return format_html(
        '<span class="tag-dot" style="--tag: {}">{}</span>', segment_facts.color(tag), tag.name
    )


def ready() -> dict[str, Any]:
    """How far the tags carry, above their list."""
    found = tags.readiness(clock.today())
    return {
        "readiness": found,
        "tagged": figures.whole(found.tagged),
        "tagged_share": figures.share(found.share),
        "stale_days": tags.STALE_DAYS,
    }


def about(tag: Tag, *, may: bool) -> dict[str, Any]:
    """Everything on a tag's page besides its form."""
    live = (
        Segment.objects.filter(archived_at=None)
        .exclude(size=None)
        .order_by(kept_words.by_name("name"))
    )
    today = clock.today()
    return {
        "tag": tag,
        "may_give": may and not tag.archived_at,
        "may_change": may,
        "chart": chart(tag),
        "changes": tag.changes.defer("members").select_related("by")[:CHANGES_SHOWN],
        "uses": segment_facts.linked(usage.of("tag", tag.pk)),
        "kinds": kinds(),
        "most": figures.whole(pasted.MOST),
        "segments": [
            {"segment": one, "stale": membership.is_stale(one, today)}
            for one in live.defer("members", "rule")
        ],
        "size_shown": figures.whole(tag.size),
    }


def kinds() -> list[tuple[str, str]]:
    """How pasted customers may be named, the commonest first."""
    known = identity.kinds()
    return [(pasted.NUMBER, gettext("our number (#)")), *((one, one) for one in known)]


def chart(tag: Tag) -> charts.Chart:
    days = tags.history(tag)
    return charts.Chart(
        id="tag-history",
        title=gettext("Size by day"),
        option=charts.lines(
            [day for day, _size in days],
            {gettext("customers"): [size for _day, size in days]},
            unit=charts.unit("count"),
        ),
        columns=[gettext("Day"), gettext("Customers")],
        rows=[[day.isoformat(), figures.whole(size)] for day, size in reversed(days)],
        size="low",
        empty=gettext("The first day appears once somebody has the tag."),
    )


def whom(given: Any, way: str) -> tuple[BitMap, str]:
    """The customers that a form means, and where they come from in words.

    Raises:
        NotAllowed: somebody is unknown, or the segment has no members yet.
    """
    if way == "segment":
        number = given.get("segment", "")
        known = Segment.objects.filter(archived_at=None, pk=number if number.isdecimal() else 0)
        segment = known.first()
        if segment is None or segment.size is None:
            raise NotAllowed(gettext("Choose a segment whose members are computed."))
        return segment.members, gettext("segment “%(name)s”") % {"name": segment}
    named = pasted.read(given.get("customers", ""), kind=given.get("kind", ""))
    if not given.get("leave_unknown_out"):
        pasted.refuse_unknown(named)
    return named.customers, gettext("by hand")


def _said(count: int, *, given: bool) -> str:
    if given:
        words = ngettext(
            "%(count)s customer got the tag.", "%(count)s customers got the tag.", count
        )
    else:
        words = ngettext(
            "%(count)s customer lost the tag.", "%(count)s customers lost the tag.", count
        )
    return words % {"count": figures.whole(count)}


def _page(pk: int) -> str:
    return reverse("admin:segments_tag_change", args=[pk])
