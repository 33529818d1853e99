"""Is a consensus method better than majority vote here? Measured on gold labels, or on votes that were held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, NotApplicable
from tilth.numerics.consensus.held_out import MAX_ITEMS, held_out_scores, usable_votes, vote_folds
from tilth.numerics.consensus.majority import majority_vote, numeric_consensus
from tilth.numerics.consensus.result import Consensus, class_votes
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.statistics.interval_result import Interval, check_level

__all__ = [
    "Choice",
    "Contender",
    "choose_consensus",
    "choose_numeric",
    "gold_difference",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Fit = Callable[[Votes], Consensus]


@dataclass(frozen=True)
class Contender:
    """One method beside majority vote.

    Attributes
    ----------
    name : str
    score : float
        Accuracy on gold, or mean log-likelihood (nats) of a held-out vote, or minus the mean absolute error of one;
        more is better.
    difference : Interval
        Of ``score`` and majority's score on the same items, held for all methods together (Bonferroni).
    better : bool
        Whether the whole interval lies above 0.
    """

    name: str
    score: float
    difference: Interval
    better: bool


@dataclass(frozen=True)
class Choice:
    """All methods beside majority vote, and the one that is recommended.

    Attributes
    ----------
    measure : str
        "accuracy on gold", "log-likelihood of held-out votes" or "error of held-out votes".
    baseline : str
        Name of the trivial method.
    baseline_score : float
    contenders : tuple of Contender
        In the order given.
    recommended : str
        The best of the methods that are significantly better than `baseline`; else `baseline`.
    n : int
        Gold items, or held-out votes, that it rests on.
    notes : tuple of str
    """

    measure: str
    baseline: str
    baseline_score: float
    contenders: tuple[Contender, ...]
    recommended: str
    n: int
    notes: tuple[str, ...] = ()


def _choice(measure: str, baseline: str, score: float, contenders: list[Contender], n: int, *notes: str) -> Choice:
    better = [c for c in contenders if c.better]
    best = max(better, key=lambda c: c.score).name if better else baseline
    return Choice(measure, baseline, score, tuple(contenders), best, n, tuple(note for note in notes if note))


def choose_consensus(
    votes: Any,
    fits: Mapping[str, Fit],
    *,
    gold: npt.ArrayLike | None = None,
    baseline: str = "majority",
    n_folds: int = 5,
    level: float = 0.95,
    random_state: int = 0,
) -> Choice:
    """Measure methods beside majority vote; recommend one only where it is significantly better.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
    fits : mapping of name to callable
        Each takes votes and returns a Consensus. Majority vote itself is added and need not be among them.
    gold : array-like of shape (n_items,), optional
        True class of each item, -1 where unknown. With gold on 30 items or more, methods are compared by accuracy
        on it; otherwise by how well they foretell votes that were held out.
    baseline : str, default="majority"
        Name under which majority vote is reported.
    n_folds : int, default=5
        Parts into which the votes are cut.
    level : float, default=0.95
        Coverage of all intervals together.
    random_state : int, default=0

    Returns
    -------
    Choice

    Raises
    ------
    AlignmentError
        Gold of another length, or outside the classes.
    NotApplicable
        Neither gold nor an item with two votes: nothing can be measured.

    Notes
    -----
    Held-out votes: beliefs are fitted to four fifths of the votes. They give each rater a confusion matrix, shrunk
    to that of all raters, and so a probability of each held-out vote. Every method's beliefs are first raised to the
    power that serves them best on the other folds, so that majority vote is not beaten for its soft shares alone.
    The interval takes items as the independent units. A method that foretells votes better need not be better at the
    truth where raters share an error: gold says more.

    References
    ----------
    Smyth, Fayyad, Burl, Perona and Baldi (1995), "Inferring ground truth from subjective labelling of Venus images".

    Examples
    --------
    >>> from tilth.numerics.consensus.expectation_maximisation import one_coin
    >>> from tilth.numerics.consensus.votes import as_votes
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(2, size=300)
    >>> right = rng.random((300, 5)) < [0.95, 0.9, 0.55, 0.5, 0.5]
    >>> votes = as_votes(np.where(right, truth[:, None], 1 - truth[:, None]))
    >>> choose_consensus(votes, {"one_coin": one_coin}).recommended
    'one_coin'
    """
    check_level(level)
    made = class_votes(votes)
    fits = {name: fit for name, fit in fits.items() if name != baseline}
    share = 1 - (1 - level) / max(len(fits), 1)
    known = _gold(gold, made)
    if known is not None and np.count_nonzero(known >= 0) >= 30:
        return _by_gold(made, fits, known, baseline, share)
    note = ""
    if known is not None:
        note = f"gold on {np.count_nonzero(known >= 0)} items is too little to compare by (30 are needed)"
    return _by_held_out(made, fits, baseline, n_folds, share, random_state, note)


def _gold(gold: npt.ArrayLike | None, votes: Votes) -> IntArray | None:
    if gold is None:
        return None
    known = np.asarray(gold, dtype=np.int64)
    if known.shape != (votes.n_items,) or known.max(initial=-1) >= votes.n_classes:
        raise AlignmentError(
            "gold must hold one class of the votes for each item, or -1",
            found=f"shape {known.shape}, largest {known.max(initial=-1)}",
            fix=f"give {votes.n_items} values below {votes.n_classes}",
        )
    return known


def _by_gold(votes: Votes, fits: Mapping[str, Fit], gold: IntArray, baseline: str, level: float) -> Choice:
    seen = gold >= 0
    base = majority_vote(votes).labels[seen] == gold[seen]
    contenders = []
    for name, fit in fits.items():
        right = fit(votes).labels[seen] == gold[seen]
        found = gold_difference(base, right, level=level)
        contenders.append(Contender(name, float(right.mean()), found, found.low > 0))
    return _choice("accuracy on gold", baseline, float(base.mean()), contenders, int(seen.sum()))


def gold_difference(before: npt.ArrayLike, after: npt.ArrayLike, *, level: float = 0.95) -> Interval:
    """Interval of the difference of two accuracies on the same items.

    Parameters
    ----------
    before, after : array-like of bool, shape (n,)
        Whether each item is right.
    level : float, default=0.95

    Returns
    -------
    Interval
        Of ``after - before``: adjusted Wald, half a pseudo-item in each cell of right/wrong before/after.

    Raises
    ------
    AlignmentError
        Different lengths, or no items.

    References
    ----------
    Agresti and Min (2005), "Simple improved confidence intervals for comparing matched proportions".

    Examples
    --------
    >>> found = gold_difference(np.repeat([1, 0], [80, 20]), np.repeat([1, 0], [90, 10]))
    >>> round(found.estimate, 2), found.low > 0
    (0.1, True)
    """
    from scipy.special import ndtri

    check_level(level)
    first, second = np.asarray(before, dtype=bool), np.asarray(after, dtype=bool)
    if first.shape != second.shape or not first.size:
        raise AlignmentError("both must judge the same items", found=f"shapes {first.shape} and {second.shape}")
    n = first.size
    won = float(np.count_nonzero(second & ~first)) + 0.5
    lost = float(np.count_nonzero(first & ~second)) + 0.5
    centre = (won - lost) / (n + 2)
    half = float(ndtri(0.5 + level / 2)) * float(np.sqrt((won + lost) / (n + 2) - centre**2)) / np.sqrt(n + 2)
    estimate = float(second.mean() - first.mean())
    low, high = max(-1.0, centre - half), min(1.0, centre + half)
    return Interval(estimate, float(low), float(high), level, n, "adjusted Wald, paired")


def _by_held_out(
    votes: Votes, fits: Mapping[str, Fit], baseline: str, n_folds: int, level: float, seed: int, note: str
) -> Choice:
    if votes.votes_per_item.max(initial=0) < 2:
        raise NotApplicable(
            "no item has two votes and there is no gold, so no method can be compared",
            found=f"{votes.n_votes} votes on {votes.n_items} items",
            fix="have some items labelled by two or more people, or give the true labels of some with --gold",
        )
    folds, used = vote_folds(votes, n_folds, seed)
    sampled = ""
    if used.sum() < usable_votes(votes).sum():
        sampled = f"methods are compared on {MAX_ITEMS:,} items drawn at random"
        votes = replace(votes, items=votes.items[used], raters=votes.raters[used], values=votes.values[used])
        folds, used = folds[used], np.ones(votes.n_votes, dtype=bool)
    base = held_out_scores(votes, majority_vote, folds)
    contenders = []
    for name, fit in fits.items():
        score = held_out_scores(votes, fit, folds)
        found = _clustered(score - base, votes.items[used], level)
        contenders.append(Contender(name, float(score.mean()), found, found.low > 0))
    return _choice(
        "log-likelihood of held-out votes", baseline, float(base.mean()), contenders, int(used.sum()), note, sampled
    )


def _clustered(difference: FloatArray, items: IntArray, level: float) -> Interval:
    """Interval of a mean over votes, with items as the independent units; the raters are these raters."""
    from scipy.stats import t as student

    mean = float(difference.mean())
    _, code = np.unique(items, return_inverse=True)
    many = int(code.max()) + 1
    off = np.bincount(code, difference - mean)
    error = float(np.sqrt((off**2).sum() * many / max(many - 1, 1))) / difference.size
    half = float(student.ppf(0.5 + level / 2, max(many - 1, 1))) * error
    return Interval(mean, mean - half, mean + half, level, int(difference.size), "cluster-robust t, paired")


def choose_numeric(votes: Votes, *, n_folds: int = 5, level: float = 0.95, random_state: int = 0) -> Choice:
    """Measure the robust mean of numeric votes beside the plain mean, by the error on held-out votes.

    Parameters
    ----------
    votes : Votes
        Numeric.
    n_folds, level, random_state
        As in :func:`choose_consensus`.

    Returns
    -------
    Choice
        With ``baseline`` "mean" and the contender "robust_mean".

    Raises
    ------
    NotApplicable
        No item has two votes.

    Examples
    --------
    >>> from tilth.numerics.consensus.votes import as_votes
    >>> rng = np.random.default_rng(0)
    >>> table = rng.normal(size=(200, 1)) + rng.normal(0, 0.1, size=(200, 5))
    >>> table[:, 0] += 30 * (rng.random(200) < 0.5)
    >>> choose_numeric(as_votes(table, numeric=True)).recommended
    'robust_mean'
    """
    if votes.votes_per_item.max(initial=0) < 2:
        raise NotApplicable("no item has two votes, so no method can be compared", fix="ask for second opinions")
    folds, used = vote_folds(votes, n_folds, random_state)
    values = np.asarray(votes.values, dtype=np.float64)
    errors = np.full((2, votes.n_votes), np.nan)
    for part in range(n_folds):
        out = folds == part
        kept = replace(votes, items=votes.items[~out], raters=votes.raters[~out], values=values[~out])
        for row, cutoff in enumerate((1e12, 1.345)):
            centre = numeric_consensus(kept, cutoff=cutoff).values
            errors[row, out] = np.abs(values[out] - centre[votes.items[out]])
    good = used & np.isfinite(errors).all(axis=0)
    found = _clustered((errors[0] - errors[1])[good], votes.items[good], level)
    robust = Contender("robust_mean", -float(errors[1, good].mean()), found, found.low > 0)
    return _choice("error of held-out votes", "mean", -float(errors[0, good].mean()), [robust], int(good.sum()))
