"""The metrics that the console ships, each with the sentence that defines it and its recipe."""

from metrics.shipped.buying import BUYING
from metrics.shipped.coming import COMING
from metrics.shipped.says import Definition
from metrics.shipped.usual import USUAL
from metrics.shipped.worth import WORTH

__all__ = ["SHIPPED", "Definition"]

SHIPPED = [*USUAL, *COMING, *BUYING, *WORTH]
