"""``check_arrays``: an audit of arrays in memory, with no workspace and nothing written."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tilth.engine import Resolver, ResolverOptions
from tilth.errors import ProbabilityError
from tilth.numerics.cross_fitting.crossfit import detect_in_sample
from tilth.records import Evidence, digest
from tilth.sources import choose_source
from tilth.workflows.audit import Audit, audit_snapshot, pick_detectors
from tilth.workflows.ingest import snapshot_of
from tilth.workflows.project import Dataset, RunOptions
from tilth.workflows.report.map import map_vectors

__all__ = ["check_arrays"]


def check_arrays(
    X: Any,
    labels: Any = None,
    *,
    pred_probs: Any = None,
    issues: Sequence[str] = (),
    params: Mapping[str, Mapping[str, Any]] | None = None,
    model: Any = None,
    n_folds: int = 5,
    options: RunOptions | None = None,
) -> Audit:
    """Run the checks on arrays, in memory.

    Parameters
    ----------
    X : (n, d) array
        Features; NaN is missing.
    labels : (n,) array, optional
        Classes as integers or names; None or NaN is unlabelled.
    pred_probs : (n, k) array, optional
        Out-of-sample probabilities; column j is the j-th class in the order of the sorted names (by
        value where all are integers). Cross-fitted where they are not given; in-sample ones are refused.
    issues, params, model, n_folds, options
        As for `tilth.audit`.

    Returns
    -------
    Audit
        Row ids are the row numbers as text.

    Raises
    ------
    ProbabilityError
        `pred_probs` has another shape than rows by classes, or looks in-sample.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> found = check_arrays(*load_iris(return_X_y=True), issues=["class_imbalance"])
    >>> found.findings["class_imbalance"].n_flagged
    0
    """
    start = time.perf_counter()
    options = options or RunOptions()
    run = options.run("check", None)
    rows = choose_source((X, labels)).read((X, labels), run)
    snapshot, notes = snapshot_of(rows, numbered=True)
    given: dict[str, Evidence] = {}
    name = "default" if model is None else repr(model)
    resolver = Resolver(snapshot, run, ResolverOptions(model=model, model_name=name, n_folds=n_folds), given)
    if pred_probs is not None:
        values = np.asarray(pred_probs, dtype=np.float32)
        if values.shape != (len(snapshot), len(snapshot.classes)):
            raise ProbabilityError(
                "the probabilities have another shape than rows by classes",
                found=f"{values.shape}, wanted {(len(snapshot), len(snapshot.classes))}",
                fix="give one row for each row of X and one column for each class, in sorted order",
            )
        verdict = detect_in_sample(values, snapshot.labels, resolver.get("embeddings").values, max_rows=2500)
        if verdict.in_sample:
            raise ProbabilityError(
                "these probabilities look in-sample: their maker was trained on the same labels",
                found=verdict.reason,
                fix="use cross-validated probabilities, or leave pred_probs out",
            )
        maker = {"kind": "probs", "brought": digest(values.astype(np.float64).round(6).sum(axis=0).tolist())}
        given["probs"] = Evidence(
            "probs",
            snapshot.id,
            snapshot.row_ids,
            values,
            classes=snapshot.classes,
            maker=maker,
            out_of_sample=True,
        )
    parts = pick_detectors(issues, params)
    execution, quality, actions = audit_snapshot(snapshot, parts, resolver)
    return Audit(
        Dataset(Path(), "arrays"),
        snapshot,
        execution.findings,
        execution.outcomes,
        quality,
        actions,
        (*notes, *resolver.notes()),
        round(time.perf_counter() - start, 2),
        options.seed,
        map_vectors=map_vectors(resolver, execution.findings, parts),
    )
