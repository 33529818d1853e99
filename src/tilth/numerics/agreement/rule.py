"""The rule that labels must meet before anything is built on them: kappa above a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tilth.errors import ParameterError
from tilth.numerics.agreement.coefficients import Level, fleiss_kappa, krippendorff_alpha
from tilth.numerics.agreement.input import comparable
from tilth.numerics.agreement.pairs import cohen_kappa
from tilth.numerics.agreement.result import Agreement

__all__ = ["AGREEMENT_TARGET", "RuleResult", "agreement_rule"]

#: Above it, raters are taken to follow one guideline.
AGREEMENT_TARGET = 0.8


@dataclass(frozen=True)
class RuleResult:
    """Whether the raters agree enough.

    Attributes
    ----------
    passed : bool
        The estimate is above the target.
    sure : bool
        So is the lower end of its interval (or, if not passed, the upper end is below).
    target : float
    agreement : Agreement
        The statistic that was judged.
    why : str
        One sentence with the figures.
    """

    passed: bool
    sure: bool
    target: float
    agreement: Agreement
    why: str


def agreement_rule(
    votes: Any,
    *,
    target: float = AGREEMENT_TARGET,
    level: Level = "nominal",
    n_resamples: int = 1000,
    random_state: int = 0,
) -> RuleResult:
    """Judge whether raters agree enough: Cohen's kappa of two raters, Fleiss' of more, alpha of ordered labels.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
    target : float, default=0.8
        In (-1, 1); the estimate must lie above it.
    level : {"nominal", "ordinal", "interval", "ratio"}, default="nominal"
        For all but nominal labels Krippendorff's alpha of the level is judged.
    n_resamples, random_state
        Of the bootstrap interval.

    Returns
    -------
    RuleResult
        Not passed where the statistic is undefined (all votes are the same): nothing shows that raters can tell
        the classes apart.

    Raises
    ------
    ParameterError
        A target outside (-1, 1).
    LabelError, NotApplicable
        One rater only, or no item with two votes.

    Notes
    -----
    Kappa falls where one class is very common, although raters agree: read ``agreement.limits`` before you send
    raters home. 0.8 is a convention (Krippendorff asks for 0.8, and 0.667 for tentative conclusions).

    References
    ----------
    Krippendorff (2004), "Reliability in content analysis: some common misconceptions and recommendations".

    Examples
    --------
    >>> found = agreement_rule([["y", "y"], ["n", "n"], ["y", "n"], ["n", "n"]] * 10)
    >>> found.passed, found.why
    (False, 'cohen_kappa is 0.500 (95% interval 0.171 to 0.698), not above 0.8')
    """
    if not -1 < target < 1:
        raise ParameterError("the target of a kappa lies between -1 and 1", found=str(target), fix="0.8 is usual")
    made = comparable(votes, numeric_ok=True)
    options: dict[str, Any] = {"n_resamples": n_resamples, "random_state": random_state}
    if level != "nominal" or made.numeric:
        found = krippendorff_alpha(made, level="interval" if made.numeric and level == "nominal" else level, **options)
    elif np.count_nonzero(made.votes_per_rater) == 2:
        table = made.matrix()[:, made.votes_per_rater > 0]
        codes = np.where(np.isnan(table), -1, table).astype(np.int64)
        found = cohen_kappa(codes[:, 0], codes[:, 1], classes=list(range(made.n_classes)), **options)
    else:
        found = fleiss_kappa(made, **options)
    passed = bool(found.estimate > target)
    sure = bool(found.low > target) if passed else bool(found.high < target)
    if np.isnan(found.estimate):
        why = f"{found.statistic} is undefined: all votes are the same"
    else:
        interval = f"{found.confidence:.0%} interval {found.low:.3f} to {found.high:.3f}"
        why = f"{found.statistic} is {found.estimate:.3f} ({interval}), {'' if passed else 'not '}above {target:g}"
    return RuleResult(passed, sure, target, found, why)
