"""What an agreement statistic returns, its verbal scale, and its limits in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Agreement", "describe_limits", "verbal_scale"]

FloatArray = npt.NDArray[np.float64]

_SCALE = ((0.0, "slight"), (0.20, "fair"), (0.40, "moderate"), (0.60, "substantial"), (0.80, "almost perfect"))


@dataclass(frozen=True)
class Agreement:
    """An agreement statistic with its interval, its verbal scale and its limits.

    Attributes
    ----------
    statistic : str
    estimate : float
        At most 1; 0 is chance level for all but percent agreement. NaN where undefined (see ``limits``).
    low, high : float
        Ends of the bootstrap interval over items; NaN where it cannot be had.
    confidence : float
        Nominal coverage of the interval.
    n_items : int
        Items with at least two votes: those that can agree.
    n_raters, n_votes : int
        Raters with a vote, and votes, on those items.
    observed, expected : float
        Observed and chance agreement; for Krippendorff's alpha, observed and expected disagreement.
    scale : str
        Landis and Koch (1977) word for the estimate; "" for percent agreement.
    limits : tuple of str
        When not to trust the number.

    References
    ----------
    Landis and Koch (1977), "The measurement of observer agreement for categorical data".
    """

    statistic: str
    estimate: float
    low: float
    high: float
    confidence: float
    n_items: int
    n_raters: int
    n_votes: int
    observed: float
    expected: float
    scale: str
    limits: tuple[str, ...] = ()


def verbal_scale(estimate: float) -> str:
    """Return the Landis and Koch word for a kappa-like statistic.

    Parameters
    ----------
    estimate : float

    Returns
    -------
    str
        "poor" below 0, "slight" up to 0.20, "fair" up to 0.40, "moderate" up to 0.60, "substantial" up to 0.80,
        "almost perfect" above, "undefined" for NaN. The cuts are a convention, not a test.

    Examples
    --------
    >>> verbal_scale(0.43), verbal_scale(-0.1), verbal_scale(0.8)
    ('moderate', 'poor', 'substantial')
    """
    if np.isnan(estimate):
        return "undefined"
    word = "poor"
    for above, name in _SCALE:
        if estimate > above or (above == 0.0 and estimate >= 0):
            word = name
    return word


def describe_limits(
    statistic: str,
    estimate: float,
    table: FloatArray,
    classes: tuple[object, ...],
    raters: FloatArray,
    rater_names: tuple[object, ...],
) -> tuple[str, ...]:
    """Say in plain words when a statistic should not be trusted.

    Parameters
    ----------
    statistic : str
    estimate : float
    table : ndarray of shape (n_items, n_classes)
        Votes of the items that have two or more.
    classes, rater_names : tuple
    raters : ndarray of shape (n_raters, n_classes)
        Votes of each rater on those items.

    Returns
    -------
    tuple of str
    """
    said: list[str] = []
    n = table.sum(axis=1)
    total = table.sum(axis=0)
    share = total / total.sum()
    agree = float(((table * (table - 1)).sum(axis=1) / (n * (n - 1))).mean())
    top = int(share.argmax())
    chance_corrected = statistic != "percent_agreement"
    if np.isnan(estimate):
        said.append("undefined: all votes are the same, so there is no chance disagreement to compare with")
    if not chance_corrected:
        said.append("percent agreement counts lucky matches as agreement; read it beside a chance-corrected statistic")
    resistant = statistic.startswith(("gwet", "percent"))
    if share[top] >= 0.8 and not resistant:
        low = f", and so {statistic} can be low although {agree:.0%} of vote pairs agree" if agree >= 0.8 else ""
        said.append(f"prevalence: {share[top]:.0%} of the votes are {classes[top]!s}{low}; read Gwet's AC1 beside it")
    own = raters.sum(axis=1)
    used = own >= 5
    if used.sum() >= 2:
        shares = raters[used] / own[used, None]
        gap = np.ptp(shares, axis=0)
        worst = int(gap.argmax())
        if gap[worst] >= 0.2 and chance_corrected:
            said.append(
                f"bias: raters use the class {classes[worst]!s} for {shares[:, worst].min():.0%} to "
                f"{shares[:, worst].max():.0%} of their items; unequal habits shift chance agreement"
            )
    constant: npt.NDArray[np.int64] = np.flatnonzero((own >= 5) & (raters.max(axis=1) == own))
    said.extend(
        f"rater {rater_names[r]!s} always answers {classes[int(raters[r].argmax())]!s}"
        for r in constant[:3]
        if (share > 0).sum() > 1
    )
    if table.shape[0] < 30:
        said.append(f"only {table.shape[0]} items have two or more votes: the interval is rough")
    return tuple(said)
