"""What we computed about each customer."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from segments.models.customer import Customer


class CustomerTraits(models.Model):
    """One row a customer, rewritten by the pipeline. Meanings stand in `segments.traits`."""

    customer = models.OneToOneField(
        Customer, models.CASCADE, primary_key=True, related_name="traits"
    )
    first_order_on = models.DateField(_("first order"), null=True)
    last_order_on = models.DateField(_("last order"), null=True)
    recency_days = models.IntegerField(_("days since the last order"), null=True)
    tenure_days = models.IntegerField(_("days since the first order"), null=True)
    orders = models.IntegerField(_("orders"), default=0)
    orders_30d = models.IntegerField(_("orders in 30 days"), default=0)
    orders_90d = models.IntegerField(_("orders in 90 days"), default=0)
    monetary_minor = models.BigIntegerField(_("spent in all"), default=0)
    monetary_90d_minor = models.BigIntegerField(_("spent in 90 days"), default=0)
    average_order_minor = models.BigIntegerField(_("average order"), null=True)
    active_days_30d = models.IntegerField(_("active days in 30"), default=0)
    r_score = models.PositiveSmallIntegerField(_("recency score"), null=True)
    f_score = models.PositiveSmallIntegerField(_("frequency score"), null=True)
    m_score = models.PositiveSmallIntegerField(_("monetary score"), null=True)
    computed_on = models.DateField(_("as of"))

    class Meta:
        verbose_name = _("traits")
        verbose_name_plural = _("traits")
        indexes: ClassVar = [
            models.Index(fields=["recency_days"], name="traits_by_recency"),
            models.Index(fields=["monetary_minor"], name="traits_by_monetary"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
