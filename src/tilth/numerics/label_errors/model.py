"""Which labels are wrong: several cross-fitted views of the classes, and the channel from true to given labels.

The views (linear, kernels, neighbours, any probabilities that are brought, any model that is named) are trained on
soft labels, scored out of sample through the estimated channel, weighted by that score, and trained again on the
posterior of the true class. No row is judged by a model that was trained on it; from the second round on its label
has left a trace in the soft labels of other rows, which is why there are no further rounds with few rows per class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.numerics.label_errors.channel import (
    channel_log_likelihood,
    fit_temperature,
    fit_transition,
    initial_transition,
    posterior_of,
    smooth_transition,
    softmax_rows,
)
from tilth.numerics.label_errors.inputs import VIEWS, ModelView, check_options, prepare_views, read_input
from tilth.numerics.label_errors.regime import FEW_ROWS, Regime, judge_regime
from tilth.numerics.label_errors.views import View

__all__ = ["VIEWS", "LabelErrorEstimate", "estimate_label_errors"]

Floats = NDArray[Any]

SHARPNESS = 0.2
TOLERANCE = 0.02
EVEN_SHARE = 0.3
_NEAR_SHARE = 0.15
_DOMINANT = 0.99
_POOL_GRID = np.geomspace(0.4, 4.0, 15)
_UNSEEN = "classes that are exchanged as a whole cannot be told from features: compare a few rows of each with its name"


@dataclass(frozen=True, eq=False)
class LabelErrorEstimate:
    """Which labels are wrong, how surely, and what they should be.

    Attributes
    ----------
    p_error : ndarray of float64, shape (n,)
        Probability that the given label is wrong, in [0, 1]; sort by it, the highest first. A mean of two
        readings, whose weights the labels themselves decide: errors that depend on the class only, and errors that
        may depend on the row in any way. With few rows per class and contradictions only where predictions are
        unsure, it falls back to plain self-confidence (see `judge_regime`).
    p_error_low, p_error_high : ndarray of float64, shape (n,)
        The two readings: ``1 - q(given)`` with q the posterior through a channel that was fitted without the row,
        and ``1 - p(given)``. Their sums bracket the number of errors.
    posterior : ndarray of float64, shape (n, k)
        q(true class | row, given label). The given label counts by half, and by up to 0.8 where errors by class show.
    probs : ndarray of float64, shape (n, k)
        p(true class | row), out of sample: does not use the row's own label.
    suggested : ndarray of int64, shape (n,)
        The most probable class of `posterior`.
    transition : ndarray of float64, shape (k, k)
        T[true, given] = P(given | true).
    prior : ndarray of float64, shape (k,)
        Frequencies of the true classes.
    weights : dict of str to float
        Share of each view in the prediction; sums to 1.
    issues : ndarray of bool, shape (n,)
        ``suggested`` differs from the label, and the probability of error is at least 0.5.
    log_likelihood : float
        Mean held-out log-probability of the given labels under `probs` and `transition`.
    baseline : float
        The same when only the class frequencies are known.
    labels : ndarray of int64, shape (n,)
    folds : ndarray of int64, shape (n,)
        Fold of each row; all zeros where only probabilities were brought.
    notes : tuple of str
        What to know before trusting the result.
    """

    p_error: NDArray[np.float64]
    p_error_low: NDArray[np.float64]
    p_error_high: NDArray[np.float64]
    posterior: NDArray[np.float64]
    probs: NDArray[np.float64]
    suggested: NDArray[np.int64]
    transition: NDArray[np.float64]
    prior: NDArray[np.float64]
    weights: dict[str, float]
    issues: NDArray[np.bool_]
    log_likelihood: float
    baseline: float
    labels: NDArray[np.int64]
    folds: NDArray[np.int64]
    notes: tuple[str, ...]


def estimate_label_errors(
    X: Any,
    labels: ArrayLike,
    *,
    pred_probs: ArrayLike | Sequence[ArrayLike] | None = None,
    model: Any = None,
    groups: ArrayLike | None = None,
    n_classes: int | None = None,
    n_folds: int = 5,
    rounds: int = 5,
    views: Sequence[str] = ("logistic", "linear", "kernel", "neighbors"),
    random_state: int = 0,
    on_step: Callable[[int, int], object] | None = None,
) -> LabelErrorEstimate:
    """Estimate for every row the probability that its label is wrong.

    Every round: (1) each view predicts all rows from the soft labels of other folds; (2) the setting and sharpness
    of each view are those under which the given labels are most likely through the channel T; (3) views are pooled
    log-linearly with weights that fall with their distance, in held-out likelihood, from the best view, so that a
    weak view hardly counts; (4) T is re-estimated by expectation-maximisation, shrunk towards even noise; (5) the
    soft labels become the posterior of the true class given prediction and label.

    Parameters
    ----------
    X : ndarray or scipy sparse matrix of shape (n, d), or None
        Features without missing values; None where only `pred_probs` are used.
    labels : array_like of int, shape (n,)
        Class codes 0..k-1, no missing values.
    pred_probs : array_like of float, shape (n, k), or sequence of such, optional
        Out-of-sample probabilities in [0, 1] of your own model or models.
    model : classifier or callable, optional
        One more view, cross-fitted twice: on the given labels, and on the suggested labels (with their probability
        as weight, where ``fit`` takes ``sample_weight``).
    groups : array_like of int, shape (n,), optional
        Rows with the same id stay in one fold and are not each other's neighbours; -1 marks a row that stands alone.
    n_classes : int, optional
        k; by default the highest code plus one, or the columns of `pred_probs`.
    n_folds : int
        At least 2.
    rounds : int
        At least 1, and the most there are: they end where two rounds gain less than 2 % in likelihood, and after the
        first with fewer than 50 rows per class, where later rounds only confirm themselves.
    views : sequence of {"logistic", "linear", "kernel", "neighbors", "boosting"}
        Views on `X`. "logistic" is `default_classifier` and gives way to `model`. Boosting is slow and pays on
        tables only.
    random_state : int
    on_step : callable, optional
        Called as ``on_step(done, total)``.

    Returns
    -------
    LabelErrorEstimate

    Raises
    ------
    LabelError
        If a label is missing or not a code, or there is one class only.
    AlignmentError, DataError, ProbabilityError
        If the features or probabilities cannot be used; the message names the row and column.
    ParameterError
        If an option is unknown or out of range, or neither features nor probabilities are given.
    PartError
        If `model` fails on a fold.

    References
    ----------
    Patrini et al. 2017, "Making Deep Neural Networks Robust to Label Noise: A Loss Correction Approach", CVPR.
    Northcutt, Jiang, Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70.
    Dawid, Skene 1979, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm", JRSS C 28.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> true = np.repeat([0, 1], 50)
    >>> X = rng.normal(4.0 * true[:, None], 1.0, (100, 2))
    >>> given = true.copy()
    >>> given[[3, 60]] = [1, 0]
    >>> found = estimate_label_errors(X, given)
    >>> sorted(np.argsort(-found.p_error)[:2].tolist())
    [3, 60]
    """
    codes, brought, k = read_input(X, labels, pred_probs, n_classes)
    check_options(X, brought, views, n_folds, rounds)
    folds, prepared, notes = prepare_views(X, codes, brought, views, groups, n_folds, random_state, k)
    wrap = ModelView(model, X, codes, k, groups, n_folds, random_state) if model is not None else None
    if X is not None and wrap is None and "logistic" in views:
        wrap = ModelView(None, X, codes, k, groups, n_folds, random_state)
    fit = _iterate(prepared, codes, k, rounds, wrap, on_step)
    spare = folds if X is not None else np.random.default_rng(random_state).permutation(len(codes)) % n_folds
    alone = len(fit.weights) == 1

    def judge(probs: Floats, transition: Floats) -> Regime:
        return judge_regime(probs, transition, codes, spare, fit.baseline, alone=alone)

    regime = judge(fit.first, fit.first_transition)
    final = regime if fit.first is fit.probs else judge(fit.probs, fit.transition)
    plain = _plain(prepared, wrap, codes, k) if regime.plain > 0 else fit.probs
    found = _Reading(regime, final.low, 1.0 - plain[np.arange(len(codes)), codes])
    return _summarise(fit, found, codes, folds, (*notes, *(wrap.notes if wrap else ())))


@dataclass(eq=False)
class _Fit:
    probs: Floats
    transition: Floats
    weights: dict[str, float]
    log_likelihood: float
    baseline: float
    first: Floats
    first_transition: Floats


@dataclass(eq=False)
class _Reading:
    regime: Regime
    low: NDArray[np.float64]
    plain: NDArray[np.float64]


def _iterate(
    views: list[View],
    given: NDArray[np.int64],
    k: int,
    rounds: int,
    wrap: ModelView | None,
    on_step: Callable[[int, int], object] | None,
) -> _Fit:
    soft: Floats = np.eye(k, dtype=np.float32)[given]
    frequencies = np.bincount(given, minlength=k) / len(given)
    baseline = float(np.log(frequencies[given]).mean())
    fixed = all(view.name.startswith(("pred_probs", "boosting")) for view in views)
    if wrap is not None:
        views = [*views, wrap.fit(None)]
    transition: Floats | None = None
    found: list[_Fit] = []
    brought = {view.name for view in views if view.name.startswith("pred_probs")}
    few = len(given) < FEW_ROWS * len(np.unique(given))
    for step in range(rounds):
        if wrap is not None and wrap.model is not None and step == 1:
            views = [*views[:-1], wrap.fit(soft)]
        channel = 0.9 * np.eye(k) + 0.1 / k if transition is None else transition
        pooled, weights = _pool(views, soft, channel, given, baseline)
        transition, probs = _refine(pooled, transition, given)
        if step == 0 and brought and sum(weights[name] for name in brought) < _DOMINANT:
            # Under the first guess, one error in ten, a very good model looks hardly better than a fair one.
            pooled, weights = _pool(views, soft, transition, given, baseline)
            transition, probs = _refine(pooled, transition, given)
        value = channel_log_likelihood(probs, transition, given)
        first = found[0] if found else None
        found.append(
            _Fit(
                probs,
                transition,
                weights,
                value,
                baseline,
                first.probs if first else probs,
                first.transition if first else transition,
            )
        )
        last = few or (fixed and (wrap is None or wrap.model is None)) or step + 1 == rounds
        gained = value - found[-3].log_likelihood if len(found) > 2 else np.inf
        last = last or gained < TOLERANCE * _slack(value, baseline)
        if on_step is not None:
            on_step(rounds if last else step + 1, rounds)
        if last:
            break
        soft = posterior_of(probs, transition, given).astype(np.float32)
    best = max(fit.log_likelihood for fit in found)
    least = best - TOLERANCE * _slack(best, baseline)
    return next(fit for fit in found if fit.log_likelihood >= least)


def _pool(
    views: list[View], soft: Floats, channel: Floats, given: NDArray[np.int64], baseline: float
) -> tuple[Floats, dict[str, float]]:
    """Log-linear pool of the best setting of every view, and the views' shares."""
    chosen: list[Floats] = []
    values: list[float] = []
    for view in views:
        settings = view.scores(soft)
        fits = [fit_temperature(scores, channel, given, view.grid) for scores in settings]
        best = int(np.argmax([value for _, value in fits]))
        chosen.append(settings[best] * np.float32(fits[best][0]))
        values.append(fits[best][1])
    lead = np.array(values) - max(values)
    weights = np.exp(lead / (SHARPNESS * _slack(max(values), baseline)))
    weights /= weights.sum()
    pooled = np.zeros(soft.shape, dtype=np.float64)
    shares: dict[str, float] = {}
    for view, scores, weight in zip(views, chosen, weights, strict=True):
        pooled += weight * (scores - scores.max(axis=1, keepdims=True))
        shares[view.name] = shares.get(view.name, 0.0) + float(weight)
    return pooled, shares


