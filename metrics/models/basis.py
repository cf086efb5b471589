"""What the results of campaigns were computed from."""

from django.db import models

from campaigns.models import Campaign
from segments.models.fields import BitmapField


class ResultBasis(models.Model):
    """A fingerprint of a result's data: while it is the same, nothing is computed again."""

    campaign = models.OneToOneField(
        Campaign, models.CASCADE, primary_key=True, related_name="result_basis"
    )
    fingerprint = models.CharField(max_length=64, default="", db_default="")
    # Customers of whom the lake was told that they converted, as they were numbered then.
    converted = BitmapField()

    def __str__(self) -> str:
        return f"{self.campaign}: {self.fingerprint[:8]}"
