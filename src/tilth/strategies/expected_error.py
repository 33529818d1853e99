"""Expected error reduction, on a sample: the label after which fewest errors are expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import ParameterError
from tilth.numerics.cross_fitting.fold_models import default_classifier
from tilth.numerics.querying.models import expected_error_reduction
from tilth.numerics.querying.scores import uncertainty_scores
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import best_first, cold_start, distinct_candidates, example_view, labelled_rows, pool_rows

__all__ = ["ExpectedError"]


@dataclass(frozen=True)
class ExpectedError(Strategy):
    """Pick the rows after whose label the fewest errors are expected on a sample of the pool [1]_.

    A logistic regression on the embeddings is trained once for each candidate and likely class: slow, for small
    budgets. The batch takes candidates one by one from best to worst, without near-copies.

    Parameters
    ----------
    candidates : int
        The most unsure rows that are tried; at least as many as the budget are.
    sample : int
        Rows on which errors are expected.

    References
    ----------
    .. [1] Roy, McCallum (2001). Toward optimal active learning through sampling estimation of error reduction. ICML.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> ExpectedError().pick(ExpectedError.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r16']
    """

    candidates: int = 30
    sample: int = 200

    needs: ClassVar[tuple[str, ...]] = ("embeddings",)
    wants: ClassVar[tuple[str, ...]] = ("probs",)
    cost: ClassVar[str] = "model"
    default: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.candidates < 1 or self.sample < 1:
            raise ParameterError(
                "must be at least 1", where="expected_error", found=f"{self.candidates}, {self.sample}"
            )

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Lowest expected error first."""
        pool = pool_rows(view, budget)
        if "probs" not in view.evidence or len(np.unique(view.labels[labelled_rows(view)])) < 2:
            return cold_start(self, view, budget, run)
        X, probs = view["embeddings"], view["probs"]
        unsure = uncertainty_scores(probs[pool])
        order = pool[np.argsort(-unsure, kind="stable")]
        most = max(self.candidates, budget)
        kept = distinct_candidates(view, order, most, budget)
        tried = order[:most] if kept is None else kept
        judged = run.rng.permutation(pool)[: self.sample]
        model = default_classifier(run.seed)
        errors = expected_error_reduction(model, X, view.labels, tried, probs[tried], judged)

        def why(row: int) -> str:
            return f"with its label {errors[row]:.1%} errors are expected on {len(judged)} rows of the pool"

        return best_first(self, view, tried, 1 - errors, budget, why, summary={"tried": len(tried)})

    @classmethod
    def example(cls) -> Example:
        """The third cloud is where errors are expected."""

        def check(found: Findings) -> str:
            ids = [row["row_id"] for row in found.to_dicts()]
            return "" if len(set(ids)) == len(ids) else "picked a row twice"

        return Example(example_view(), check, "Candidates are tried one by one; the best come first.")