def _slack(value: float, baseline: float) -> float:
    """Scale of a log-likelihood: what is gained over the baseline or what is still lost, whichever is less."""
    return max(min(value - baseline, -value), 1e-3)


def _refine(pooled: Floats, transition: Floats | None, given: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Sharpness of the pool and channel, in turns."""
    if transition is None:
        transition = smooth_transition(initial_transition(softmax_rows(pooled), given), EVEN_SHARE)
    for _ in range(3):
        factor, _ = fit_temperature(pooled, transition, given, _POOL_GRID)
        probs = softmax_rows(pooled * factor)
        transition = smooth_transition(fit_transition(probs, given, transition), EVEN_SHARE)
    return transition, probs


def _plain(views: list[View], wrap: ModelView | None, given: NDArray[np.int64], k: int) -> Floats:
    """Self-confidence without a joint model: what was brought and the model, on two sets of folds, and a little of
    the neighbours."""
    soft = np.eye(k, dtype=np.float32)[given]
    own = [v for v in views if v.name.startswith("pred_probs")]
    if wrap is not None:
        own += [wrap.fit(None), wrap.fit(None, repeat=1)]
    near = [v for v in views if v.name == "neighbors"]
    own = own or [v for v in views if v not in near] or near
    probs = [softmax_rows(v.scores(soft)[0].astype(np.float64)) for v in own]
    logs = np.log(np.maximum(np.mean(probs, axis=0), 1e-9))
    if near:
        logs = (1.0 - _NEAR_SHARE) * logs + _NEAR_SHARE * near[0].scores(soft)[0]
    return softmax_rows(logs)


def _summarise(
    fit: _Fit, reading: _Reading, given: NDArray[np.int64], folds: NDArray[np.int64], notes: tuple[str, ...]
) -> LabelErrorEstimate:
    each = np.arange(len(given))
    full = posterior_of(fit.probs, fit.transition, given)
    trust = max(0.5, 1.0 - reading.regime.dependent)
    half = posterior_of(fit.probs, fit.transition, given, trust=trust)
    low, high = reading.low, 1.0 - fit.probs[each, given]
    regime = reading.regime
    p_error = (1.0 - regime.dependent) * low + regime.dependent * high
    p_error = (1.0 - regime.plain) * p_error + regime.plain * reading.plain
    suggested = half.argmax(axis=1)
    told = list(notes)
    agreed, common = float((fit.probs.argmax(axis=1) == given).mean()), float(np.bincount(given).max() / len(given))
    chance = common + 2.0 * np.sqrt(common * (1.0 - common) / len(given))
    if fit.log_likelihood < fit.baseline + 0.01 * abs(fit.baseline) or (agreed <= chance and common < 0.7):
        told.append(
            "predictions agree with the labels no better than chance: the ranking is close to chance, or most "
            "labels are wrong"
        )
    present = np.bincount(given, minlength=fit.probs.shape[1]) > 0
    doubtful = np.flatnonzero((fit.transition.diagonal() < 0.5) & present)
    if doubtful.size:
        listed = ", ".join(str(c) for c in doubtful[:5]) + (", ..." if doubtful.size > 5 else "")
        told.append(f"most labels of true class {listed} seem wrong: check the names of the classes first")
    told.append(_UNSEEN)
    return LabelErrorEstimate(
        p_error=np.clip(p_error, 0.0, 1.0),
        p_error_low=np.clip(low, 0.0, 1.0),
        p_error_high=np.clip(high, 0.0, 1.0),
        posterior=half,
        probs=fit.probs,
        suggested=suggested,
        transition=fit.transition,
        prior=full.mean(axis=0),
        weights=fit.weights,
        issues=(suggested != given) & (p_error >= 0.5),
        log_likelihood=fit.log_likelihood,
        baseline=fit.baseline,
        labels=given,
        folds=folds,
        notes=tuple(told),
    )
