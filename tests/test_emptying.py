"""A test that commits leaves the database as migrations made it."""

import pytest

from campaigns.models import Phrase
from console.models import ApprovalPolicy, PolicyVersion, Project, Team
from tests import emptying
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db(transaction=True)


def _shipped() -> list[list[object]]:
    of = (Project, ApprovalPolicy, PolicyVersion, Phrase)
    return [list(model.objects.order_by("pk").values()) for model in of]


def test_what_migrations_ship_is_there_again_and_nothing_else() -> None:
    before = _shipped()
    assert all(before)
    TeamFactory()
    Phrase.objects.all().delete()
    Project.objects.update(name="Other")
    emptying.empty(None)
    assert _shipped() == before
    assert not Team.objects.exists()


def test_a_new_row_does_not_meet_one_that_was_put_back() -> None:
    emptying.empty(None)
    last = Phrase.objects.order_by("pk").last()
    assert last
    assert Phrase.objects.create(text="new").pk > last.pk
