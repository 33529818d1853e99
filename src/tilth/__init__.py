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
    "ConsensusOptions": "workflows.consensus",
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
    "VoteOptions": "workflows.votes",
    "add_votes": "numerics.votes",
    "agree": "workflows.agree",
    "agreement_rule": "numerics.agreement_rule",
    "area_under_margin": "numerics.training_dynamics",
    "as_votes": "numerics.votes",
    "ask_next": "numerics.consensus_ask",
    "audit": "workflows.audit",
    "badge": "numerics.query_badge",
    "bald_scores": "numerics.query_committee",
    "batch_bald": "numerics.query_committee",
    "calibrate_scores": "numerics.review_yield",
    "check_arrays": "workflows.arrays",
    "choose_consensus": "numerics.consensus_choice",
    "choose_repair": "numerics.label_repair",
    "class_agreement": "numerics.agreement_detail",
    "cohen_kappa": "numerics.agreement",
    "compare": "workflows.history",
    "compare_model_vs_data": "numerics.experiment",
    "compute_confident_joint": "numerics.confident",
    "confused_pairs": "numerics.agreement_detail",
    "consensus": "workflows.consensus",
    "cross_fit_probabilities": "numerics.crossfit",
    "crowdlab": "numerics.consensus_crowdlab",
    "dawid_skene": "numerics.consensus_em",
    "dawid_skene_update": "numerics.consensus_em",
    "demo": "workflows.demo",
    "doctor": "workflows.doctor",
    "estimate_error_count": "numerics.error_count",
    "estimate_label_errors": "numerics.label_error_model",
    "expected_finds": "numerics.review_yield",
    "expected_gain": "numerics.query_curves",
    "export": "workflows.export",
    "find_box_errors": "numerics.box_errors",
    "find_label_issues": "numerics.label_issues",
    "find_mask_errors": "numerics.mask_errors",
    "find_multilabel_errors": "numerics.multilabel_errors",
    "find_near_duplicates": "numerics.duplicates",
    "find_outliers": "numerics.outliers",
    "find_regression_errors": "numerics.regression_errors",
    "find_token_errors": "numerics.token_errors",
    "fix": "workflows.fix",
    "fleiss_kappa": "numerics.agreement",
    "forgetting_counts": "numerics.training_dynamics",
    "get_label_quality_scores": "numerics.label_quality",
    "glad": "numerics.consensus_glad",
    "gwet_ac1": "numerics.agreement",
    "gwet_ac2": "numerics.agreement",
    "history": "workflows.history",
    "ingest": "workflows.ingest",
    "inject_label_noise": "numerics.noise",
    "item_agreement": "numerics.agreement_detail",
    "k_center": "numerics.query_coverage",
    "k_center_partitioned": "numerics.query_coverage",
    "kos": "numerics.consensus_kos",
    "krippendorff_alpha": "numerics.agreement",
    "mace": "numerics.consensus_mace",
    "majority_vote": "numerics.consensus_majority",
    "nearest_neighbors": "numerics.neighbors",
    "neighbor_shapley": "numerics.review_order",
    "num_label_issues": "numerics.confident",
    "numeric_consensus": "numerics.consensus_majority",
    "one_coin": "numerics.consensus_em",
    "order_by_worth": "numerics.review_order",
    "pairwise_kappa": "numerics.agreement",
    "percent_agreement": "numerics.agreement",
    "plan_verdicts": "numerics.error_count",
    "precision_at_k": "numerics.review_yield",
    "prob_cover": "numerics.query_clusters",
    "prove": "workflows.prove",
    "quality_score": "numerics.quality",
    "rater_agreement": "numerics.agreement_detail",
    "rater_report": "numerics.consensus_raters",
    "scott_pi": "numerics.agreement",
    "select": "workflows.select",
    "simulate": "workflows.simulate",
    "teach": "workflows.teach",
    "typiclust": "numerics.query_clusters",
    "uncertainty_scores": "numerics.query_scores",
    "undo": "workflows.history",
    "vote_entropy": "numerics.query_committee",
    "weighted_majority": "numerics.consensus_majority",
}

