"""What waits in our own app for a customer."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.message import Message
from segments.models import Customer


class InAppMessage(models.Model):
    """The words of one message, for as long as the app may show them."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="shown")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    title = models.CharField(pgettext_lazy("message", "title"), max_length=200, blank=True)
    text = models.TextField(pgettext_lazy("message", "text"), blank=True)
    url = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)  # real time, as all of these
    expires_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)  # the customer put it away

    class Meta:
        verbose_name = _("in-app message")
        verbose_name_plural = _("in-app messages")
        indexes: ClassVar = [
            models.Index(
                fields=["customer", "-message"],
                condition=models.Q(closed_at=None),
                name="in_app_to_show",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"  # never its words: this goes into logs
