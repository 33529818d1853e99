"""When to stop labelling: what changed between two models, what is still unsure, and an interval of the accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, ParameterError
from tilth.numerics.querying.scores import check_probs, uncertainty_scores
from tilth.numerics.statistics.interval_result import Interval

__all__ = [
    "StopCheck",
    "accuracy_interval",
    "overall_uncertainty",
    "predicted_change",
    "should_stop",
    "successive_kappa",
]


@dataclass(frozen=True)
class StopCheck:
    """What one stopping rule says.

    Attributes
    ----------
    rule : str
    value : float
        NaN where the rule has nothing to go on.
    limit : float
    stop : bool
    why : str
        One sentence with numbers.
    interval : Interval or None
        Of the value, where the rule has one.
    """

    rule: str
    value: float
    limit: float
    stop: bool
    why: str
    interval: Interval | None = None


def _pair(before: ArrayLike, after: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    old, new = np.asarray(before), np.asarray(after)
    if old.shape != new.shape or old.ndim != 1 or not len(old):
        raise AlignmentError("the two models must predict the same rows", found=f"shapes {old.shape} and {new.shape}")
    return old, new


def predicted_change(before: ArrayLike, after: ArrayLike) -> float:
    """Share of rows on which two successive models predict different classes [1]_.

    Parameters
    ----------
    before, after : (n,) array_like
        Predicted classes of the same unlabelled rows.

    Returns
    -------
    float in [0, 1]

    References
    ----------
    .. [1] Zhu, Wang, Hovy (2008). Multi-criteria-based strategy to stop active learning for data annotation. COLING.

    Examples
    --------
    >>> predicted_change([0, 1, 1, 0], [0, 1, 0, 0])
    0.25
    """
    old, new = _pair(before, after)
    return float((old != new).mean())


def successive_kappa(before: ArrayLike, after: ArrayLike) -> float:
    """Cohen's kappa between the predictions of two successive models on a fixed set of rows [1]_.

    Parameters
    ----------
    before, after : (n,) array_like
        Predicted classes of the same rows.

    Returns
    -------
    float in [-1, 1]
        1 where both models always predict one and the same class.

    References
    ----------
    .. [1] Bloodgood, Vijay-Shanker (2009). A method for stopping active learning based on stabilizing predictions and
       the need for user-adjustable stopping. CoNLL.

    Examples
    --------
    >>> successive_kappa([0, 1, 1, 0], [0, 1, 1, 0])
    1.0
    """
    old, new = _pair(before, after)
    names, codes = np.unique(np.concatenate([old, new]), return_inverse=True)
    a, b = codes[: len(old)], codes[len(old) :]
    shares = [np.bincount(c, minlength=len(names)) / len(old) for c in (a, b)]
    expected = float(shares[0] @ shares[1])
    observed = float((a == b).mean())
    return 1.0 if expected >= 1 else (observed - expected) / (1 - expected)


def overall_uncertainty(probs: ArrayLike) -> float:
    """Mean entropy of the unlabelled rows' probabilities, as a share of the largest possible [1]_.

    Parameters
    ----------
    probs : (n, k) array_like of float

    Returns
    -------
    float in [0, 1]

    References
    ----------
    .. [1] Zhu, Wang, Hovy (2008). Learning a stopping criterion for active learning for word sense disambiguation and
       text classification. IJCNLP.

    Examples
    --------
    >>> overall_uncertainty([[0.5, 0.5], [1.0, 0.0]])
    0.5
    """
    array = check_probs(probs)
    if array.shape[1] < 2 or not len(array):
        return 0.0
    return float(uncertainty_scores(array, method="entropy").mean() / np.log(array.shape[1]))


def accuracy_interval(correct: ArrayLike, *, level: float = 0.95) -> Interval:
    """Accuracy on rows that were drawn at random and labelled, with Wilson's interval [1]_.

    Parameters
    ----------
    correct : (n,) array_like of bool
        Whether the model was right. The rows must be a random sample: rows that a strategy picked are harder than
        most, and the accuracy on them says nothing about the rest.
    level : float in (0, 1)

    Returns
    -------
    Interval

    References
    ----------
    .. [1] Wilson (1927). Probable inference, the law of succession, and statistical inference. JASA 22.

    Examples
    --------
    >>> found = accuracy_interval([True] * 90 + [False] * 10)
    >>> round(found.low, 3), round(found.high, 3)
    (0.826, 0.945)
    """
    from tilth.numerics.statistics.intervals import wilson_interval

    right = np.asarray(correct, dtype=bool)
    if right.ndim != 1 or not len(right):
        raise ParameterError("an accuracy needs at least one row", found=f"shape {right.shape}")
    return wilson_interval(int(right.sum()), len(right), level=level)


def should_stop(
    *,
    change: float | None = None,
    kappa: ArrayLike = (),
    uncertainty: float | None = None,
    gain: Interval | None = None,
    accuracy: Interval | None = None,
    more: int | None = None,
    goal: float | None = None,
    max_change: float = 0.01,
    min_kappa: float = 0.99,
    max_uncertainty: float = 0.1,
    min_gain: float = 0.005,
) -> tuple[StopCheck, ...]:
    """What each stopping rule says; a rule without its figure is left out.

    Parameters
    ----------
    change : float, optional
        See `predicted_change`.
    kappa : (r,) array_like of float
        Kappas of the last rounds, oldest first; the mean of the last three counts.
    uncertainty : float, optional
        See `overall_uncertainty`.
    gain : Interval, optional
        Expected gain of the next labels; see `tilth.numerics.querying.curves.expected_gain`.
    accuracy : Interval, optional
        See `accuracy_interval`.
    more : int, optional
        How many further labels `gain` speaks of, for the sentence.
    goal : float in (0, 1], optional
        The accuracy that is good enough. Without it the accuracy is said, and never a reason to stop.
    max_change, min_kappa, max_uncertainty, min_gain : float
        Limits. The gain rule says stop where the upper end of the interval is below `min_gain`.

    Returns
    -------
    tuple of StopCheck

    Raises
    ------
    ParameterError
        A goal outside (0, 1].

    Examples
    --------
    >>> [(check.rule, check.stop) for check in should_stop(change=0.002, kappa=[0.7, 0.9, 0.95])]
    [('predicted change', True), ('kappa', False)]
    """
    if goal is not None and not 0 < goal <= 1:
        raise ParameterError("an accuracy to reach lies in (0, 1]", found=str(goal))
    said: list[StopCheck] = []
    if change is not None:
        why = f"{change:.1%} of the unlabelled rows changed class with the last labels (stop at {max_change:.1%})"
        said.append(StopCheck("predicted change", change, max_change, change <= max_change, why))
    kappas = np.asarray(kappa, dtype=np.float64)
    if len(kappas):
        mean = float(kappas[-3:].mean())
        enough = len(kappas) >= 3 and mean >= min_kappa
        models = min(len(kappas), 3) + 1
        why = (
            f"the last {models} models agree with kappa {mean:.3f} from one to the next "
            f"(stop at {min_kappa:g} over 3 rounds)"
        )
        said.append(StopCheck("kappa", mean, min_kappa, enough, why))
    if uncertainty is not None:
        why = f"the unlabelled rows keep {uncertainty:.0%} of the largest uncertainty (stop at {max_uncertainty:.0%})"
        said.append(StopCheck("overall uncertainty", uncertainty, max_uncertainty, uncertainty <= max_uncertainty, why))
    if accuracy is not None:
        said.append(_accuracy_check(accuracy, goal))
    if gain is not None:
        why = (
            f"{'the next' if more is None else f'another {more:,}'} labels should buy "
            f"{100 * gain.low:.1f} to {100 * gain.high:.1f} points (stop below {100 * min_gain:.1f})"
        )
        said.append(StopCheck("expected gain", gain.estimate, min_gain, gain.high < min_gain, why, gain))
    return tuple(said)


def _accuracy_check(accuracy: Interval, goal: float | None) -> StopCheck:
    span = f"{accuracy.estimate:.1%} [{accuracy.low:.1%}, {accuracy.high:.1%}] on {accuracy.n:,} rows"
    wanted = "no goal is set" if goal is None else f"stop where its lower end reaches {goal:.1%}"
    reached = goal is not None and accuracy.low >= goal
    limit = float("nan") if goal is None else goal
    return StopCheck("accuracy", accuracy.estimate, limit, reached, f"the accuracy is {span} ({wanted})", accuracy)
