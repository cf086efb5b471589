"""Files that everybody has: what their columns mean, without anybody naming them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from segments.reading.mapping import Condition, Mapping
from segments.reading.problems import gettext_noop as _


@dataclass(frozen=True)
class Known:
    """A kind of file, told by columns that it has; columns of the mapping may be missing."""

    key: str
    name: str
    needs: tuple[str, ...]
    mapping: Mapping
    takes_rest: bool = False  # all other columns are properties
    currency: str = ""  # the column that says in which currency the amounts are

    def fits(self, columns: Sequence[str]) -> bool:
        return set(self.needs) <= set(columns)

    def mapping_for(self, columns: Sequence[str], currency: str) -> Mapping:
        """The mapping for a file with these columns, in a project with this currency."""
        mapping, there = self.mapping, set(columns)
        only = (
            (*mapping.only, Condition(self.currency, "is", currency))
            if self.currency in there
            else mapping.only
        )
        missing: dict[str, Any] = {n: "" for n in OPTIONAL if getattr(mapping, n) not in there}
        lists: dict[str, Any] = {n: _those(getattr(mapping, n), there) for n in LISTS}
        fewer = replace(mapping, **missing, **lists, only=only)
        meant = set(fewer.columns)
        rest = tuple(name for name in columns if name and name not in meant)
        return replace(fewer, properties=fewer.properties + rest) if self.takes_rest else fewer


OPTIONAL = ["fallback", "amount", "quantity", "key"]
LISTS = ["properties", "spread", "distinct_by"]


def _those(names: tuple[str, ...], there: set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in there)


def fitting(columns: Sequence[str]) -> list[Known]:
    """The kinds of files that have these columns, the more particular first."""
    fits = [one for one in KNOWN if one.fits(columns)]
    return sorted(fits, key=lambda one: -len(one.needs))


def of(key: str) -> Known | None:
    return next((one for one in KNOWN if one.key == key), None)


# --- the kinds --------------------------------------------------------------

GA4_EVENT = ("user_pseudo_id", "event_timestamp", "event_name")
_SHOPIFY = ("Name", "Email", "Financial Status", "Created at", "Total", "Lineitem name")
_PAID = (Condition("Financial Status", "is", "paid"),)
_ORDER = Mapping(
    customer="Email",
    identifier_kind="email",
    time="Created at",
    time_form="%Y-%m-%d %H:%M:%S %z",
    event="order_paid",
    only=_PAID,
    fills_down="Name",
    skip_without_customer=True,  # sold over the counter
)

KNOWN = [
    Known(
        "ga4",
        _("GA4: events exported from BigQuery as JSON lines"),
        (*GA4_EVENT, "event_params"),
        Mapping(
            customer="user_id",
            fallback="user_pseudo_id",
            time="event_timestamp",
            time_form="us",
            name="event_name",
            amount="ecommerce.purchase_revenue",
            properties=(
                "ecommerce.transaction_id",
                "items",
                "platform",
                "device.category",
                "geo.country",
                "traffic_source.source",
                "traffic_source.medium",
            ),
            spread=("event_params",),
            # Events that were sent together have one time.
            distinct_by=(
                *GA4_EVENT,
                "event_bundle_sequence_id",
                "batch_ordering_id",
                "batch_event_index",
            ),
        ),
    ),
    Known(
        "ga4_csv",
        _("GA4: events exported from BigQuery as CSV, one row an event"),
        GA4_EVENT,
        Mapping(
            customer="user_id",
            fallback="user_pseudo_id",
            time="event_timestamp",
            name="event_name",
            amount="purchase_revenue",
            distinct_by=(*GA4_EVENT, "event_bundle_sequence_id", "batch_event_index"),
        ),
        takes_rest=True,
    ),
    Known(
        "ga4_items",
        _("GA4: events as CSV, one row an item"),
        ("user_id", "event_timestamp", "event_name", "item_id", "price", "quantity"),
        Mapping(
            customer="user_id",
            fallback="user_pseudo_id",
            time="event_timestamp",
            name="event_name",
            amount="price",
            quantity="quantity",
            sums=True,
            distinct_by=("user_id", "event_timestamp", "event_name"),
        ),
        takes_rest=True,
    ),
    Known(
        "mixpanel",
        _("Mixpanel: events from the raw export"),
        ("event", "properties.time", "properties.distinct_id"),
        Mapping(
            customer="properties.distinct_id",
            fallback="properties.$device_id",
            time="properties.time",
            time_form="local_s",  # on the clock of Mixpanel's project
            name="event",
            key="properties.$insert_id",
            spread=("properties",),
        ),
    ),
    Known(
        "posthog",
        _("PostHog: events from a batch export as JSON lines"),
        ("uuid", "event", "distinct_id", "timestamp", "properties"),
        Mapping(
            customer="distinct_id",
            fallback="properties.$device_id",
            time="timestamp",
            name="event",
            key="uuid",
            spread=("properties",),
        ),
    ),
    Known(
        "segment",
        _("Segment: calls of track as JSON lines"),
        ("messageId", "anonymousId", "type", "event", "timestamp", "properties"),
        Mapping(
            customer="userId",
            fallback="anonymousId",
            time="timestamp",
            name="event",
            key="messageId",
            spread=("properties",),
            only=(Condition("type", "is", "track"),),
        ),
    ),
    Known(
        "sensors",
        _("Sensors Analytics (神策): events as JSON lines"),
        ("distinct_id", "time", "event", "type", "properties"),
        Mapping(
            customer="distinct_id",
            fallback="anonymous_id",
            time="time",
            time_form="ms",
            name="event",
            spread=("properties",),
            distinct_by=("distinct_id", "time", "event", "_track_id"),
            only=(Condition("type", "is", "track"),),
        ),
    ),
    Known(
        "shopify",
        _("Shopify: paid orders"),
        _SHOPIFY,
        replace(
            _ORDER,
            amount="Total",
            distinct_by=("Name",),
            properties=(
                "Name",
                "Discount Code",
                "Discount Amount",
                "Shipping",
                "Taxes",
                "Source",
                "Shipping Country",
                "Refunded Amount",
            ),
        ),
        currency="Currency",
    ),
    Known(
        "shopify_items",
        _("Shopify: items of paid orders"),
        _SHOPIFY,
        replace(
            _ORDER,
            event="item_bought",
            amount="Lineitem price",
            quantity="Lineitem quantity",
            sums=True,
            distinct_by=("Name", "Lineitem name", "Lineitem sku"),
            properties=("Name", "Lineitem name", "Lineitem sku", "Lineitem quantity", "Vendor"),
        ),
        currency="Currency",
    ),
    Known(
        "online_retail",
        _("Online Retail (UCI): invoices of their lines"),
        ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"),
        Mapping(
            customer="CustomerID",
            time="InvoiceDate",
            event="order_paid",
            amount="UnitPrice",
            quantity="Quantity",
            sums=True,
            distinct_by=("InvoiceNo", "CustomerID"),
            properties=("InvoiceNo", "Country"),
            only=(
                Condition("CustomerID", "filled"),
                Condition("Quantity", "above", "0"),
                Condition("UnitPrice", "above", "0"),
            ),
        ),
    ),
]
