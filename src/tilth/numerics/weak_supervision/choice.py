"""Which label model, if any, is better than majority vote on these labelling functions? Measured, not believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, NotApplicable, ParameterError
from tilth.numerics.consensus.choice import Choice, Contender, choose_consensus
from tilth.numerics.consensus.result import Consensus
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.statistics.interval_result import Interval, check_level
from tilth.numerics.weak_supervision.balance import known_or_estimated
from tilth.numerics.weak_supervision.dependency import dependency_aware, find_dependence
from tilth.numerics.weak_supervision.majority import majority_model, weighted_model
from tilth.numerics.weak_supervision.matrix import select_rows
from tilth.numerics.weak_supervision.matrix_completion import matrix_completion
from tilth.numerics.weak_supervision.model import WeakModel, class_balance_of, gold_classes, weak_votes
from tilth.numerics.weak_supervision.naive_bayes import dawid_skene_abstain, naive_bayes
from tilth.numerics.weak_supervision.triplets import triplets

__all__ = ["LABEL_MODELS", "AutoFit", "auto_label_model", "check_same_functions", "fit_label_model", "right_share"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Fit = Callable[..., WeakModel]

#: Rows that a comparison without gold, or a fold of one with gold, looks at beside the gold rows.
MAX_ROWS = 20_000
#: Gold rows below which methods are compared by held-out votes instead.
MIN_GOLD = 30
#: Methods that take the classes to be even unless they are told otherwise.
_EVEN = ("matrix_completion", "triplets")
#: How far above an even share the commonest class must lie for these to be left out.
_UNEVEN = 0.15


#: Every label model of weak supervision by name; `auto_label_model` compares them.
LABEL_MODELS: dict[str, Fit] = {
    "majority": majority_model,
    "weighted_majority": weighted_model,
    "dawid_skene_abstain": dawid_skene_abstain,
    "matrix_completion": matrix_completion,
    "triplets": triplets,
    "naive_bayes": naive_bayes,
    "dependency_aware": dependency_aware,
}


def fit_label_model(
    method: str, L: Any, *, class_balance: npt.ArrayLike | None = None, gold: npt.ArrayLike | None = None
) -> WeakModel:
    """Fit one label model by name.

    Parameters
    ----------
    method : str
        A key of `LABEL_MODELS`.
    L : label matrix of shape (n, m) or Votes
    class_balance, gold
        As in `naive_bayes`.

    Returns
    -------
    WeakModel

    Raises
    ------
    ParameterError
        An unknown method.

    Examples
    --------
    >>> fit_label_model("majority", [[0, 1], [1, 1]]).method
    'majority'
    """
    if method not in LABEL_MODELS:
        raise ParameterError("unknown label model", found=repr(method), fix=f"use auto, {', '.join(LABEL_MODELS)}")
    return LABEL_MODELS[method](L, class_balance=class_balance, gold=gold)


@dataclass(frozen=True, eq=False)
class AutoFit:
    """The label model that was taken, and why.

    Attributes
    ----------
    model : WeakModel
        Fitted on all rows.
    choice : Choice or None
        All methods beside majority vote; None where nothing could be measured.
    why : str
        Which method was taken and by how much it is better, in one sentence.
    """

    model: WeakModel
    choice: Choice | None
    why: str


def auto_label_model(
    L: Any,
    *,
    class_balance: npt.ArrayLike | None = None,
    gold: npt.ArrayLike | None = None,
    n_folds: int = 5,
    level: float = 0.95,
    random_state: int = 0,
) -> AutoFit:
    """Fit every label model, compare each with majority vote, and take majority unless another is better.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
        -1 where a function abstains.
    class_balance : array-like of shape (k,), optional
    gold : array-like of shape (n,), optional
        True classes, -1 where unknown. From 30 known rows of two classes or more on, methods are cross-validated on
        them; with fewer, or all of one class, they are judged by how well they foretell votes that were held out.
    n_folds : int, default=5
    level : float, default=0.95
        Coverage of the two-sided intervals: of each method on gold, of all methods together without.
    random_state : int, default=0

    Returns
    -------
    AutoFit

    Raises
    ------
    LabelError
        No rows, no function fired, or gold that holds NaN, a fraction, a word or a number below -1.
    AlignmentError
        Gold of another length, or of a class that does not exist.
    ParameterError
        `class_balance` or `n_folds` outside their range.

    Notes
    -----
    With gold, one fold at a time is hidden from the methods that read gold. In each fold the method is taken that is
    most often right on the other folds, and the rows of the fold judge it: so it is the choosing itself that is
    compared with majority vote, in one test, and no method wins for being one of many. A row on which the best
    classes tie counts as half right between two.
    Without gold, a method must foretell held-out votes better, all intervals held together; and it is taken only
    where votes can tell truth at all: five functions or more that vote, that name more than one class each, and that
    do not err together. Functions that copy each other, or that each name one class, foretell each other well
    whatever the truth, and then the answer is majority vote and the advice to label 30 rows. Methods that take the
    classes to be even are left out where votes tell that they are not (`estimate_balance`) and none is given.

    References
    ----------
    Varma and Simon (2006), "Bias in error estimation when using cross-validation for model selection".

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(2, size=600)
    >>> right = rng.random((600, 5)) < [0.95, 0.55, 0.55, 0.55, 0.55]
    >>> L = np.where(right, truth[:, None], 1 - truth[:, None])
    >>> found = auto_label_model(L, gold=np.where(np.arange(600) < 200, truth, -1))
    >>> found.model.method != "majority", "majority" in found.why
    (True, True)
    """
    check_level(level)
    votes = weak_votes(L)
    known = gold_classes(votes, gold)
    balance = class_balance_of(votes, class_balance, None)
    if n_folds < 2:
        raise ParameterError("n_folds must be at least 2", found=str(n_folds))
    count, warning = _usable_gold(votes, known)
    choice: Choice | None
    try:
        if known is not None and count >= MIN_GOLD:
            choice = _by_gold(votes, known, balance, n_folds, level, random_state)
        else:
            choice = _by_votes(votes, balance, n_folds, level, random_state)
    except NotApplicable as answer:
        model = fit_label_model("majority", votes, class_balance=class_balance)
        return AutoFit(model, None, f"majority vote, since nothing can be measured: {answer}{warning}")
    reads = known if count >= MIN_GOLD and choice.recommended != "majority" else None
    model = fit_label_model(choice.recommended, votes, class_balance=balance, gold=reads)
    if warning:
        choice = replace(choice, notes=(*choice.notes, warning.removeprefix("; ")))
    return AutoFit(model, choice, _why(choice, level) + warning)


def _usable_gold(votes: Votes, known: IntArray | None) -> tuple[int, str]:
    """Gold rows to judge by, and what to say where they are of one class: any method that names it would win."""
    seen = np.empty(0, dtype=np.int64) if known is None else known[known >= 0]
    if seen.size < MIN_GOLD or np.unique(seen).size > 1:
        return seen.size, ""
    return 0, (
        f"; the {seen.size} true labels all name the class {votes.classes[seen[0]]}, so they cannot judge a method and "
        f"were left out: give some of another class"
    )


def _why(choice: Choice, level: float) -> str:
    best = max(choice.contenders, key=lambda c: c.difference.estimate)
    together = "" if choice.measure.endswith("on gold") else " for all methods together"

    def by(one: Contender) -> str:
        found = one.difference
        return (
            f"{found.estimate:+.3f} [{found.low:+.3f}, {found.high:+.3f}] ({level * 100:g} % interval{together}) in "
            f"{choice.measure} (n={choice.n})"
        )

    if choice.recommended == choice.baseline:
        doubts = [note for note in choice.notes if note.startswith("without gold")]
        if doubts:
            return f"majority vote: {doubts[0]}"
        return f"majority vote, since no method is significantly better: the best, {best.name}, differs by {by(best)}"
    won = next(c for c in choice.contenders if c.name == choice.recommended)
    return f"{won.name}, better than majority vote by {by(won)}"


def right_share(beliefs: FloatArray, truth: IntArray) -> FloatArray:
    """1 where the class of highest belief is the true one, 1/t where t classes tie, else 0; shape (n,)."""
    best = beliefs >= beliefs.max(axis=1, keepdims=True) - 1e-9
    found: FloatArray = best[np.arange(truth.size), truth] / best.sum(axis=1)
    return found


def _by_gold(
    votes: Votes, gold: IntArray, balance: npt.ArrayLike | None, n_folds: int, level: float, seed: int
) -> Choice:
    rng = np.random.default_rng(seed)
    if votes.n_items > MAX_ROWS + int((gold >= 0).sum()):
        drawn = np.concatenate([rng.choice(votes.n_items, MAX_ROWS, replace=False), np.flatnonzero(gold >= 0)])
        rows = np.unique(drawn)
        votes, gold = select_rows(votes, rows), gold[rows]
    seen = np.flatnonzero(gold >= 0)
    fold = rng.permutation(seen.size) % n_folds
    scores: dict[str, FloatArray] = {name: np.zeros(seen.size) for name in LABEL_MODELS}
    for part in range(n_folds):
        hidden = seen[fold == part]
        shown = gold.copy()
        shown[hidden] = -1
        for name in LABEL_MODELS:
            model = fit_label_model(name, votes, class_balance=balance, gold=None if name == "majority" else shown)
            scores[name][fold == part] = right_share(model.predict_proba(select_rows(votes, hidden)), gold[hidden])
    return _judge(scores, fold, n_folds, level)


def _judge(scores: Mapping[str, FloatArray], fold: IntArray, n_folds: int, level: float) -> Choice:
    """Compare the choosing of the best method with majority vote, each fold by rows that did not choose."""
    names = list(scores)
    base = scores["majority"]
    chosen = np.empty_like(base)
    for part in range(n_folds):
        inner, outer = fold != part, fold == part
        best = max(names, key=lambda name: (scores[name][inner].mean(), name == "majority"))
        chosen[outer] = scores[best][outer]
    procedure = _paired(chosen - base, level)
    tops = max(names, key=lambda name: (scores[name].mean(), name == "majority"))
    contenders = []
    for name in names:
        if name == "majority":
            continue
        found = _paired(scores[name] - base, level)
        better = name == tops and procedure.low > 0 and found.low > 0
        contenders.append(Contender(name, float(scores[name].mean()), found, better))
    winner = tops if any(c.better for c in contenders) else "majority"
    note = (
        f"choosing by gold gains {procedure.estimate:+.3f} [{procedure.low:+.3f}, {procedure.high:+.3f}] over majority "
        f"vote, judged by folds that did not choose"
    )
    return Choice(
        "cross-validated accuracy on gold",
        "majority",
        float(base.mean()),
        tuple(contenders),
        winner,
        base.size,
        (note,),
    )


def _paired(difference: FloatArray, level: float) -> Interval:
    """Two-sided interval of a mean difference."""
    from scipy.stats import t

    n = difference.size
    mean = float(difference.mean())
    # half a row each way, so that a handful of equal rows does not look certain
    spread = float(np.sqrt((((difference - mean) ** 2).sum() + 0.5) / max(n - 1, 1)))
    half = float(t.ppf(0.5 + level / 2, n - 1)) * spread / float(np.sqrt(n))
    return Interval(mean, mean - half, mean + half, level, n, "paired t")


def _by_votes(votes: Votes, balance: npt.ArrayLike | None, n_folds: int, level: float, seed: int) -> Choice:
    if votes.n_items > MAX_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(votes.n_items, MAX_ROWS, replace=False))
        votes = select_rows(votes, rows)

    def consensus_by(name: str) -> Callable[[Votes], Consensus]:
        def fit(some: Votes) -> Consensus:
            return fit_label_model(name, some, class_balance=balance).consensus(some)

        return fit

    fits = {name: consensus_by(name) for name in LABEL_MODELS if name != "majority"}
    choice = choose_consensus(votes, fits, n_folds=n_folds, level=level, random_state=seed)
    if balance is None:
        choice = _without_even(choice, votes, seed)
    if choice.recommended == "majority":
        return choice
    beliefs = fit_label_model(choice.recommended, votes, class_balance=balance).predict_proba(votes)
    doubt = _doubt(votes, beliefs)
    if not doubt:
        return choice
    note = (
        f"without gold labels {choice.recommended} cannot be trusted to be better, though it foretells held-out votes "
        f"better: {doubt}; give true labels of {MIN_GOLD} rows or more to decide"
    )
    return replace(choice, recommended="majority", notes=(*choice.notes, note))


def _without_even(choice: Choice, votes: Votes, seed: int) -> Choice:
    """The choice among the methods that estimate the class balance, where it is far from even."""
    found = known_or_estimated(votes, None, None, 0.7, seed)
    if found is None or choice.recommended not in _EVEN or found.max() < 1 / found.size + _UNEVEN:
        return choice
    better = [c for c in choice.contenders if c.better and c.name not in _EVEN]
    best = max(better, key=lambda c: c.score).name if better else choice.baseline
    note = (
        f"{choice.recommended} takes the classes to be even and was left out: votes tell that the commonest holds "
        f"{found.max():.0%}"
    )
    return replace(choice, recommended=best, notes=(*choice.notes, note))


def _doubt(votes: Votes, beliefs: FloatArray) -> str:
    """Why agreement among these functions need not mean truth; empty where it does."""
    k, m = votes.n_classes, votes.n_raters
    counts = np.bincount(votes.raters * k + votes.values, minlength=m * k).reshape(m, k)
    fired = counts.sum(axis=1) > 0
    if fired.sum() < 5:
        return f"only {int(fired.sum())} functions vote"
    shares = counts[fired] / counts[fired].sum(axis=1, keepdims=True)
    sided = shares.max(axis=1) > 0.98
    if sided.mean() > 0.1:
        return f"{int(sided.sum())} of {int(fired.sum())} functions name one class only"
    pairs = find_dependence(votes, beliefs)
    tied = np.unique(np.concatenate([pairs.first, pairs.second])).size
    if tied > 0.1 * fired.sum():
        names = votes.rater_names
        return (
            f"{tied} functions err together, {names[pairs.first[0]]} and {names[pairs.second[0]]} most "
            f"({pairs.strength[0]:.2f})"
        )
    return ""


def check_same_functions(model: WeakModel, votes: Votes) -> None:
    """Raise where votes come from other functions than the model's."""
    names = tuple(str(n) for n in votes.rater_names.tolist())
    if model.lf_names and names != model.lf_names:
        raise AlignmentError(
            "the votes come from other functions than the model's",
            found=", ".join(names[:5]),
            fix=f"give {', '.join(model.lf_names[:5])} in that order",
        )
