"""How many of those who come in get to each step of a plan."""

import pytest

from campaigns.plans import exposure, tree
from campaigns.plans.exposure import Share
from campaigns.plans.nodes import Arm, Branch, Exit, Message, Split, Step, Variant


def mail(key: str) -> Message:
    return Message(key, "email", (Variant("", 1, 1),))


def branch(yes: tuple[Step, ...], no: tuple[Step, ...]) -> Branch:
    return Branch("which", rule={}, deed=None, of="", yes=yes, no=no)


def shares(*steps: Step) -> dict[str, Share]:
    return exposure.of(tree.made(steps))


def test_everybody_gets_to_what_stands_in_a_row() -> None:
    assert shares(mail("a"), mail("b")) == {"a": Share(1, 1, 1), "b": Share(1, 1, 1)}


def test_nobody_knows_for_whom_a_condition_holds() -> None:
    found = shares(branch((mail("yes"),), (mail("no"),)), mail("last"))
    assert found["yes"] == found["no"] == Share(0, 0.5, 1)
    assert found["last"] == Share(1, 1, 1)


def test_who_left_on_one_way_is_missed_behind_it() -> None:
    found = shares(branch((Exit("stop"),), (mail("no"),)), mail("last"))
    assert found["last"] == Share(0, 0.5, 1)


def test_a_split_is_told_by_its_weights() -> None:
    arms = (Arm("a", 1, (mail("one"),)), Arm("b", 3, (mail("three"), Exit("stop"))))
    found = shares(Split("coin", arms), mail("last"))
    assert found["one"] == Share(0.25, 0.25, 0.25)
    assert found["three"].middle == pytest.approx(0.75)
    assert found["last"] == Share(0.25, 0.25, 0.25)


def test_a_branch_inside_a_branch_bounds_what_comes_behind() -> None:
    inner = Branch("inner", rule={}, deed=None, of="", yes=(Exit("stop"),), no=())
    found = shares(branch((inner,), ()), mail("last"))
    assert found["stop"] == Share(0, 0.25, 1)
    assert found["last"] == Share(0, 0.75, 1)
