"""When to stop labelling: the rules, from a pool, the order in which its labels came, and rows to judge models by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tilth.engine.label_pool import Pool
from tilth.errors import AlignmentError
from tilth.numerics.querying.curves import expected_gain
from tilth.numerics.querying.stopping import (
    StopCheck,
    accuracy_interval,
    overall_uncertainty,
    predicted_change,
    should_stop,
    successive_kappa,
)

__all__ = ["STOP_SET", "History", "Judges", "stop_checks"]

Ints = npt.NDArray[np.int64]
#: Rows of the pool on which successive models are compared.
STOP_SET = 2_000
#: Rows that an accuracy takes at least.
FEWEST_JUDGES = 20
#: Points of the learning curve; and how many models the agreement looks back.
POINTS, LOOK_BACK = 8, 4
_NO_MODEL = "needs labels of two classes"
_ALL_LABELLED = "no row is without a label"
_NO_JUDGES = f"needs {FEWEST_JUDGES} labels that nobody picked: of a test part, or drawn by --strategy random"


@dataclass(frozen=True, eq=False)
class History:
    """Labels in the order in which they came.

    Parameters
    ----------
    before : (n,) int64
        Labels that were there from the start, -1 elsewhere.
    turn : (n,) int64
        Round in which a row got its present label, from 1 on; 0 for a label that was there from the start.
    rank : (n,) int64
        Place of each label in the order of arrival; of unlabelled rows it means nothing.
    """

    before: Ints
    turn: Ints
    rank: Ints


@dataclass(frozen=True, eq=False)
class Judges:
    """Labelled rows that no strategy picked, by which models are judged.

    Parameters
    ----------
    rows : (m,) int64
    truth : (m,) int64
        Their class codes.
    folds : (m,) int64
        Rows of one fold are judged by models that have seen neither them nor their group.
    group : (n,) int64
        Group of every row of the pool, -1 where it stands alone.
    what : str
        Where the rows come from, in words.
    """

    rows: Ints
    truth: Ints
    folds: Ints
    group: Ints
    what: str

    def correct(self, pool: Pool, labels: Ints) -> npt.NDArray[np.bool_] | None:
        """Whether a model trained on these labels is right on each row; None where it cannot be trained."""
        right = np.zeros(len(self.rows), dtype=bool)
        for fold in np.unique(self.folds):
            here = self.folds == fold
            held = self.rows[here]
            kept = labels.copy()
            kept[held] = -1
            names = self.group[held]
            kept[np.isin(self.group, names[names >= 0])] = -1
            fitted = pool.with_labels(kept).fitted()
            if fitted is None:
                return None
            right[here] = pool.guess(fitted, pool.X[held]) == self.truth[here]
        return right


def stop_checks(
    pool: Pool,
    history: History,
    judges: Judges | None,
    *,
    more: int = 200,
    goal: float | None = None,
    limits: Mapping[str, float] | None = None,
    apart: npt.NDArray[np.bool_] | None = None,
) -> tuple[tuple[StopCheck, ...], dict[str, str]]:
    """What each stopping rule says of a pool, and why the others say nothing.

    Parameters
    ----------
    pool : Pool
        Its labels are the present ones.
    history : History
    judges : Judges, optional
    more : int
        Further labels that the expected gain speaks of.
    goal : float, optional
        Accuracy that is good enough.
    limits : mapping, optional
        Of `tilth.numerics.querying.stopping.should_stop`.
    apart : (n,) bool, optional
        Rows of a test or validation part: nobody is to label them, and they are none of the unlabelled rows that the
        first three rules speak of. Rows that judge models are never among those.

    Returns
    -------
    checks : tuple of StopCheck
    silent : dict of rule to reason

    Raises
    ------
    AlignmentError, ParameterError
    """
    if len(history.turn) != len(pool.labels):
        raise AlignmentError("history and pool differ in rows", found=f"{len(history.turn)} and {len(pool.labels)}")
    if pool.fitted() is None:
        rules = ("predicted change", "kappa", "overall uncertainty", "accuracy", "expected gain")
        return should_stop(goal=goal), dict.fromkeys(rules, _NO_MODEL)
    silent: dict[str, str] = {}
    aside = np.zeros(len(pool.labels), dtype=bool) if apart is None else np.asarray(apart, dtype=bool)
    if len(aside) != len(pool.labels):
        raise AlignmentError("apart and pool differ in rows", found=f"{len(aside)} and {len(pool.labels)}")
    if judges is not None:
        aside = aside | np.isin(np.arange(len(aside)), judges.rows)
    change, kappa, uncertainty = _settling(pool, history, ~aside)
    none_left = not (~aside & (pool.labels < 0)).any()
    if not kappa:
        silent |= dict.fromkeys(("predicted change", "kappa"), "needs two rounds of labels")
    elif change is None:
        silent["predicted change"] = _ALL_LABELLED
    if uncertainty is None:
        silent["overall uncertainty"] = (
            _ALL_LABELLED if none_left else f"needs probabilities, which {type(pool.model).__name__} does not give"
        )
    accuracy = gain = None
    counts, scores, right = _curve(pool, history, judges) if judges is not None else ([], [], None)
    if right is None:
        silent["accuracy"] = _NO_JUDGES
    else:
        accuracy = accuracy_interval(right)
    if len(counts) >= 4:
        gain = expected_gain(counts, scores, more, random_state=pool.seed)
    else:
        silent["expected gain"] = _NO_JUDGES if right is None else "needs more labels for a learning curve"
    checks = should_stop(
        change=change,
        kappa=kappa,
        uncertainty=uncertainty,
        accuracy=accuracy,
        gain=gain,
        more=more,
        goal=goal,
        **(limits or {}),
    )
    return checks, silent


def _settling(
    pool: Pool, history: History, kept: npt.NDArray[np.bool_]
) -> tuple[float | None, list[float], float | None]:
    """Change of the last round and what is unsure now on unlabelled rows, and kappas on a fixed set of rows."""
    drawn = np.random.default_rng(pool.seed).permutation(len(pool.labels))
    drawn = drawn[kept[drawn]]
    fixed, free = np.sort(drawn[:STOP_SET]), np.sort(drawn[pool.labels[drawn] < 0][:STOP_SET])
    rows = np.union1d(fixed, free)
    now = pool.fitted()
    if now is None or not len(rows):
        return None, [], None
    models = []
    for turn in np.unique(history.turn[pool.labels >= 0])[-LOOK_BACK:-1]:
        before = pool.with_labels(np.where(history.turn <= turn, pool.labels, history.before)).fitted()
        if before is not None:
            models.append(before)
    said = [pool.guess(model, pool.X[rows]) for model in (*models, now)]
    pairs = list(pairwise(said))
    steady, open_ = np.isin(rows, fixed), np.isin(rows, free)
    change = uncertainty = None
    if open_.any():
        change = predicted_change(*(one[open_] for one in pairs[-1])) if pairs else None
        uncertainty = overall_uncertainty(pool.predict(now, pool.X[free])) if pool.gives_probs else None
    return change, [successive_kappa(old[steady], new[steady]) for old, new in pairs], uncertainty


def _curve(pool: Pool, history: History, judges: Judges) -> tuple[list[int], list[float], npt.NDArray[np.bool_] | None]:
    """Accuracy by the number of labels in the order they came, and what is right now."""
    known = np.flatnonzero(pool.labels >= 0)
    known = known[np.argsort(history.rank[known], kind="stable")]
    right = judges.correct(pool, pool.labels)
    if right is None:
        return [], [], None
    least = max(10, len(pool.classes))
    steps = np.unique(np.geomspace(min(least, len(known)), len(known), POINTS).astype(np.int64))
    counts: list[int] = []
    scores: list[float] = []
    for count in steps[:-1].tolist():
        labels = np.full(len(pool.labels), -1, dtype=np.int64)
        labels[known[:count]] = pool.labels[known[:count]]
        found = judges.correct(pool, labels)
        if found is not None:
            counts.append(count)
            scores.append(float(found.mean()))
    return [*counts, len(known)], [*scores, float(right.mean())], right
