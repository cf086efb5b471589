"""What we know about the customers, stored as columns of numbers in blocks."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Column(models.Model):
    """One thing that we know about every customer, by the customer's number.

    `segments.sheet` alone reads and writes it. What the numbers mean stands with whoever
    computes them: a `Trait`, a stage set, a scoring. With `words` they are places in that list.
    """

    key = models.CharField(_("key"), max_length=80, unique=True)
    uid = models.UUIDField(default=uuid.uuid4, editable=False)  # names local copies
    dtype = models.CharField(max_length=4)  # as NumPy writes it, such as `<i4`
    # The type of the blocks, when whole numbers fit into a narrower one.
    stored = models.CharField(max_length=4, blank=True, default="", db_default="")
    length = models.PositiveIntegerField(default=0)  # one more than the highest number
    words = models.JSONField(default=list)  # only ever added to, so that numbers keep meaning
    version = models.BigIntegerField(default=0)  # grows with each change, over all columns
    data_as_of = models.DateField(_("as of"), null=True)
    computed_at = models.DateTimeField(_("computed at"), null=True)

    class Meta:
        ordering: ClassVar = ["key"]

    def __str__(self) -> str:
        return self.key

    @property
    def block_type(self) -> str:
        """How the blocks' bytes are read."""
        return self.stored or self.dtype


class Block(models.Model):
    """The values of 65,536 customers that follow each other, as the bytes of an array."""

    column = models.ForeignKey(Column, models.CASCADE, related_name="blocks")
    number = models.PositiveIntegerField()
    version = models.BigIntegerField()
    digest = models.BinaryField(max_length=16)  # tells whether new values are the same
    values = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["column", "number"], name="one_block_a_number"),
        ]
        indexes: ClassVar = [models.Index(fields=["column", "version"], name="blocks_since")]

    def __str__(self) -> str:
        return f"{self.column_id} {self.number}"
