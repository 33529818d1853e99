"""The evidence of numeric labels: what cross-fitted models expect of every row, and how surely."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.errors import NotApplicable
from tilth.numerics.targets.regression_fit import cross_fit_predictions
from tilth.numerics.targets.residuals import check_targets
from tilth.plugin import Run
from tilth.records import Evidence, Snapshot

__all__ = ["numeric_targets", "prediction_evidence"]


def numeric_targets(snapshot: Snapshot) -> npt.NDArray[np.float64]:
    """The numeric label of each row, shape (n,), NaN where it has none; `NotApplicable` without such a column."""
    name = snapshot.schema.label
    if not name:
        raise NotApplicable("there is no label", fix="name the label column with --label")
    if snapshot.schema.column(name).media != "number":
        raise NotApplicable(f"the label {name!r} is a class, not a number", fix="see label_error")
    return check_targets(snapshot.table.column(name).cast(pa.float64()).to_numpy(), f"column {name!r}", missing=True)


def prediction_evidence(
    X: npt.NDArray[Any],
    y: npt.NDArray[np.float64],
    is_test: npt.NDArray[np.bool_],
    row_ids: npt.NDArray[np.object_],
    run: Run,
    *,
    model: Any,
    groups: npt.NDArray[np.int64],
    n_folds: int,
) -> Evidence:
    """Predict the target of every row; models learn from no test row where there are others.

    Returns
    -------
    Evidence
        ``predictions`` (n, 2) float64: what is expected, and its standard deviation, in the unit of the label.
    """
    known = np.isfinite(y)
    learnt = known & ~is_test if (known & ~is_test).sum() > n_folds else known
    if learnt.sum() <= n_folds:
        raise NotApplicable("a model needs more rows with a number than folds", found=str(int(learnt.sum())))
    run.expect(0, "predictions")
    fit = cross_fit_predictions(
        X,
        np.where(learnt, y, np.nan),
        model=model,
        groups=groups,
        n_folds=n_folds,
        random_state=run.seed,
        on_step=lambda: run.advance(),
    )
    shares = ", ".join(f"{name} {weight:.0%}" for name, weight in fit.weights.items() if weight > 0)
    return Evidence(
        "predictions",
        "",
        row_ids,
        np.column_stack([fit.predictions, fit.spread]),
        out_of_sample=True,
        notes=(f"models weigh {shares}",),
    )