if TYPE_CHECKING:
    from tilth.errors import TilthError
    from tilth.estimators.active_learner import ActiveLearner
    from tilth.estimators.clean_classifier import CleanClassifier
    from tilth.estimators.committee import Committee
    from tilth.estimators.stream import StreamSelector
    from tilth.numerics.agreement import (
        cohen_kappa,
        fleiss_kappa,
        gwet_ac1,
        gwet_ac2,
        krippendorff_alpha,
        pairwise_kappa,
        percent_agreement,
        scott_pi,
    )
    from tilth.numerics.agreement_detail import class_agreement, confused_pairs, item_agreement, rater_agreement
    from tilth.numerics.agreement_rule import agreement_rule
    from tilth.numerics.box_errors import find_box_errors
    from tilth.numerics.confident import compute_confident_joint, num_label_issues
    from tilth.numerics.consensus_ask import ask_next
    from tilth.numerics.consensus_choice import choose_consensus
    from tilth.numerics.consensus_crowdlab import crowdlab
    from tilth.numerics.consensus_em import dawid_skene, dawid_skene_update, one_coin
    from tilth.numerics.consensus_glad import glad
    from tilth.numerics.consensus_kos import kos
    from tilth.numerics.consensus_mace import mace
    from tilth.numerics.consensus_majority import majority_vote, numeric_consensus, weighted_majority
    from tilth.numerics.consensus_raters import rater_report
    from tilth.numerics.crossfit import cross_fit_probabilities
    from tilth.numerics.duplicates import find_near_duplicates
    from tilth.numerics.error_count import estimate_error_count, plan_verdicts
    from tilth.numerics.experiment import compare_model_vs_data
    from tilth.numerics.label_error_model import estimate_label_errors
    from tilth.numerics.label_issues import find_label_issues
    from tilth.numerics.label_quality import get_label_quality_scores
    from tilth.numerics.label_repair import choose_repair
    from tilth.numerics.mask_errors import find_mask_errors
    from tilth.numerics.multilabel_errors import find_multilabel_errors
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
    from tilth.numerics.regression_errors import find_regression_errors
    from tilth.numerics.review_order import neighbor_shapley, order_by_worth
    from tilth.numerics.review_yield import calibrate_scores, expected_finds, precision_at_k
    from tilth.numerics.token_errors import find_token_errors
    from tilth.numerics.training_dynamics import area_under_margin, forgetting_counts
    from tilth.numerics.votes import add_votes, as_votes
    from tilth.records import Decision, Evidence, Findings, Proof, RoleOverrides, Snapshot
    from tilth.workflows.agree import agree
    from tilth.workflows.arrays import check_arrays
    from tilth.workflows.audit import Audit, audit
    from tilth.workflows.consensus import ConsensusOptions, consensus
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
    from tilth.workflows.votes import VoteOptions

__all__ = [
    "ActiveLearner",
    "Audit",
    "CleanClassifier",
    "Committee",
    "ConsensusOptions",
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
    "VoteOptions",
    "add_votes",
    "agree",
    "agreement_rule",
    "area_under_margin",
    "as_votes",
    "ask_next",
    "audit",
    "badge",
    "bald_scores",
    "batch_bald",
    "calibrate_scores",
    "check_arrays",
    "choose_consensus",
    "choose_repair",
    "class_agreement",
    "cohen_kappa",
    "compare",
    "compare_model_vs_data",
    "compute_confident_joint",
    "confused_pairs",
    "consensus",
    "cross_fit_probabilities",
    "crowdlab",
    "dawid_skene",
    "dawid_skene_update",
    "demo",
    "doctor",
    "estimate_error_count",
    "estimate_label_errors",
    "expected_finds",
    "expected_gain",
    "export",
    "find_box_errors",
    "find_label_issues",
    "find_mask_errors",
    "find_multilabel_errors",
    "find_near_duplicates",
    "find_outliers",
    "find_regression_errors",
    "find_token_errors",
    "fix",
    "fleiss_kappa",
    "forgetting_counts",
    "get_label_quality_scores",
    "glad",
    "gwet_ac1",
    "gwet_ac2",
    "history",
    "ingest",
    "inject_label_noise",
    "item_agreement",
    "k_center",
    "k_center_partitioned",
    "kos",
    "krippendorff_alpha",
    "mace",
    "majority_vote",
    "nearest_neighbors",
    "neighbor_shapley",
    "num_label_issues",
    "numeric_consensus",
    "one_coin",
    "order_by_worth",
    "pairwise_kappa",
    "percent_agreement",
    "plan_verdicts",
    "precision_at_k",
    "prob_cover",
    "prove",
    "quality_score",
    "rater_agreement",
    "rater_report",
    "scott_pi",
    "select",
    "simulate",
    "teach",
    "typiclust",
    "uncertainty_scores",
    "undo",
    "vote_entropy",
    "weighted_majority",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'tilth' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"tilth.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
