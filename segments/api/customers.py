"""Customers over the API: found by an identifier, told whole, and their events page by page."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from console import roles
from segments import identity, looks, portrait, standing, timeline, traits
from segments.models import Customer, StageSet

EVENTS, MOST_EVENTS = 50, 500
FOUND = 100  # customers of one search


class LookedForSerializer(serializers.Serializer):
    """What a search asks for: an identifier of a kind, or how something of a customer begins."""

    kind = serializers.CharField(required=False, max_length=40)
    value = serializers.CharField(required=False, max_length=200)
    q = serializers.CharField(required=False, max_length=200)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if not ("q" in given or {"kind", "value"} <= given.keys()):
            raise ValidationError("Give `kind` and `value`, or `q`.")
        return given


class FoundSerializer(serializers.Serializer):
    """A customer who was found."""

    id = serializers.IntegerField()
    url = serializers.CharField()


class ContactSerializer(serializers.Serializer):
    """Who somebody is and how to reach them. Masked, but in the answer to `contact`."""

    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    identifiers = serializers.DictField(child=serializers.ListField())
    attributes = serializers.DictField()


class PortraitSerializer(ContactSerializer):
    """What is known about a customer."""

    id = serializers.IntegerField()
    language = serializers.CharField()
    known_since = serializers.DateTimeField()
    traits = serializers.DictField()
    value = serializers.DictField()
    stages = serializers.ListField()
    consents = serializers.ListField()
    segments = serializers.ListField()
    as_of = serializers.DateField(allow_null=True)


class EventsSerializer(serializers.Serializer):
    """A page of events, newest first; `next` is the `before` of the next page, or null."""

    results = serializers.ListField()
    next = serializers.CharField(allow_null=True)


class CustomerViewSet(viewsets.GenericViewSet):
    """People we serve. Names and addresses are masked; `contact` shows them and is audited."""

    needs: ClassVar = {
        "list": "customers.view",
        "retrieve": "customers.view",
        "events": "customers.view",
        "contact": looks.ACTION,
    }
    queryset = Customer.objects.all()
    serializer_class = PortraitSerializer
    pagination_class = None
    filter_backends = []

    @extend_schema(parameters=[LookedForSerializer], responses=FoundSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Find customers: by one identifier exactly, or by how something begins."""
        asked = LookedForSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = sorted(_found(asked.validated_data, request.user))[:FOUND]
        return Response([{"id": pk, "url": reverse("customer-detail", args=[pk])} for pk in found])

    def retrieve(self, request: Request, pk: str | None = None) -> Response:
        """The portrait. Who was merged leads to who they are now; who was erased is gone."""
        customer = _one(pk)
        if customer.merged_into_id:
            now = reverse("customer-detail", args=[customer.merged_into_id])
            return Response(
                {"merged_into": customer.merged_into_id}, 301, headers={"Location": now}
            )
        if customer.erased_at:
            return Response({"detail": "This person was erased."}, 410)
        return Response(_portrait(customer))

    @extend_schema(request=None, responses=ContactSerializer)
    @action(detail=True, methods=["post"])
    def contact(self, request: Request, pk: str | None = None) -> Response:
        """Name, addresses and numbers. That somebody looked is noted in the audit log."""
        customer = _one(pk, living=True)
        staff: Any = request.user
        looks.record(customer, by=staff, what=["name", "email", "phone", "identifiers"])
        return Response(_contact(customer, shown=True))

    @extend_schema(
        parameters=[
            OpenApiParameter("before", OpenApiTypes.STR, description="`next` of the page before."),
            OpenApiParameter("event", OpenApiTypes.STR, description="Only events of this name."),
            OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 500; 50 if not given."),
        ],
        responses=EventsSerializer,
    )
    @action(detail=True)
    def events(self, request: Request, pk: str | None = None) -> Response:
        """Events, newest first. A page may be empty and still have a next one, further back."""
        customer = _one(pk, living=True)
        limit = request.query_params.get("limit", str(EVENTS))
        if not (limit.isascii() and limit.isdigit() and 0 < int(limit[:9]) <= MOST_EVENTS):
            raise ValidationError({"limit": [f"1 to {MOST_EVENTS}."]})
        page = timeline.newest(
            customer.pk,
            limit=int(limit),
            before=timeline.place(request.query_params.dict()),
            event=request.query_params.get("event", "")[:80],
        )
        following = f"{page.next[0].isoformat()},{page.next[1]}" if page.next else None
        return Response({"results": [_event(one) for one in page.entries], "next": following})


def _one(pk: str | None, *, living: bool = False) -> Customer:
    number = int(pk) if pk and pk.isascii() and pk.isdigit() and len(pk) < 11 else 0
    among = Customer.objects.filter(identity.LIVING) if living else Customer.objects.all()
    return get_object_or_404(among, pk=min(number, 2**31 - 1))


def _found(asked: dict[str, Any], staff: Any) -> set[int]:
    may_contact = roles.allows(staff, looks.ACTION)
    if "q" in asked:
        return identity.search(asked["q"].strip(), contact=may_contact)
    if asked["kind"] in identity.CONTACTS and not may_contact:
        return set()
    return set(identity.known(asked["kind"], [asked["value"]]).values())


def _contact(customer: Customer, *, shown: bool) -> dict[str, Any]:
    who = looks.who(customer, shown=shown)
    nested = {name: dict(parts) for name, parts in who.nested}
    return {
        "name": who.name,
        "email": who.email,
        "phone": who.phone,
        "identifiers": who.identifiers,
        "attributes": {**dict(who.plain), **dict(who.lists), **nested},
    }


def _portrait(customer: Customer) -> dict[str, Any]:
    known = traits.of([customer.pk])[customer.pk]
    worth = portrait.worth(known)
    sets = {one.pk: one for one in StageSet.objects.filter(archived_at=None)}
    return {
        "id": customer.pk,
        **_contact(customer, shown=False),
        "language": customer.language,
        "known_since": customer.created_at,
        "traits": {key: known.get(key) for key in traits.registry()},
        "value": {
            "cell": worth.cell,
            "rank": worth.rank,
            "top_share": worth.top,
            "is_quiet": worth.is_quiet,
        },
        "stages": [
            {"set": sets[pk].key, "stage": stand.stage.key, "since": stand.since}
            for pk, stand in standing.of([customer.pk], sets.values())[customer.pk].items()
        ],
        "consents": list(
            customer.consents.order_by("channel").values("channel", "purpose", "granted", "at")
        ),
        "segments": [{"id": one.pk, "name": one.name} for one in portrait.segments_of(customer)],
        "as_of": traits.as_of() if known else None,
    }


def _event(entry: timeline.Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "time": entry.time,
        "event": entry.name,
        "amount_minor": entry.amount,
        "properties": looks.masked(entry.properties),
    }
