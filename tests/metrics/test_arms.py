"""A campaign's arms: who is its control, who got which wording, and metrics divided by them."""

import pytest
from pyroaring import BitMap

from campaigns import planning
from campaigns.models import Campaign, Intake, Message
from metrics import arms, comparisons, slicing
from tests.campaigns.factories import TemplateFactory, campaign_at, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    """Of four customers one is control, one got a, one b, and of one nobody knows."""
    found = campaign_at("sending")
    first, second = TemplateFactory.create(name="Short"), TemplateFactory.create(name="Long")
    variants = [
        {"key": key, "template": one.pk, "weight": 1} for key, one in (("a", first), ("b", second))
    ]
    found.plan = [{"key": "first", "kind": "message", "channel": "email", "variants": variants}]
    found.save(update_fields=["plan"])
    assert planning.of(found).by_key
    return found


def test_customers_are_divided_by_control_and_wording(campaign: Campaign) -> None:
    control, one, two, held = (who.pk for who in people(4, prefix="arm"))
    Intake.objects.filter(campaign=campaign).update(control=BitMap([control]))
    for customer, variant, status in [(one, "a", "sent"), (two, "b", "sent"), (held, "b", "held")]:
        Message.objects.create(
            campaign=campaign, customer_id=customer, step="first", variant=variant, status=status
        )
    by = f"campaign:{campaign.pk}"
    assert slicing.known(by)
    (cut,) = slicing.Slicing().cuts([by])
    assert cut.names == (f"{by}=control", f"{by}=a", f"{by}=b")
    assert [list(some) for some in cut.sets] == [[control], [one], [two]]
    assert list(slicing.names(cut.names).values()) == ["Control", "a · Short", "b · Long"]
    assert by in slicing.dimensions()
    source = f"{comparisons.ARM}:{campaign.pk}:b"
    assert list(comparisons.members(source)) == [two]
    assert comparisons.source_name(source) == "b · Long"


def test_what_there_is_not_divides_nobody() -> None:
    assert not slicing.known("campaign:999")
    assert not slicing.known("campaign:x")
    assert slicing.Slicing().cuts(["campaign:999"]) == []
    assert not comparisons.members("arm:999:a")
    assert arms.offered() == {}
