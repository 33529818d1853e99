"""The evidence of label errors: several cross-fitted views, kept row by row."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import NotApplicable
from tilth.numerics.label_errors.model import LabelErrorEstimate, estimate_label_errors
from tilth.numerics.statistics.threads import one_blas_thread
from tilth.plugin import Run
from tilth.records import Evidence

__all__ = ["estimate_of", "label_error_evidence"]

#: Below this many rows the kernel's matrices are small: one BLAS thread was 15 times as fast on two busy cores.
_SMALL = 5000
_ROWWISE = ("p_error", "p_error_low", "p_error_high", "suggested", "probs", "folds")


def label_error_evidence(
    X: npt.NDArray[Any],
    labels: npt.NDArray[np.int64],
    is_test: npt.NDArray[np.bool_],
    row_ids: npt.NDArray[np.object_],
    classes: tuple[str, ...],
    run: Run,
    *,
    pred_probs: npt.NDArray[Any] | None,
    model: Any,
    groups: npt.NDArray[np.int64],
    n_folds: int,
) -> Evidence:
    """Estimate label errors of the labelled rows.

    Where there is a test part, the training rows are judged without it, so that nothing that is later changed
    in the training part knows a test label; the test rows are judged with all rows in view.
    """
    have = np.flatnonzero(labels >= 0)
    seen = np.unique(labels[have])
    if len(seen) < 2:
        raise NotApplicable("wrong labels need at least two classes with labelled rows", found=f"{len(have)} rows")
    if 2 * len(seen) > len(have):
        raise NotApplicable(
            "wrong labels need at least two rows a class, as a mean", found=f"{len(seen)} classes in {len(have)} rows"
        )
    run.expect(0, "label_errors")

    def estimate(rows: npt.NDArray[np.int64]) -> LabelErrorEstimate:
        with one_blas_thread() if len(rows) < _SMALL else nullcontext():
            return estimate_label_errors(
                X[rows],
                labels[rows],
                pred_probs=None if pred_probs is None else pred_probs[rows],
                model=model,
                groups=groups[rows],
                n_classes=len(classes),
                n_folds=n_folds,
                random_state=run.seed,
                on_step=lambda _done, _total: run.advance(),
            )

    train = have[~is_test[have]]
    split = 0 < len(train) < len(have) and len(np.unique(labels[train])) > 1
    whole = estimate(have)
    values = {name: np.asarray(getattr(whole, name)) for name in (*_ROWWISE, "posterior")}
    notes = [_weights(whole), *whole.notes]
    if split:
        alone = estimate(train)
        place = np.searchsorted(have, train)
        for name, array in values.items():
            array[place] = np.asarray(getattr(alone, name))
        notes = [_weights(alone), *alone.notes, "training rows are judged without the test part"]
    lone = np.flatnonzero(np.bincount(labels[have], minlength=len(classes))[labels[have]] == 1)
    if len(lone):
        notes.append(f"{len(lone)} labels stand on a single row each, which no other row can confirm or contradict")
        _abstain(values, lone, labels[have])
    posterior = values.pop("posterior").astype(np.float32)
    values["probs"] = values["probs"].astype(np.float32)
    return Evidence(
        "label_errors",
        "",
        row_ids[have],
        posterior,
        classes=classes,
        out_of_sample=True,
        extra=values,
        notes=tuple(notes),
    )


def _abstain(values: dict[str, npt.NDArray[Any]], rows: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> None:
    """Leave the label of some rows as given: nothing is known of it."""
    values.update({name: array.copy() for name, array in values.items()})
    values["suggested"][rows] = labels[rows]
    values["posterior"][rows] = 0.0
    values["posterior"][rows, labels[rows]] = 1.0
    for name, unknown in (("p_error", 0.0), ("p_error_low", 0.0), ("p_error_high", 1.0)):
        values[name][rows] = unknown


def _weights(estimate: LabelErrorEstimate) -> str:
    shares: dict[str, float] = {}
    for name, weight in estimate.weights.items():
        kind = name.split()[0]
        shares[kind] = shares.get(kind, 0.0) + weight
    listed = sorted(shares.items(), key=lambda item: -item[1])
    return "views weigh " + ", ".join(f"{name} {weight:.0%}" for name, weight in listed if weight >= 0.005)


def estimate_of(evidence: Evidence, labels: npt.NDArray[np.int64]) -> LabelErrorEstimate:
    """The estimate that the evidence holds, for the functions that count, repair and order.

    Parameters
    ----------
    evidence : Evidence
        Of kind ``label_errors``, m rows.
    labels : (m,) int64
        Given class of each of its rows.

    Returns
    -------
    LabelErrorEstimate
        The transition and the prior are read off the posterior; the likelihoods are NaN.
    """
    posterior = np.asarray(evidence.values, dtype=np.float64)
    k = posterior.shape[1]
    joint = np.zeros((k, k))
    np.add.at(joint.T, labels, posterior)
    given = {name: np.asarray(evidence.extra[name]) for name in _ROWWISE}
    suggested = given["suggested"].astype(np.int64)
    return LabelErrorEstimate(
        p_error=given["p_error"].astype(np.float64),
        p_error_low=given["p_error_low"].astype(np.float64),
        p_error_high=given["p_error_high"].astype(np.float64),
        posterior=posterior,
        probs=given["probs"].astype(np.float64),
        suggested=suggested,
        transition=joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-12),
        prior=posterior.mean(axis=0),
        weights={},
        issues=(suggested != labels) & (given["p_error"] >= 0.5),
        log_likelihood=float("nan"),
        baseline=float("nan"),
        labels=labels,
        folds=given["folds"].astype(np.int64),
        notes=evidence.notes,
    )
