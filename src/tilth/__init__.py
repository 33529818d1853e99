"""tilth: find what is wrong with a labelled dataset, fix it, and prove that the fix helped.

Verbs on datasets: `ingest`, `audit`, `fix`, `prove`, `history`, `compare`, `undo`, `export`.
Plain functions on arrays, for a notebook: `find_label_issues`, `find_outliers`, `find_near_duplicates`,
`quality_score`, `compare_model_vs_data` and the others below. Everything loads when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

#: Where each exported name lives.
_HOME = {
    "ActiveLearner": "estimators.active_learner",
    "Audit": "workflows.audit",
    "CleanClassifier": "estimators.clean_classifier",
    "Committee": "estimators.committee",
    "Dataset": "workflows.project",
    "Decision": "records",
    "Evidence": "records",
    "Findings": "records",
    "Policy": "workflows.fix",
    "Proof": "records",
    "RoleOverrides": "records",
    "RunOptions": "workflows.project",
    "Snapshot": "records",
    "StreamSelector": "estimators.stream",
    "TilthError": "errors",
    "area_under_margin": "numerics.training_dynamics",
    "audit": "workflows.audit",
    "badge": "numerics.query_badge",
    "bald_scores": "numerics.query_committee",
    "batch_bald": "numerics.query_committee",
    "calibrate_scores": "numerics.review_yield",
    "check_arrays": "workflows.arrays",
    "choose_repair": "numerics.label_repair",
    "compare": "workflows.history",
    "compare_model_vs_data": "numerics.experiment",
    "compute_confident_joint": "numerics.confident",
    "cross_fit_probabilities": "numerics.crossfit",
    "demo": "workflows.demo",
    "doctor": "workflows.doctor",
    "estimate_error_count": "numerics.error_count",
    "estimate_label_errors": "numerics.label_error_model",
    "expected_finds": "numerics.review_yield",
    "expected_gain": "numerics.query_curves",
    "export": "workflows.export",
    "find_label_issues": "numerics.label_issues",
    "find_near_duplicates": "numerics.duplicates",
    "find_outliers": "numerics.outliers",
    "fix": "workflows.fix",
    "forgetting_counts": "numerics.training_dynamics",
    "get_label_quality_scores": "numerics.label_quality",
    "history": "workflows.history",
    "ingest": "workflows.ingest",
    "inject_label_noise": "numerics.noise",
    "k_center": "numerics.query_coverage",
    "k_center_partitioned": "numerics.query_coverage",
    "nearest_neighbors": "numerics.neighbors",
    "neighbor_shapley": "numerics.review_order",
    "num_label_issues": "numerics.confident",
    "order_by_worth": "numerics.review_order",
    "plan_verdicts": "numerics.error_count",
    "precision_at_k": "numerics.review_yield",
    "prob_cover": "numerics.query_clusters",
    "prove": "workflows.prove",
    "quality_score": "numerics.quality",
    "select": "workflows.select",
    "simulate": "workflows.simulate",
    "teach": "workflows.teach",
    "typiclust": "numerics.query_clusters",
    "uncertainty_scores": "numerics.query_scores",
    "undo": "workflows.history",
    "vote_entropy": "numerics.query_committee",
}

if TYPE_CHECKING:
    from tilth.errors import TilthError
    from tilth.estimators.active_learner import ActiveLearner
    from tilth.estimators.clean_classifier import CleanClassifier
    from tilth.estimators.committee import Committee
    from tilth.estimators.stream import StreamSelector
    from tilth.numerics.confident import compute_confident_joint, num_label_issues
    from tilth.numerics.crossfit import cross_fit_probabilities
    from tilth.numerics.duplicates import find_near_duplicates
    from tilth.numerics.error_count import estimate_error_count, plan_verdicts
    from tilth.numerics.experiment import compare_model_vs_data
    from tilth.numerics.label_error_model import estimate_label_errors
    from tilth.numerics.label_issues import find_label_issues
    from tilth.numerics.label_quality import get_label_quality_scores
    from tilth.numerics.label_repair import choose_repair
    from tilth.numerics.neighbors import nearest_neighbors
    from tilth.numerics.noise import inject_label_noise
    from tilth.numerics.outliers import find_outliers
    from tilth.numerics.quality import quality_score
    from tilth.numerics.query_badge import badge
    from tilth.numerics.query_clusters import prob_cover, typiclust
    from tilth.numerics.query_committee import bald_scores, batch_bald, vote_entropy
    from tilth.numerics.query_coverage import k_center, k_center_partitioned
    from tilth.numerics.query_curves import expected_gain
    from tilth.numerics.query_scores import uncertainty_scores
    from tilth.numerics.review_order import neighbor_shapley, order_by_worth
    from tilth.numerics.review_yield import calibrate_scores, expected_finds, precision_at_k
    from tilth.numerics.training_dynamics import area_under_margin, forgetting_counts
    from tilth.records import Decision, Evidence, Findings, Proof, RoleOverrides, Snapshot
    from tilth.workflows.arrays import check_arrays
    from tilth.workflows.audit import Audit, audit
    from tilth.workflows.demo import demo
    from tilth.workflows.doctor import doctor
    from tilth.workflows.export import export
    from tilth.workflows.fix import Policy, fix
    from tilth.workflows.history import compare, history, undo
    from tilth.workflows.ingest import ingest
    from tilth.workflows.project import Dataset, RunOptions
    from tilth.workflows.prove import prove
    from tilth.workflows.select import select
    from tilth.workflows.simulate import simulate
    from tilth.workflows.teach import teach

__all__ = [
    "ActiveLearner",
    "Audit",
    "CleanClassifier",
    "Committee",
    "Dataset",
    "Decision",
    "Evidence",
    "Findings",
    "Policy",
    "Proof",
    "RoleOverrides",
    "RunOptions",
    "Snapshot",
    "StreamSelector",
    "TilthError",
    "area_under_margin",
    "audit",
    "badge",
    "bald_scores",
    "batch_bald",
    "calibrate_scores",
    "check_arrays",
    "choose_repair",
    "compare",
    "compare_model_vs_data",
    "compute_confident_joint",
    "cross_fit_probabilities",
    "demo",
    "doctor",
    "estimate_error_count",
    "estimate_label_errors",
    "expected_finds",
    "expected_gain",
    "export",
    "find_label_issues",
    "find_near_duplicates",
    "find_outliers",
    "fix",
    "forgetting_counts",
    "get_label_quality_scores",
    "history",
    "ingest",
    "inject_label_noise",
    "k_center",
    "k_center_partitioned",
    "nearest_neighbors",
    "neighbor_shapley",
    "num_label_issues",
    "order_by_worth",
    "plan_verdicts",
    "precision_at_k",
    "prob_cover",
    "prove",
    "quality_score",
    "select",
    "simulate",
    "teach",
    "typiclust",
    "uncertainty_scores",
    "undo",
    "vote_entropy",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'tilth' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"tilth.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
