"""Query by committee: ask where the members disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from tilth.errors import ParameterError
from tilth.numerics.querying.committee import kl_disagreement, vote_entropy
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import best_first, cold_start, example_view, pool_rows

__all__ = ["QueryByCommittee"]


@dataclass(frozen=True)
class QueryByCommittee(Strategy):
    """Pick the rows on which the members of a committee disagree most.

    The committee is yours (`tilth.Committee`), or copies of the model trained on bootstrap samples of the labels.

    Parameters
    ----------
    method : {"vote_entropy", "kl"}
        Entropy of the members' votes [1]_, or the mean Kullback-Leibler divergence of their probabilities from the
        committee's mean [2]_.

    References
    ----------
    .. [1] Dagan, Engelson (1995). Committee-based sampling for training probabilistic classifiers. ICML.
    .. [2] McCallum, Nigam (1998). Employing EM and pool-based active learning for text classification. ICML.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> QueryByCommittee().pick(QueryByCommittee.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r5']
    """

    method: Literal["vote_entropy", "kl"] = "vote_entropy"

    wants: ClassVar[tuple[str, ...]] = ("embeddings", "committee")
    cost: ClassVar[str] = "model"

    def __post_init__(self) -> None:
        if self.method not in ("vote_entropy", "kl"):
            raise ParameterError(
                "unknown measure of disagreement", found=repr(self.method), fix="use vote_entropy or kl"
            )

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Most disputed rows first, without near-copies."""
        pool = pool_rows(view, budget)
        if "committee" not in view.evidence:
            return cold_start(self, view, budget, run)
        members = view["committee"][pool]
        votes = members.argmax(axis=2)
        entropy = vote_entropy(votes, members.shape[2])
        scores = entropy if self.method == "vote_entropy" else kl_disagreement(members)

        def why(row: int) -> str:
            names, counts = np.unique(votes[row], return_counts=True)
            said = ", ".join(f"{view.class_name(int(k))!r} {n}" for k, n in zip(names, counts, strict=True))
            return f"{members.shape[1]} members vote {said} ({self.method.replace('_', ' ')} {scores[row]:.3f})"

        return best_first(self, view, pool, scores, budget, why)

    @classmethod
    def example(cls) -> Example:
        """The committee disagrees on row 5 alone."""

        def check(found: Findings) -> str:
            first = found.to_dicts()[0]["row_id"]
            return "" if first == "r5" else f"asked {first} first, expected r5"

        return Example(example_view(), check, "The row that splits the committee is asked first.")
