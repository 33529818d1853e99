"""Every strategy through a whole loop: no labels, one class, late classes, no copies, and pools that end."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from tilth.engine.label_pool import Pool, pick_rows
from tilth.errors import DataError, NotApplicable, ParameterError, PartError
from tilth.plugin import Run, Shelf
from tilth.records import Findings

NAMES = Shelf("strategies").names()
FROM_MODEL = ("least_confidence", "margin", "entropy", "query_by_committee", "bald", "class_balanced", "cost_sensitive")


def make_pool(n: int = 90, seed: int = 0, *, copies: bool = False) -> tuple[Pool, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1, 2], n // 3)
    X = (rng.normal(size=(n, 4)) + np.array([[0.0] * 4, [4.0, 0, 0, 0], [0, 4.0, 0, 0]])[y]).astype(np.float32)
    if copies:
        X, y = np.repeat(X, 4, axis=0), np.repeat(y, 4)
    ids = np.asarray([f"row{i}" for i in range(len(y))], dtype=object)
    return Pool(X, np.full(len(y), -1), ("a", "b", "c"), ids, GaussianNB()), y


def rows(pool: Pool, found: Findings) -> list[int]:
    place = {row: i for i, row in enumerate(pool.row_ids)}
    return [place[row] for row in found.table.column("row_id").to_pylist()]


def test_the_shelf_holds_what_was_promised() -> None:
    promised = (
        "badge bald batch_bald class_balanced clustered_margin cost_sensitive density_weighted discriminative entropy "
        "expected_error k_center least_confidence margin noise_aware priority prob_cover query_by_committee random "
        "rare_class typiclust"
    )
    assert set(promised.split()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_loop_from_no_labels_to_the_last_row(name: str) -> None:
    pool, y = make_pool(30)
    seen: set[int] = set()
    for _ in range(20):
        if not len(pool.free):
            break
        found = pick_rows(pool, name, min(6, len(pool.free)))
        picked = rows(pool, found)
        fresh = [row for row in picked if pool.labels[row] < 0]
        assert fresh or name == "noise_aware"
        assert not seen & set(fresh)
        seen |= set(fresh)
        labels = pool.labels.copy()
        labels[picked] = y[picked]
        pool = pool.with_labels(labels)
    assert len(seen) == 30
    with pytest.raises(NotApplicable, match="every row has a label"):
        pick_rows(pool, name, 1)


@pytest.mark.parametrize("name", NAMES)
def test_one_class_so_far_and_a_class_that_comes_late(name: str) -> None:
    pool, y = make_pool()
    one = np.where(np.arange(90) < 5, 0, -1)
    assert len(pick_rows(pool.with_labels(one), name, 4)) == 4
    two = np.where((y < 2) & (np.arange(90) % 10 == 0), y, -1)
    late = pool.with_labels(two, ("a", "b", "c"))
    assert len(pick_rows(late, name, 4)) == 4
    unknown = pool.with_labels(two, ("a", "b"))
    assert len(pick_rows(unknown, name, 4)) == 4


@pytest.mark.parametrize("name", [name for name in NAMES if name != "random"])
def test_no_near_copies_within_a_batch(name: str) -> None:
    pool, y = make_pool(copies=True)
    labels = np.where(np.arange(len(y)) % 36 == 0, y, -1)
    found = pick_rows(pool.with_labels(labels), name, 8)
    picked = [row for row in rows(pool, found) if labels[row] < 0]
    assert len({row // 4 for row in picked}) == len(picked)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "random"])
def test_no_copies_where_every_row_has_near_ones(name: str) -> None:
    pool, y = make_pool(copies=True)
    noise = 1e-3 * np.random.default_rng(1).normal(size=pool.X.shape)
    labels = np.where(np.arange(len(y)) % 36 == 0, y, -1)
    near = Pool((pool.X + noise).astype(np.float32), labels, pool.classes, pool.row_ids, GaussianNB())
    found = pick_rows(near, name, 30)
    picked = [row for row in rows(near, found) if labels[row] < 0]
    assert len({row // 4 for row in picked}) == len(picked)
    if name not in ("typiclust", "priority", "prob_cover", "noise_aware"):  # those that start by clusters
        assert not {row // 4 for row in picked} & set(range(0, 90, 9)), "copies of labelled rows"


def test_candidates_are_looked_for_until_the_batch_is_full() -> None:
    X = np.repeat(np.arange(60.0), 8)[:, None] + 1e-5 * np.random.default_rng(0).normal(size=(480, 1))
    labels = np.full(480, -1)
    labels[[0, 479]] = 0, 1
    ids = np.asarray([f"r{i}" for i in range(480)], dtype=object)
    found = pick_rows(Pool(X, labels, ("a", "b"), ids, LogisticRegression()), "margin", 40)
    assert len({int(row[1:]) // 8 for row in found.table.column("row_id").to_pylist()}) == 40


@pytest.mark.parametrize("name", FROM_MODEL)
def test_strategies_of_a_model_work_without_embeddings(name: str) -> None:
    from scipy.sparse import csr_matrix

    pool, y = make_pool()
    sparse = Pool(csr_matrix(np.abs(pool.X)), pool.labels, pool.classes, pool.row_ids, LogisticRegression())
    cold = pick_rows(sparse, name, 3)
    assert "at random" in cold.to_dicts()[0]["why"]
    labels = np.where(np.arange(90) % 9 == 0, y, -1)
    assert "at random" not in pick_rows(sparse.with_labels(labels), name, 3).to_dicts()[0]["why"]
    with pytest.raises(NotApplicable, match="needs embeddings"):
        pick_rows(sparse, "k_center", 3)


@pytest.mark.filterwarnings("error")
def test_more_classes_than_half_the_labels_is_no_warning() -> None:
    pool, _ = make_pool()
    many = tuple(f"class {i}" for i in range(30))
    labels = np.where(np.arange(90) % 5 == 0, np.arange(90) // 5, -1)
    crowded = Pool(pool.X, labels, many, pool.row_ids, LogisticRegression())
    for name in ("margin", "expected_error", "query_by_committee"):
        assert len(pick_rows(crowded, name, 3)) == 3


@pytest.mark.parametrize("name", ["least_confidence", "margin", "entropy", "cost_sensitive"])
def test_a_model_that_is_equally_sure_of_all_rows_does_not_ask_for_the_first_ones(name: str) -> None:
    pool, y = make_pool()
    labels = np.full(90, -1)
    labels[[0, 30, 60]] = y[[0, 30, 60]]  # one row a class: Gaussian naive Bayes has no spread and is sure of one class
    found = rows(pool, pick_rows(pool.with_labels(labels), name, 12))
    assert len(set(y[found].tolist())) == 3


def test_seeds_decide_the_random_draw() -> None:
    pool, _ = make_pool()
    first, again, other = (rows(pool, pick_rows(pool, "random", 10, Run(seed, "x"))) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_cheap_labels_go_first_where_they_tell_as_much() -> None:
    pool, y = make_pool()
    labels = np.where(np.arange(90) % 9 == 0, y, -1)
    plain = rows(pool, pick_rows(pool.with_labels(labels), "cost_sensitive", 1))[0]
    costs = np.ones(90)
    costs[plain] = 1e6
    dear = Pool(pool.X, labels, pool.classes, pool.row_ids, GaussianNB(), costs=costs)
    assert rows(dear, pick_rows(dear, "cost_sensitive", 1))[0] != plain


def test_noise_aware_asks_again_for_a_planted_error() -> None:
    pool, y = make_pool()
    labels = np.where(np.arange(90) % 3 == 0, y, -1)
    labels[3] = 2
    found = pick_rows(pool.with_labels(labels), "noise_aware", 10).to_dicts()
    assert found[0]["row_id"] == "row3"
    assert found[0]["suggestion"] == "a"


def test_noise_aware_leaves_alone_what_was_labelled_twice() -> None:
    pool, y = make_pool()
    labels = np.where(np.arange(90) % 3 == 0, y, -1)
    labels[3] = 2
    asked = (labels >= 0).astype(np.int64)
    again = pick_rows(pool.with_labels(labels, times_asked=asked), "noise_aware", 10)
    assert 3 in rows(pool, again)
    asked[3] = 2
    assert 3 not in rows(pool, pick_rows(pool.with_labels(labels, times_asked=asked), "noise_aware", 10))


def test_a_cost_below_0_is_named_before_there_is_a_model() -> None:
    pool, _ = make_pool()
    free = Pool(pool.X, pool.labels, pool.classes, pool.row_ids, GaussianNB(), costs=np.full(90, -1.0))
    with pytest.raises(DataError, match=r"row 'row0'.*above 0"):
        pick_rows(free, "cost_sensitive", 2)


def test_reasons_say_what_is_there() -> None:
    pool, y = make_pool()
    first = pick_rows(pool, "priority", 2).to_dicts()[0]["why"]
    assert first.startswith("no model yet (0 labels so far): typical of a cluster of")
    labels = np.where(np.arange(90) == 0, y, -1)
    assert "(1 label so far, of 1 class)" in pick_rows(pool.with_labels(labels), "priority", 2).to_dicts()[0]["why"]
    labels = np.where(np.arange(90) % 10 == 0, y, -1)
    some = pick_rows(pool.with_labels(labels), "priority", 81).to_dicts()
    assert some[0]["why"].startswith("few labels for a model (9 labels so far, of 3 classes): ")
    assert any(row["why"].endswith("alone in its cluster (1 row)") for row in some)
    assert (
        "in the turn of its cluster" in pick_rows(pool.with_labels(labels), "clustered_margin", 2).to_dicts()[0]["why"]
    )


def test_rare_class_finds_the_class_with_fewest_labels() -> None:
    pool, y = make_pool()
    labels = np.where((y < 2) & (np.arange(90) % 3 == 0), y, -1)
    labels[60] = 2
    found = pick_rows(pool.with_labels(labels), "rare_class", 10)
    assert (y[rows(pool, found)] == 2).mean() >= 0.8
    with pytest.raises(ParameterError, match="no such class"):
        pick_rows(pool.with_labels(labels), Shelf("strategies").make("rare_class", target="zebra"), 1)


@pytest.mark.parametrize("budget", [0, -1, 91, 2.5, True])
def test_a_budget_that_does_not_fit_is_an_error(budget: object) -> None:
    pool, _ = make_pool()
    with pytest.raises(ParameterError, match="budget"):
        pick_rows(pool, "random", budget)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("query_by_committee", {"method": "odd"}),
        ("density_weighted", {"beta": -1.0}),
        ("typiclust", {"n_neighbors": 0}),
        ("prob_cover", {"radius": float("nan")}),
        ("clustered_margin", {"candidates": 0.0}),
        ("discriminative", {"rounds": 0}),
        ("expected_error", {"sample": 0}),
        ("cost_sensitive", {"cost_matrix": ((0.0, 1.0),)}),
        ("class_balanced", {"power": -1.0}),
        ("noise_aware", {"share": 2.0}),
        ("priority", {"uncertainty": 0.0, "rarity": 0.0, "novelty": 0.0}),
    ],
)
def test_parameters_out_of_range(name: str, params: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        Shelf("strategies").make(name, **params)


def test_an_unknown_strategy_names_the_near_ones() -> None:
    pool, _ = make_pool()
    with pytest.raises(PartError, match="margin"):
        pick_rows(pool, "margn", 1)
