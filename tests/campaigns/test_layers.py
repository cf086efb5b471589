"""Policies by layer: whom a campaign may reach says whose yes it needs."""

import numpy as np
import pytest

from campaigns import layers
from console import approvals
from console.policy_rules import Step, When
from segments import standing
from segments.models import Stage, StageSet
from tests.campaigns.factories import campaign_at, people
from tests.console.spine import policy

pytestmark = pytest.mark.django_db


def test_one_customer_of_a_layer_is_enough_for_its_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    StageSet.objects.update(is_default=False)
    chosen = StageSet.objects.create(key="own", is_default=True)
    quiet, loyal = (
        Stage.objects.create(stage_set=chosen, key=key, name=name, position=at)
        for at, (key, name) in enumerate((("q", "Quiet"), ("l", "Loyal")))
    )
    strict = policy(Step(who="role", roles=["admin"]), rank=1, when=When(layers=["Loyal"]))
    known = people(1)[0].pk + 1_000  # of whom the campaigns below have a few
    column = np.full(known, quiet.pk, np.int32)
    monkeypatch.setattr(standing, "now", lambda _set: column)
    usual = approvals.pending_for(campaign_at("submitted", 3))
    assert usual
    assert usual.version != strict
    assert {"q", "Quiet"} <= set(usual.facts["layers"])
    draft = campaign_at("draft", 3)
    assert draft.segment
    column[min(draft.segment.members)] = loyal.pk
    assert "Loyal" in layers.of(draft, draft.segment.members)
    draft.entry = "event"
    assert {"Loyal", "Quiet"} <= set(layers.of(draft, draft.segment.members)), "anybody may come"
    asked = approvals.pending_for(campaign_at("submitted", segment=draft.segment))
    assert asked
    assert asked.version == strict
