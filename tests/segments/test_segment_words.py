"""What ships is called in the reader's language, until somebody calls it otherwise."""

import pytest
from django.utils import translation

from segments import library, segment_words, vocabulary
from tests.segments.factories import SegmentFactory

pytestmark = pytest.mark.django_db


def test_every_segment_that_ships_has_a_name_in_each_language() -> None:
    assert {one.name for one in library.SEGMENTS} == set(segment_words.NAMES)
    for name in segment_words.NAMES:
        shown = str(SegmentFactory.build(name=name))
        assert shown != name
        assert shown.isascii()


def test_rules_offer_names_in_the_readers_language_and_peoples_own_as_they_are() -> None:
    ours = SegmentFactory(name="优惠券爱好者 · Coupon lovers")
    own = SegmentFactory(name="优惠券爱好者")
    with translation.override("en"):
        found = vocabulary.current().segments
        assert (found[ours.pk], found[own.pk]) == ("Coupon lovers", "优惠券爱好者")
        assert list(found.values()) == sorted(found.values())
