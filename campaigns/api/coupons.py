"""Coupons over the API: tills and shops check, redeem and reverse; people make and give them."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import Coupon, CouponBatch, Redemption
from campaigns.offers import coupon_batches, coupon_codes, coupons, redemptions
from campaigns.offers.redemptions import Order
from console import clock
from console.seen_marks import SeenField, unseen
from segments import identity
from segments.api.keys import ByKeyOrRole, ByWriteKey
from segments.models import WriteKey
from segments.write_keys import Key

MOST_MINOR = 10**15
USER_ID = "user_id"
# What a till's program has to tell apart; 422: the coupon is good, but not for this order.
STATUSES = {
    "no_key": 400,
    "unknown": 404,
    "unknown_customer": 404,
    "redeemed": 409,
    "key_reused": 409,
    "none_left": 409,
    "over": 410,
    "revoked": 410,
}


class WhomSerializer(serializers.Serializer):
    """A customer: our number, or an id that a source knows them by."""

    customer = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    user_id = serializers.CharField(required=False, max_length=200)
    kind = serializers.CharField(default=USER_ID, max_length=40, help_text="What `user_id` is.")

    def number(self) -> int | None:
        """The customer's number; None where nobody is named.

        Raises:
            Refused: nobody is known by this id.
        """
        given: Any = self.validated_data
        if "user_id" not in given:
            return given.get("customer")
        found = identity.known(given["kind"], [given["user_id"]])
        if given["user_id"] not in found:
            raise redemptions.Refused("unknown_customer", "There is no such customer.")
        return found[given["user_id"]]


class OrderSerializer(WhomSerializer):
    """A code in an order."""

    code = serializers.CharField(max_length=64)
    order = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)
    amount_minor = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=MOST_MINOR
    )


class RedeemSerializer(OrderSerializer):
    """`key`, or the header `Idempotency-Key`: your own, another for each redemption."""

    key = serializers.CharField(required=False, max_length=160)


class ReverseSerializer(serializers.Serializer):
    """A refunded order."""

    order = serializers.CharField(max_length=120)
    because = serializers.CharField(required=False, default="refund", max_length=200)


class RedemptionSerializer(serializers.ModelSerializer):
    """A redemption. `discount_minor` comes off the order; a gift is given besides."""

    coupon = serializers.CharField(source="coupon.batch.name")
    customer = serializers.IntegerField(source="coupon.customer_id")
    discount_minor = serializers.SerializerMethodField()

    class Meta:
        model = Redemption
        fields: ClassVar = [
            *("id", "coupon", "customer", "order", "order_minor", "discount_minor"),
            *("cost_minor", "at", "reversed_at"),
        ]

    def get_discount_minor(self, redemption: Redemption) -> int:
        return redemptions.discount(redemption)


class CheckSerializer(serializers.Serializer):
    """What a coupon would come to in this order."""

    coupon = serializers.CharField()
    kind = serializers.CharField()
    gift = serializers.CharField()
    cost_minor = serializers.IntegerField()


class RefusalSerializer(serializers.Serializer):
    """Why not, in words and as a word."""

    detail = serializers.CharField()
    reason = serializers.CharField()


REFUSED = dict.fromkeys((400, 404, 409, 410, 422), RefusalSerializer)


class CouponViewSet(viewsets.GenericViewSet):
    """核销: for servers with a key that has the scope `coupons`, and for people by hand."""

    authentication_classes = [ByWriteKey, SessionAuthentication]
    permission_classes = [ByKeyOrRole]
    scope = WriteKey.Scope.COUPONS
    needs = redemptions.REDEEM
    queryset = Coupon.objects.none()
    serializer_class = OrderSerializer

    def handle_exception(self, exc: Exception) -> Response:
        if not isinstance(exc, redemptions.Refused):
            return super().handle_exception(exc)
        said = {"detail": str(exc), "reason": exc.reason}
        return Response(said, status=STATUSES.get(exc.reason, 422))

    @extend_schema(request=OrderSerializer, responses={200: CheckSerializer} | REFUSED)
    @action(detail=False, methods=["post"])
    def check(self, request: Request) -> Response:
        """What the coupon would come to in this order. Nothing is used."""
        given = _read(OrderSerializer, request)
        order = _order(given, key="check")
        batch, cost = redemptions.look(given.validated_data["code"], order, at=clock.now())
        found = {"coupon": batch.name, "kind": batch.kind, "gift": batch.gift, "cost_minor": cost}
        return Response(CheckSerializer(found).data)

    @extend_schema(
        request=RedeemSerializer,
        responses={200: RedemptionSerializer, 201: RedemptionSerializer} | REFUSED,
    )
    @action(detail=False, methods=["post"])
    def redeem(self, request: Request) -> Response:
        """Use the coupon: 201. Asked again with the same key: the same answer, with 200."""
        given = _read(RedeemSerializer, request)
        key = given.validated_data.get("key") or request.headers.get("Idempotency-Key", "")
        own = _own(request, key[:160])
        order = _order(given, key=own, customer=redemptions.erased_customer(own))
        person: Any = None if isinstance(request.auth, Key) else request.user
        code = given.validated_data["code"]
        done = redemptions.redeem(code, order, at=clock.now(), by=person)
        status = 200 if done.is_replay else 201
        return Response(RedemptionSerializer(done.redemption).data, status=status)

    @extend_schema(request=ReverseSerializer, responses=RedemptionSerializer(many=True))
    @action(detail=False, methods=["post"])
    def reverse(self, request: Request) -> Response:
        """Undo what was redeemed in an order; asked again, it answers the same.

        A key undoes what its own source redeemed: another shop may number its orders alike.
        """
        given: Any = _read(ReverseSerializer, request).validated_data
        found = redemptions.reverse_order(
            given["order"],
            because=given["because"],
            at=clock.now(),
            sender=_sender(request) if isinstance(request.auth, Key) else "",
        )
        return Response(RedemptionSerializer(found, many=True).data)


def _own(request: Request, key: str) -> str:
    """The key, apart from what other senders call by the same name."""
    return f"{_sender(request)}:{key}" if key else ""


def _sender(request: Request) -> str:
    return str(request.auth.source_id) if isinstance(request.auth, Key) else "staff"


def _order(given: Any, *, key: str, customer: int | None = None) -> Order:
    said = given.validated_data
    return Order(key, said["order"], said["amount_minor"], customer or given.number())


def _read(kind: type[serializers.Serializer], request: Request) -> Any:
    serializer = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer


# --- batches --------------------------------------------------------------------


class CouponBatchSerializer(serializers.ModelSerializer):
    """A batch. What it promises can change only while nobody has one."""

    seen = SeenField(coupon_batches.EDITABLE)

    class Meta:
        model = CouponBatch
        fields: ClassVar = ["id", *coupon_batches.EDITABLE, "owner", "team", "archived_at", "seen"]
        read_only_fields: ClassVar = ["owner", "team", "archived_at"]


class GiveSerializer(WhomSerializer):
    """A customer, and why."""

    because = serializers.CharField(max_length=200)


class GivenCouponSerializer(serializers.ModelSerializer):
    """A coupon that a customer has."""

    code = serializers.SerializerMethodField()

    class Meta:
        model = Coupon
        fields: ClassVar = ["id", "batch", "customer", "code", "issued_at", "expires_at"]

    def get_code(self, coupon: Coupon) -> str:
        return coupon_codes.show(coupon.code) or coupon.batch.shared_code


class CouponBatchViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Batches of coupons, newest first."""

    needs: ClassVar = {
        "list": coupons.VIEW,
        "retrieve": coupons.VIEW,
        "create": coupon_batches.ACTION,
        "partial_update": coupon_batches.ACTION,
        "give": coupons.GIVE,
    }
    queryset = CouponBatch.objects.all()
    serializer_class = CouponBatchSerializer
    filterset_fields: ClassVar = {"archived_at": ["isnull"], "kind": ["exact"]}

    def create(self, request: Request) -> Response:
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        batch = coupon_batches.add(by=_staff(request), **unseen(given.validated_data))
        return Response(self.get_serializer(batch).data, status=201)

    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        batch = self.get_object()
        given = self.get_serializer(batch, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        coupon_batches.edit(batch, by=_staff(request), **given.validated_data)
        return Response(self.get_serializer(batch).data)

    @extend_schema(request=GiveSerializer, responses={201: GivenCouponSerializer})
    @action(detail=True, methods=["post"])
    def give(self, request: Request, pk: str | None = None) -> Response:
        """Give one customer a coupon of the batch."""
        given = _read(GiveSerializer, request)
        number = given.number()
        if number is None:
            raise serializers.ValidationError({"customer": ["Say who gets it."]})
        coupon = coupons.give(
            self.get_object(),
            number,
            because=given.validated_data["because"],
            by=_staff(request),
            at=clock.now(),
        )
        return Response(GivenCouponSerializer(coupon).data, status=201)


def _staff(request: Request) -> Any:
    return request.user
