"""Clusters: blobs are found again, numbers stay over nights, and k is chosen for a reason."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from segments.rules.nodes import RuleError
from segments.scoring import clusters, grouping, kmeans
from segments.scoring.clusters import ACTIVE, LEAVING, SILENT, Clusters, Feature, Tried

PLAIN = Clusters((Feature("x"), Feature("y")))
CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])


def blobs(k: int, each: int = 60, seed: int = 1) -> tuple[dict[str, Any], Any]:
    """Points around k far centres, and which centre each belongs to."""
    random = np.random.default_rng(seed)
    points = np.concatenate([random.normal(centre, 0.5, (each, 2)) for centre in CENTRES[:k]])
    return {"x": points[:, 0], "y": points[:, 1]}, np.repeat(np.arange(k), each)


def group(recipe: Clusters, columns: dict[str, Any], before: Any = None) -> clusters.Grouped:
    found = grouping.group(recipe, columns, len(next(iter(columns.values()))), before)
    assert found is not None
    return found


@pytest.mark.parametrize("k", [3, 4])
def test_separated_blobs_are_found_again(k: int) -> None:
    columns, truth = blobs(k)
    found = group(PLAIN, columns)
    assert (found.k, found.why) == (k, clusters.BEST)
    assert [one.k for one in found.tried] == [2, 3, 4, 5, 6, 7, 8]
    for number in np.unique(truth):
        assert len(set(found.number[truth == number])) == 1
    assert len(set(found.number.tolist())) == k


def test_the_inertia_falls_with_k_and_the_same_points_give_the_same_clusters() -> None:
    columns, _truth = blobs(3)
    first, second = group(PLAIN, columns), group(PLAIN, columns)
    inertia = [one.inertia for one in first.tried]
    assert inertia == sorted(inertia, reverse=True)
    assert first.number.tolist() == second.number.tolist()


def test_clusters_keep_their_numbers_over_nights() -> None:
    columns, truth = blobs(3)
    first = group(PLAIN, columns)
    tonight, _truth = blobs(3, seed=2)
    # In another order and a little elsewhere: what starts from chance would number anew.
    moved = {key: (one * 1.03 + 0.1)[::-1] for key, one in tonight.items()}
    second = group(PLAIN, moved, first.before)
    assert second.why == clusters.KEPT
    assert second.number[::-1].tolist() == first.number.tolist()
    assert truth[0] == 0


def test_a_cluster_that_is_new_gets_a_number_of_its_own() -> None:
    three, _ = blobs(3)
    first = group(PLAIN, three)
    four, _ = blobs(4)
    second = group(replace(PLAIN, k=4), four, first.before)
    assert second.number[:180].tolist() == first.number.tolist()
    assert set(second.number[180:].tolist()) == {4}


def test_other_features_begin_anew() -> None:
    columns, _truth = blobs(3)
    before = replace(group(PLAIN, columns).before, traits=("other", "traits"))
    assert group(PLAIN, columns, before).why == clusters.BEST


def test_one_absurd_customer_makes_no_cluster_of_their_own() -> None:
    columns, _truth = blobs(3)
    columns["x"][0] = 1e12
    assert min(one.customers for one in group(PLAIN, columns).profiles) >= 59


def test_gaps_count_as_the_feature_says_and_who_has_only_gaps_is_left_out() -> None:
    columns, truth = blobs(3)
    columns["x"][truth == 1] = np.nan  # who were the highest
    columns["y"][5], columns["x"][5] = np.nan, np.nan
    found = group(Clusters((Feature("x", missing="most"), Feature("y")), k=3), columns)
    assert found.number[5] == 0
    assert len(set(found.number[truth == 1])) == 1


@pytest.mark.parametrize("customers", [0, 1])
def test_too_few_make_no_clusters(customers: int) -> None:
    alike = np.ones(customers)
    assert grouping.group(PLAIN, {"x": alike, "y": alike}, customers) is None


def test_a_feature_without_a_column_is_left_out() -> None:
    columns, _truth = blobs(3)
    recipe = replace(PLAIN, features=(*PLAIN.features, Feature("missing")))
    assert set(group(recipe, columns).profiles[0].means) == {"x", "y"}


# --- choosing -----------------------------------------------------------------


def tried(*silhouettes: float) -> list[Tried]:
    return [Tried(k, 1.0 / k, one) for k, one in enumerate(silhouettes, start=2)]


@pytest.mark.parametrize(
    ("silhouettes", "last", "chosen"),
    [
        pytest.param((0.9, 0.5, 0.6), None, (4, clusters.BEST), id="not below three"),
        pytest.param((0.9, 0.59, 0.6), None, (3, clusters.SMALLER), id="smaller and as good"),
        pytest.param((0.2, 0.60, 0.56), 4, (4, clusters.KEPT), id="stays"),
        pytest.param((0.2, 0.60, 0.40), 4, (3, clusters.BEST), id="is good no more"),
    ],
)
def test_k_is_chosen_for_a_reason(
    silhouettes: tuple[float, ...], last: int | None, chosen: tuple[int, str]
) -> None:
    assert clusters.choose(PLAIN, tried(*silhouettes), last) == chosen


def test_k_may_be_set() -> None:
    assert clusters.choose(replace(PLAIN, k=5), tried(*[0.1] * 7), None) == (5, clusters.SET)


# --- k-means ------------------------------------------------------------------


def test_the_silhouette_is_what_its_definition_says() -> None:
    points = np.random.default_rng(4).normal(size=(30, 3))
    labels = np.repeat([0, 1, 2], 10)
    expected = []
    for at in range(30):
        far = np.sqrt(((points - points[at]) ** 2).sum(1))
        means = [far[labels == one].sum() / (9 if one == labels[at] else 10) for one in range(3)]
        a = means.pop(labels[at])
        expected.append((min(means) - a) / max(a, min(means)))
    assert kmeans.silhouette(points, labels) == pytest.approx(np.mean(expected))
    assert kmeans.silhouette(points, np.zeros(30, int)) == 0


@pytest.mark.parametrize(("new", "old"), [(3, 3), (2, 4), (4, 2)])
def test_the_pairing_of_two_runs_is_the_cheapest_of_all(new: int, old: int) -> None:
    random = np.random.default_rng(new * old)
    left, right = random.normal(size=(new, 2)), random.normal(size=(old, 2))
    found = kmeans.pair(left, right)

    def cost(pairs: Any) -> float:
        return sum(float(((left[a] - right[b]) ** 2).sum()) for a, b in pairs if b is not None)

    places = [*range(old), *[None] * max(new - old, 0)]
    cheapest = min(cost(enumerate(some)) for some in permutations(places, new))
    assert cost(enumerate(found)) == pytest.approx(cheapest)
    chosen = [one for one in found if one is not None]
    assert len(chosen) == len(set(chosen)) == min(new, old)


# --- names --------------------------------------------------------------------


def test_clusters_are_called_by_what_they_are() -> None:
    recipe = Clusters(
        (Feature("days", "recency"), Feature("spent", "worth"), Feature("visits", "activity"))
    )
    differences = {
        1: {"days": -1.0, "spent": 0.4, "visits": 1.2},
        2: {"days": 0.8, "spent": 0.6, "visits": -0.4},
        3: {"days": 1.1, "spent": -0.9, "visits": -0.7},
        4: {"days": 0.0, "spent": -0.5, "visits": 0.1},
    }
    assert clusters.suggest(recipe, differences) == {1: ACTIVE, 2: LEAVING, 3: SILENT}
    assert clusters.strongest(differences[2]) == [("days", 0.8), ("spent", 0.6)]
    assert clusters.strongest(differences[4]) == [("spent", -0.5)]


def test_what_ships_can_be_written_down_and_read_again() -> None:
    recipe = replace(clusters.SHIPPED, names=((1, "铁粉"), (3, "Sleepers")), k=3, weekday=0)
    assert clusters.read(clusters.write(recipe)) == recipe


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"k": 9}, "from 2 to 8", id="k"),
        pytest.param({"features": [{"trait": "orders"}]}, "Write 2 to 8", id="one feature"),
        pytest.param({"names": {"9": "x"}}, "numbers 1 to 8", id="name"),
        pytest.param({"features": [{"trait": "a"}, {"trait": "a"}]}, "twice", id="twice"),
    ],
)
def test_a_recipe_without_sense_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RuleError, match=words):
        clusters.read({**clusters.write(clusters.SHIPPED), **change})
