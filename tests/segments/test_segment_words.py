"""What ships is called in the reader's language, until somebody calls it otherwise."""

import json

import pytest
from django.utils import translation

from segments import library, segment_words, vocabulary
from segments.admin.segment import SegmentForm
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


def test_every_segment_that_ships_says_what_it_is_for_in_each_language() -> None:
    assert {one.description for one in library.SEGMENTS} == set(segment_words.DESCRIPTIONS)
    with translation.override("en"):
        assert all(str(one).isascii() for one in segment_words.DESCRIPTIONS.values())


def test_a_form_in_one_language_keeps_the_words_of_both_until_they_are_changed() -> None:
    one = library.SEGMENTS[4]
    kept = SegmentFactory(name=one.name, description=one.description, rule=one.rule)
    with translation.override("en"):
        shown = SegmentForm(instance=kept).initial
        assert (shown["name"], shown["description"]) == ("Coupon lovers", kept.about)
        given = {**shown, "rule": json.dumps({"all": []})}
        form = SegmentForm(given, instance=kept)
        assert form.is_valid(), form.errors
        assert form.cleaned_data["name"] == one.name
        assert form.cleaned_data["description"] == one.description
        form = SegmentForm(given | {"name": "Savers"}, instance=kept)
        assert form.is_valid()
        assert form.cleaned_data["name"] == "Savers"
