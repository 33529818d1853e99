"""Which order of review would have paid first: by worth to the model, or by the plain probability of error?

The rows that people reviewed are put in either order inside every training part, from its labels as they were before
the change, and the fixed model learns from what the first of them brought to light.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine import Resolver
from tilth.errors import NotApplicable
from tilth.numerics.label_errors.model import estimate_label_errors
from tilth.numerics.label_errors.review_order import order_by_worth
from tilth.numerics.statistics.order_trials import compare_orders
from tilth.numerics.statistics.threads import one_blas_thread
from tilth.records import Effect, OrderEffect, Snapshot
from tilth.workflows.proof.trial_rows import Aligned, Split

__all__ = ["review_orders"]

SHARES = (0.1, 0.25, 0.5)
LEAST_REVIEWED = 20
MOST_TRIALS = 5


def review_orders(
    rows: Snapshot,
    aligned: Aligned,
    split: Split,
    verified: Container[str],
    groups: npt.NDArray[np.int64],
    resolver: Resolver,
    *,
    model: Any,
    balanced: bool = False,
) -> tuple[OrderEffect, ...]:
    """Compare both orders of the reviewed rows on at most `MOST_TRIALS` of the trials of a proof.

    Parameters
    ----------
    rows, aligned, split, groups, resolver
        As in `prove_snapshots`; the estimate of label errors uses the audit's own model too, where it has one.
    verified : container of row ids
        The rows that people decided on.
    model : scikit-learn classifier or factory
        The fixed model.
    balanced : bool
        Weigh test rows so that every class counts the same.

    Returns
    -------
    tuple of OrderEffect
        After `SHARES` of the reviewed rows.

    Raises
    ------
    NotApplicable
        A training part holds fewer than `LEAST_REVIEWED` reviewed rows, or none whose label changed.
    """
    by_person = np.asarray([row in verified for row in rows.row_ids], dtype=bool) & (aligned.before >= 0)
    chosen, run = split.trials[:MOST_TRIALS], resolver.run
    X = resolver.get("embeddings").values
    least = min(int(by_person[trial.train].sum()) for trial in chosen)
    if least < LEAST_REVIEWED:
        raise NotApplicable(
            "there are too few reviewed rows to compare orders of review",
            found=f"{least} that people decided on in a training part, where at least {LEAST_REVIEWED} are needed",
            fix="review more: tilth review DATASET --budget 100, then tilth teach",
        )
    if not any((by_person & aligned.changed)[trial.train].any() for trial in chosen):
        raise NotApplicable(
            "people changed no label, so every order of review gains the same: nothing",
            fix="prove without --orders",
        )
    run.expect(len(chosen), "orders")
    orders = []
    for trial in chosen:
        run.check()
        known = trial.train[aligned.before[trial.train] >= 0]
        with one_blas_thread():
            found = estimate_label_errors(
                X[known],
                aligned.before[known],
                model=resolver.options.model,
                groups=groups[known],
                n_classes=len(rows.classes),
                random_state=run.seed,
            )
            worth = known[order_by_worth(X[known], found, groups=groups[known], random_state=run.seed)[0]]
        plain = known[np.argsort(-found.p_error, kind="stable")]
        orders.append((worth[by_person[worth]], plain[by_person[plain]]))
        run.advance()
    gains = compare_orders(
        X,
        aligned.before,
        np.where(aligned.in_after, aligned.after, -1),
        chosen,
        orders,
        model=model,
        shares=SHARES,
        balanced=balanced,
        fixed_test=split.fixed,
        truth=split.truth,
        on_fit=lambda total: run.expect(total, "orders") if total else run.advance(),
    )
    return tuple(
        OrderEffect(
            gain.reviewed,
            *gain.gains,
            Effect(gain.difference.estimate, gain.difference.low, gain.difference.high, gain.difference.level),
        )
        for gain in gains
    )
