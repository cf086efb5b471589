"""What changed between two texts: whole, readable, and not for ever."""

import time

from hypothesis import given
from hypothesis import strategies as st

from console import differences
from console.differences import Part

TEXTS = st.text(alphabet="ab 中文\n，", max_size=60)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_off_the_difference(old: str, new: str) -> None:
    found = differences.between(old, new)
    assert "".join(part.text for part in found if part.kind != "new") == old
    assert "".join(part.text for part in found if part.kind != "gone") == new


def test_a_changed_word_is_shown_alone_in_either_language() -> None:
    kinds = [
        (part.kind, part.text) for part in differences.between("pay in 3 days", "pay in 5 days")
    ]
    assert kinds == [("same", "pay in "), ("gone", "3"), ("new", "5"), ("same", " days")]
    assert Part("gone", "七") in differences.between("七日内核销", "三日内核销")
    assert Part("new", "三") in differences.between("七日内核销", "三日内核销")


def test_words_replaced_one_by_one_are_one_stretch() -> None:
    found = differences.between("Four in ten orders repeat", "Half of all orders repeat")
    kinds = [(part.kind, part.text) for part in found]
    assert kinds == [("gone", "Four in ten"), ("new", "Half of all"), ("same", " orders repeat")]


def test_what_stayed_is_folded_but_for_the_lines_beside_the_change() -> None:
    lines = [f"line {n}\n" for n in range(20)]
    changed = [*lines[:10], "line ten\n", *lines[11:]]
    found = differences.folded(differences.between("".join(lines), "".join(changed)))
    assert [part.lines for part in found if part.kind == "fold"] == [8, 7]
    assert "line 8\n" in found[1].text
    assert "line 3\n" not in "".join(part.text for part in found)


def test_long_texts_that_have_nothing_in_common_take_no_time() -> None:
    old, new = "a b " * 10_000, "b\na\n" * 10_000
    began = time.perf_counter()
    differences.between(old, new)
    assert time.perf_counter() - began < 2
