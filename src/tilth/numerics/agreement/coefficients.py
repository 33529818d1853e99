"""How far raters agree: percent agreement, the kappas, Gwet's AC1 and AC2, and Krippendorff's alpha.

Every function takes anything :func:`tilth.numerics.consensus.votes.as_votes` reads, uses the items with at least two
votes, and returns an :class:`~tilth.numerics.agreement.result.Agreement` with a bootstrap interval over items.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tilth.errors import LabelError, ParameterError
from tilth.numerics.agreement.core import Sums, alpha_sums, chance_sums, interval_alpha_sums
from tilth.numerics.agreement.input import Weights, agreement_weights, comparable, finish
from tilth.numerics.agreement.pairs import PairwiseKappa, cohen_kappa, pairwise_kappa, scott_pi
from tilth.numerics.agreement.result import Agreement, verbal_scale
from tilth.numerics.consensus.votes import Votes

__all__ = [
    "Agreement",
    "PairwiseKappa",
    "agreement_weights",
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac1",
    "gwet_ac2",
    "krippendorff_alpha",
    "pairwise_kappa",
    "percent_agreement",
    "scott_pi",
    "verbal_scale",
]

FloatArray = npt.NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval", "ratio"]


def percent_agreement(
    votes: Any, *, n_resamples: int = 1000, confidence: float = 0.95, random_state: int = 0
) -> Agreement:
    """Share of agreeing pairs of votes, averaged over items.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
    n_resamples : int, default=1000
        Bootstrap resamples of items; 0 for no interval.
    confidence : float, default=0.95
    random_state : int, default=0

    Returns
    -------
    Agreement

    Raises
    ------
    LabelError
        Fewer than two raters, or numeric votes.
    NotApplicable
        No item has two votes.

    Notes
    -----
    Do not use it alone: with two equally common classes, coin tosses reach 0.5.

    Examples
    --------
    >>> percent_agreement([[0, 0, 1], [1, 1, 1]]).estimate.__round__(3)
    0.667
    """
    made = comparable(votes)
    sums = chance_sums(made.count_table(), np.eye(made.n_classes), "none")
    return finish("percent_agreement", made, sums, n_resamples, confidence, random_state)


def fleiss_kappa(
    votes: Any, *, weights: Weights = None, n_resamples: int = 1000, confidence: float = 0.95, random_state: int = 0
) -> Agreement:
    """Fleiss' kappa: agreement beyond chance for any number of raters.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
    weights : optional
        Partial agreement, see :func:`agreement_weights`.
    n_resamples, confidence, random_state
        As in :func:`percent_agreement`.

    Returns
    -------
    Agreement
        NaN if all votes are the same.

    Raises
    ------
    LabelError, NotApplicable
        As in :func:`percent_agreement`.

    Notes
    -----
    With unequal numbers of votes this is Gwet's generalisation: observed agreement averages the pairwise agreement
    of the items with two or more votes; the class shares behind chance average each item's shares over all items
    with a vote, every item counting once. With equal numbers it is Fleiss' own formula. Low when one class is rare
    although raters agree: read :func:`gwet_ac1` beside it.

    References
    ----------
    Fleiss (1971), "Measuring nominal scale agreement among many raters"; Gwet (2014), "Handbook of inter-rater
    reliability", 4th edition.

    Examples
    --------
    >>> round(fleiss_kappa([[0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 0]]).estimate, 4)
    0.3333
    """
    made = comparable(votes)
    sums = chance_sums(made.count_table(), agreement_weights(weights, made.n_classes), "marginal")
    return finish("fleiss_kappa", made, sums, n_resamples, confidence, random_state)


def gwet_ac1(votes: Any, *, n_resamples: int = 1000, confidence: float = 0.95, random_state: int = 0) -> Agreement:
    """Gwet's AC1: agreement beyond chance that does not collapse when one class is rare.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
    n_resamples, confidence, random_state
        As in :func:`percent_agreement`.

    Returns
    -------
    Agreement
        1 if all votes are the same and at least two classes are declared.

    Raises
    ------
    LabelError, NotApplicable
        As in :func:`percent_agreement`.

    Notes
    -----
    The number of declared classes enters the chance term: declare the label set. Unequal numbers of votes as in
    :func:`fleiss_kappa`. Not for raters who guess uniformly: AC1 then flatters them less than it should.

    References
    ----------
    Gwet (2008), "Computing inter-rater reliability and its variance in the presence of high agreement".

    Examples
    --------
    >>> round(gwet_ac1([[0, 0], [0, 0], [0, 0], [0, 1]]).estimate, 2)
    0.68
    """
    made = comparable(votes)
    sums = chance_sums(made.count_table(), np.eye(made.n_classes), "gwet")
    return finish("gwet_ac1", made, sums, n_resamples, confidence, random_state)


def gwet_ac2(
    votes: Any,
    *,
    weights: Weights = "quadratic",
    n_resamples: int = 1000,
    confidence: float = 0.95,
    random_state: int = 0,
) -> Agreement:
    """Gwet's AC2: AC1 with partial agreement between neighbouring classes.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
    weights : {"quadratic", "linear", None} or array-like, default="quadratic"
        See :func:`agreement_weights`; None gives AC1.
    n_resamples, confidence, random_state
        As in :func:`percent_agreement`.

    Returns
    -------
    Agreement

    Raises
    ------
    LabelError, NotApplicable
        As in :func:`percent_agreement`.
    ParameterError
        Unusable weights.

    References
    ----------
    Gwet (2014), "Handbook of inter-rater reliability", 4th edition, chapters 3 and 4.

    Examples
    --------
    >>> round(gwet_ac2([[0, 1], [2, 2], [1, 1], [0, 0]]).estimate, 3)
    0.818
    """
    made = comparable(votes)
    sums = chance_sums(made.count_table(), agreement_weights(weights, made.n_classes), "gwet")
    return finish("gwet_ac2", made, sums, n_resamples, confidence, random_state)


def krippendorff_alpha(
    votes: Any, *, level: Level = "nominal", n_resamples: int = 1000, confidence: float = 0.95, random_state: int = 0
) -> Agreement:
    """Krippendorff's alpha: 1 - observed over expected disagreement, for any number of raters, gaps and scales.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
        Classes, or numbers (``as_votes(..., numeric=True)``).
    level : {"nominal", "ordinal", "interval", "ratio"}, default="nominal"
        How far apart two values are. Ordinal uses the order of the classes; interval and ratio need numbers.
    n_resamples, confidence, random_state
        As in :func:`percent_agreement`.

    Returns
    -------
    Agreement
        ``observed`` and ``expected`` are mean disagreements, in the unit of the level's squared distance. NaN if all
        pairable votes are the same.

    Raises
    ------
    LabelError
        Fewer than two raters; words as classes with an interval or ratio level.
    NotApplicable
        No item has two votes.
    ParameterError
        An unknown level, or too many different numbers for an ordinal or ratio alpha.

    Notes
    -----
    Items with fewer than two votes are left out altogether, as they cannot agree. Not for rare classes with little
    variation: like kappa, alpha then drops.

    References
    ----------
    Krippendorff (2011), "Computing Krippendorff's alpha-reliability".

    Examples
    --------
    >>> votes = [[1, 1, None], [2, 2, 3], [3, 3, 3], [2, 2, 2]]
    >>> round(krippendorff_alpha(votes, level="interval").estimate, 3)
    0.839
    """
    if level not in ("nominal", "ordinal", "interval", "ratio"):
        raise ParameterError("unknown level", found=repr(level), fix="use nominal, ordinal, interval or ratio")
    made = comparable(votes, numeric_ok=True)
    sums = _alpha_sums(made, level)
    return finish(f"krippendorff_alpha_{level}", made, sums, n_resamples, confidence, random_state)


def _alpha_sums(made: Votes, level: Level) -> Sums:
    if made.numeric and level == "interval":
        values = np.asarray(made.values, dtype=np.float64)
        counts = made.votes_per_item
        many = counts >= 2
        values = np.where(many[made.items], values - values[many[made.items]].mean(), 0.0)
        s1 = np.bincount(made.items, values, minlength=made.n_items).astype(np.float64)
        s2 = np.bincount(made.items, values**2, minlength=made.n_items).astype(np.float64)
        return interval_alpha_sums(counts[many].astype(np.float64), s1[many], s2[many])
    if made.numeric:
        found, codes = np.unique(np.asarray(made.values, dtype=np.float64), return_inverse=True)
        if found.size * made.n_items > 50_000_000:
            raise ParameterError(
                f"too many different numbers for a {level} alpha",
                found=f"{found.size} values on {made.n_items} items",
                fix="round the votes, or use level='interval'",
            )
        flat = np.bincount(made.items * found.size + codes, minlength=made.n_items * found.size)
        return alpha_sums(flat.reshape(made.n_items, found.size).astype(np.int64), found, level)
    if level in ("nominal", "ordinal"):
        return alpha_sums(made.count_table(), np.arange(made.n_classes, dtype=np.float64), level)
    if not all(isinstance(c, (int, float, np.number)) for c in made.classes):
        raise LabelError(
            f"a {level} alpha needs numbers",
            found=f"classes {list(made.classes)[:5]!r}",
            fix="use level='ordinal' with classes in order, or number the classes",
        )
    return alpha_sums(made.count_table(), np.array(made.classes, dtype=np.float64), level)
