from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tilth.errors import ParameterError, ProbabilityError
from tilth.numerics.querying.committee import bald_scores, batch_bald, kl_disagreement, vote_entropy


def members(n: int = 12, m: int = 4, k: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(k), size=(n, m))


def joint_information(p: np.ndarray, rows: list[int]) -> float:
    """Mutual information of some rows' labels and the member, by listing every label combination."""
    m, k = p.shape[1], p.shape[2]
    joint = np.array(
        [np.mean([np.prod([p[r, i, c] for r, c in zip(rows, y, strict=True)]) for i in range(m)])
         for y in product(range(k), repeat=len(rows))]
    )  # fmt: skip
    conditional = np.mean([[-(p[r, i] * np.log(p[r, i])).sum() for i in range(m)] for r in rows], axis=1).sum()
    return float(-(joint * np.log(joint)).sum() - conditional)


def test_vote_entropy_of_known_votes() -> None:
    found = vote_entropy([[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 2, 2]], 3)
    assert np.allclose(found, [0, np.log(2), 1.5 * np.log(2)])


def test_kl_to_the_mean_equals_bald() -> None:
    p = members()
    mean = p.mean(axis=1, keepdims=True)
    kl = (p * np.log(p / mean)).sum(axis=2).mean(axis=1)
    assert np.allclose(kl_disagreement(p), kl)
    assert np.allclose(bald_scores(p), kl)


def test_batch_bald_maximises_joint_information_greedily() -> None:
    p = members()
    picks, information = batch_bald(p, 3)
    chosen: list[int] = []
    for pick, told in zip(picks.tolist(), information.tolist(), strict=True):
        values = {r: joint_information(p, [*chosen, r]) for r in range(len(p)) if r not in chosen}
        assert pick == max(values, key=values.__getitem__)
        assert told == pytest.approx(values[pick])
        chosen.append(pick)


def test_drawn_combinations_estimate_the_exact_ones() -> None:
    p = members(8, 3, 2, seed=1)
    exact = batch_bald(p, 5)[1]
    drawn = batch_bald(p, 5, max_configurations=8, random_state=0)[1]
    assert drawn[:3] == pytest.approx(exact[:3])
    assert abs(drawn[4] - exact[4]) < 0.5


def test_information_never_passes_the_log_of_the_members() -> None:
    assert batch_bald(members(30, 3), 10)[1].max() <= np.log(3) + 1e-9


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: bald_scores(members(m=1)), ParameterError),
        (lambda: vote_entropy([[0], [1]], 2), ParameterError),
        (lambda: vote_entropy([[0, 5]], 2), ParameterError),
        (lambda: bald_scores(np.ones((2, 2, 2))), ProbabilityError),
        (lambda: bald_scores([[[-0.5, 1.5], [0.5, 0.5]]]), ProbabilityError),
        (lambda: bald_scores(np.ones((2, 2))), ProbabilityError),
        (lambda: batch_bald(members(), 99), ParameterError),
    ],
)
def test_bad_input(call, error) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error):
        call()
