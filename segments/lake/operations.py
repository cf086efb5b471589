"""The closed list of what a question to the lake may be made of.

Every engine answers these alike, which the parity suite shows; anything else may mean
something different on each (an approximate count, a difference of two moments), so that a
test refuses a question with it until the list and the suite know it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis.expr.types import (
        BooleanValue,
        Expr,
        IntegerColumn,
        IntegerScalar,
        IntegerValue,
        TimestampValue,
    )

# By the names of Ibis' nodes (ibis.expr.operations).
TABLES = {
    "Aggregate",
    "DatabaseTable",
    "Distinct",
    "Field",
    "Filter",
    "InMemoryTable",
    "JoinChain",
    "JoinLink",
    "JoinReference",
    "JoinTable",
    "Limit",
    "Project",
    "Sort",
    "SortKey",
    "UnboundTable",
}
COMPARISONS = {
    "And",
    "Between",
    "Equals",
    "Greater",
    "GreaterEqual",
    "InValues",
    "IsNull",
    "Less",
    "LessEqual",
    "NotEquals",
    "NotNull",
    "Or",
}
VALUES = {
    "Alias",
    "Cast",
    "Coalesce",
    "IfElse",
    "JSONGetItem",
    "Literal",
    "NullIf",
    "RegexReplace",
    "RegexSearch",
    "TryCast",
    "UnwrapJSONString",
    "json_structure",
}
SUMMARIES = {"Count", "CountDistinct", "CountStar", "Max", "Min", "Sum"}
# A moment plus a length is exact everywhere; the difference of two moments is not.
IN_ORDER = {"TimestampAdd", "WindowBoundary", "WindowFunction"}
# Only one after the other, as `seconds` has them: of a part of a second engines think otherwise.
MOMENTS = {"ExtractEpochSeconds", "TimestampTruncate"}

ALLOWED = TABLES | COMPARISONS | VALUES | SUMMARIES | IN_ORDER | MOMENTS


def outside(question: "Expr") -> set[str]:
    """The operations of a question that are not in the list."""
    from ibis.expr.operations import Node  # heavy: not in the web process

    used = {type(node).__name__ for node in question.op().find(Node)}
    return {name for name in used if name.rpartition("_")[0] not in ALLOWED} - ALLOWED


MOST = 2**63 - 1  # what a column of amounts holds


def total(amounts: "IntegerColumn", *, where: "BooleanValue | None" = None) -> "IntegerScalar":
    """The sum of amounts, 0 of none. Beyond 64 bits it stays at their edge: a single absurd
    amount, which whoever has a write key can send, must not end the work on all others."""
    whole = amounts.cast("decimal(38, 0)").sum(where=where).fill_null(0)
    within = (whole > MOST).ifelse(MOST, (whole < -MOST).ifelse(-MOST, whole))
    return within.cast("int64")


def seconds(moment: "TimestampValue") -> "IntegerValue":
    """The whole seconds since 1970. Without their parts, which one engine rounds and another
    cuts off."""
    return moment.truncate("s").epoch_seconds().cast("int64")
