from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import DataError, ParameterError
from tilth.numerics.querying.badge import badge, copy_radius, most_have_copies, spread_batch
from tilth.numerics.querying.clusters import clustered_margin, cover_radius, prob_cover, typiclust
from tilth.numerics.querying.coverage import k_center, k_center_partitioned, nearest_distance


def cloud(n: int = 60, d: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def plain_k_center(X: np.ndarray, k: int, selected: list[int]) -> list[int]:
    distances = np.linalg.norm(X[:, None] - X[None], axis=2)
    chosen = list(selected)
    for _ in range(k):
        gap = distances[:, chosen].min(axis=1)
        gap[chosen] = -1
        chosen.append(int(gap.argmax()))
    return chosen[len(selected) :]


@given(st.integers(0, 50), st.integers(1, 10))
@settings(max_examples=25, deadline=None)
def test_k_center_equals_the_plain_algorithm(seed: int, k: int) -> None:
    X = cloud(seed=seed)
    found = k_center(X, k, selected=[3, 7])
    assert found.indices.tolist() == plain_k_center(X, k, [3, 7])
    assert found.radius == pytest.approx(nearest_distance(X, X[[3, 7, *found.indices]]).max())
    assert (np.diff(found.gaps) <= 1e-9).all()


def test_a_far_offset_costs_no_precision() -> None:
    X = cloud(200).astype(np.float32)
    assert k_center(X + np.float32(4096), 10).indices.tolist() == k_center(X, 10).indices.tolist()


def test_equal_rows_are_all_picked_once() -> None:
    found = k_center(np.zeros((5, 2)), 5)
    assert sorted(found.indices.tolist()) == [0, 1, 2, 3, 4]
    assert found.radius == 0


def test_partitioned_bound_holds_against_the_best_centers() -> None:
    from itertools import combinations

    X = cloud(14, 2)
    found = k_center_partitioned(X, 3, part_rows=5)
    best = min(nearest_distance(X, X[list(c)]).max() for c in combinations(range(14), 3))
    assert found.radius / best <= found.bound + 1e-9
    assert found.radius == pytest.approx(nearest_distance(X, X[found.indices]).max())


def test_partitioned_leaves_selected_rows_out() -> None:
    X = cloud(300)
    given_rows = np.arange(0, 300, 7)
    found = k_center_partitioned(X, 20, selected=given_rows, part_rows=64)
    assert not set(found.indices.tolist()) & set(given_rows.tolist())
    assert len(set(found.indices.tolist())) == 20


def test_badge_distances_are_those_of_the_written_gradients() -> None:
    X, p = cloud(40), np.random.default_rng(1).dirichlet(np.ones(3), size=40)
    errors = p - np.eye(3)[p.argmax(axis=1)]
    full = np.einsum("ik,id->ikd", errors, X).reshape(40, -1)
    first = badge(X, p, 1)[0]
    assert first == np.linalg.norm(full, axis=1).argmax()
    counts = np.zeros(40)
    for seed in range(3000):
        counts[badge(X, p, 2, random_state=seed)[1]] += 1
    expected = ((full - full[first]) ** 2).sum(axis=1)
    assert np.abs(counts / 3000 - expected / expected.sum()).max() < 0.03


def test_badge_of_rows_without_gradient_still_picks_each_once() -> None:
    picks = badge(cloud(6), np.tile([1.0, 0.0], (6, 1)), 6)
    assert sorted(picks.tolist()) == list(range(6))


def test_a_batch_holds_no_near_copies() -> None:
    X = np.concatenate([cloud(30), cloud(30) + 1e-6])
    radius = copy_radius(cloud(30))
    picks, passed = spread_batch(X, np.arange(60), 30, radius=radius)
    gaps = np.linalg.norm(X[picks][:, None] - X[picks][None], axis=2)[~np.eye(30, dtype=bool)]
    assert gaps.min() > radius or passed == 0
    assert len(set(picks.tolist())) == 30
    again, passed = spread_batch(X, [0, 30, 1], 2, radius=radius)
    assert again.tolist() == [0, 1]
    assert passed == 1


@pytest.mark.parametrize(("times", "noise"), [(2, 1e-3), (3, 1e-3), (3, 0.0), (8, 1e-4)])
def test_the_radius_is_that_of_the_rows_behind_the_copies(times: int, noise: float) -> None:
    X = cloud(200)
    rng = np.random.default_rng(1)
    copied = np.repeat(X, times, axis=0) + noise * rng.normal(size=(200 * times, X.shape[1]))
    assert most_have_copies(copied)
    assert copy_radius(copied) == pytest.approx(copy_radius(X), rel=0.1)
    picks, _ = spread_batch(copied, np.arange(len(copied)), 60, radius=copy_radius(copied))
    assert len({int(row) // times for row in picks}) == 60


def test_the_radius_is_the_plain_one_where_most_rows_have_no_copy() -> None:
    X = cloud(200)
    some = np.concatenate([X, X[:60] + 1e-4])  # 46% of the rows have a copy
    assert not most_have_copies(some)
    gaps = np.linalg.norm(some[:, None] - some[None], axis=2) + np.diag(np.full(260, np.inf))
    assert copy_radius(some) == pytest.approx(0.2 * np.median(gaps.min(axis=1)))


def test_a_batch_of_copies_alone_is_filled_with_copies() -> None:
    picks, passed = spread_batch(np.zeros((4, 2)), np.arange(4), 3, radius=0.0)
    assert picks.tolist() == [0, 1, 2]
    assert passed == 1


def test_typiclust_covers_clusters_without_labels_first() -> None:
    X = np.concatenate([cloud(30), cloud(20) + 20, cloud(10) - 20])
    picks, typical, sizes = typiclust(X, 2, labelled=[0])
    assert {int(p >= 30) + int(p >= 50) for p in picks} == {1, 2}
    assert (typical > 0).all()
    assert sizes.tolist() == [20, 10]
    assert len(set(typiclust(X, 59, labelled=[0])[0].tolist())) == 59


def test_prob_cover_equals_greedy_cover_on_a_written_graph() -> None:
    X = cloud(80, 2)
    radius = 0.5
    graph = np.linalg.norm(X[:, None] - X[None], axis=2) <= radius
    covered = graph[[5]].any(axis=0)
    taken = {5}
    expected = []
    for _ in range(6):
        gain = (graph & ~covered).sum(axis=1)
        gain[list(taken)] = -1
        pick = int(gain.argmax())
        expected.append((pick, int(gain[pick])))
        taken.add(pick)
        covered |= graph[pick]
    picks, gains = prob_cover(X, 6, radius=radius, labelled=[5])
    assert list(zip(picks.tolist(), gains.tolist(), strict=True)) == expected


def test_cover_radius_keeps_balls_pure() -> None:
    X = np.concatenate([cloud(100), cloud(100) + 30])
    assert 3 < cover_radius(X, 2) < 55


def test_clustered_margin_shares_the_picks() -> None:
    X = np.repeat([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], [10, 3, 2], axis=0)
    picks, unsure = clustered_margin(X, np.tile([0.5, 0.5], (15, 1)), 3)
    assert {int(p >= 10) + int(p >= 13) for p in picks} == {0, 1, 2}
    assert (unsure == 1).all()


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: k_center(cloud(5), 6), ParameterError, "found 6 of 5"),
        (lambda: k_center(cloud(5), 0), ParameterError, "at least 1"),
        (lambda: k_center(cloud(5), 1, selected=[9]), ParameterError, "outside the rows"),
        (lambda: k_center([[np.nan]], 1), DataError, "row 0, column 0"),
        (lambda: k_center_partitioned(cloud(5), 1, oversample=0.5), ParameterError, "at least 1"),
        (lambda: badge(cloud(3), np.tile([0.5, 0.5], (3, 1)), 4), ParameterError, "4 of 3"),
        (lambda: prob_cover(cloud(3), 1, radius=-1.0), ParameterError, "not negative"),
        (lambda: typiclust(cloud(3), 4), ParameterError, "4 of 3"),
    ],
)
def test_bad_input(call, error, match) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=match):
        call()
