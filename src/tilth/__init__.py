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
    "LabelModel": "estimators.label_model",
    "NoiseAwareLogistic": "numerics.weak_supervision.soft_training",
    "Policy": "workflows.fix",
    "Proof": "records",
    "RoleOverrides": "records",
    "RunOptions": "workflows.project",
    "Snapshot": "records",
    "StreamSelector": "estimators.stream",
    "TilthError": "errors",
    "VoteOptions": "workflows.votes",
    "WeakOptions": "workflows.weak",
    "add_votes": "numerics.consensus.votes",
    "agree": "workflows.agree",
    "agreement_rule": "numerics.agreement.rule",
    "analyze_functions": "numerics.weak_supervision.analysis",
    "apply_labeling_functions": "workflows.rules",
    "area_under_margin": "numerics.label_errors.training_dynamics",
    "as_votes": "numerics.consensus.votes",
    "ask_next": "numerics.consensus.ask",
    "audit": "workflows.audit",
    "auto_label_model": "numerics.weak_supervision.choice",
    "badge": "numerics.querying.badge",
    "bald_scores": "numerics.querying.committee",
    "batch_bald": "numerics.querying.committee",
    "calibrate_scores": "numerics.label_errors.review_yield",
    "check_arrays": "workflows.arrays",
    "choose_consensus": "numerics.consensus.choice",
    "choose_repair": "numerics.label_errors.repair",
    "class_agreement": "numerics.agreement.detail",
    "cohen_kappa": "numerics.agreement.coefficients",
    "compare": "workflows.history",
    "compare_model_vs_data": "numerics.statistics.experiment",
    "compute_confident_joint": "numerics.confident.joint",
    "confused_pairs": "numerics.agreement.detail",
    "consensus": "workflows.consensus",
    "count": "workflows.review",
    "cross_fit_probabilities": "numerics.cross_fitting.crossfit",
    "crowdlab": "numerics.consensus.crowdlab",
    "dawid_skene": "numerics.consensus.expectation_maximisation",
    "dawid_skene_update": "numerics.consensus.expectation_maximisation",
    "demo": "workflows.demo",
    "doctor": "workflows.doctor",
    "estimate_error_count": "numerics.label_errors.count",
    "estimate_label_errors": "numerics.label_errors.model",
    "expected_finds": "numerics.label_errors.review_yield",
    "expected_gain": "numerics.querying.curves",
    "export": "workflows.export",
    "find_box_errors": "numerics.targets.boxes",
    "find_dependence": "numerics.weak_supervision.dependency",
    "find_label_issues": "numerics.confident.issues",
    "find_mask_errors": "numerics.targets.masks",
    "find_multilabel_errors": "numerics.targets.multilabel",
    "find_near_duplicates": "numerics.similarity.duplicates",
    "find_outliers": "numerics.similarity.outliers",
    "find_regression_errors": "numerics.targets.regression",
    "find_token_errors": "numerics.targets.tokens",
    "fit_label_model": "numerics.weak_supervision.choice",
    "fit_soft": "numerics.weak_supervision.soft_training",
    "fix": "workflows.fix",
    "fleiss_kappa": "numerics.agreement.coefficients",
    "forgetting_counts": "numerics.label_errors.training_dynamics",
    "get_label_quality_scores": "numerics.confident.quality_scores",
    "glad": "numerics.consensus.glad",
    "gwet_ac1": "numerics.agreement.coefficients",
    "gwet_ac2": "numerics.agreement.coefficients",
    "hidden_markov": "numerics.weak_supervision.sequence",
    "history": "workflows.history",
    "ingest": "workflows.ingest",
    "inject_label_noise": "numerics.statistics.noise",
    "item_agreement": "numerics.agreement.detail",
    "k_center": "numerics.querying.coverage",
    "k_center_partitioned": "numerics.querying.coverage",
    "kos": "numerics.consensus.kos",
    "krippendorff_alpha": "numerics.agreement.coefficients",
    "label_matrix": "numerics.weak_supervision.matrix",
    "labeling_function": "workflows.rules",
    "lf_summary": "numerics.weak_supervision.analysis",
    "mace": "numerics.consensus.mace",
    "majority_vote": "numerics.consensus.majority",
    "most_disputed": "numerics.weak_supervision.analysis",
    "multilabel_beliefs": "numerics.weak_supervision.multilabel",
    "multilabel_matrices": "numerics.weak_supervision.multilabel",
    "nearest_neighbors": "numerics.similarity.neighbors",
    "neighbor_shapley": "numerics.label_errors.review_order",
    "num_label_issues": "numerics.confident.joint",
    "numeric_consensus": "numerics.consensus.majority",
    "numeric_votes": "numerics.weak_supervision.multilabel",
    "one_coin": "numerics.consensus.expectation_maximisation",
    "order_by_worth": "numerics.label_errors.review_order",
    "pairwise_kappa": "numerics.agreement.coefficients",
    "percent_agreement": "numerics.agreement.coefficients",
    "plan_rows": "numerics.weak_supervision.soft_training",
    "plan_verdicts": "numerics.label_errors.count",
    "precision_at_k": "numerics.label_errors.review_yield",
    "prob_cover": "numerics.querying.clusters",
    "prove": "workflows.prove",
    "quality_score": "numerics.statistics.quality",
    "rater_agreement": "numerics.agreement.detail",
    "rater_report": "numerics.consensus.raters",
    "read_rules": "workflows.rules",
    "review": "workflows.review",
    "rule": "workflows.rules",
    "score_slices": "numerics.weak_supervision.slices",
    "scott_pi": "numerics.agreement.coefficients",
    "select": "workflows.select",
    "simulate": "workflows.simulate",
    "slicing_function": "workflows.rules",
    "spans_of": "numerics.weak_supervision.sequence",
    "suggest_keywords": "numerics.weak_supervision.suggest",
    "teach": "workflows.teach",
    "token_matrix": "numerics.weak_supervision.sequence",
    "typiclust": "numerics.querying.clusters",
    "uncertainty_scores": "numerics.querying.scores",
    "undo": "workflows.history",
    "vote_entropy": "numerics.querying.committee",
    "weak_analyze": "workflows.weak",
    "weak_apply": "workflows.weak",
    "weak_fit": "workflows.weak",
    "weak_label": "workflows.weak",
    "weighted_majority": "numerics.consensus.majority",
}

if TYPE_CHECKING:
    from tilth.errors import TilthError
    from tilth.estimators.active_learner import ActiveLearner
    from tilth.estimators.clean_classifier import CleanClassifier
    from tilth.estimators.committee import Committee
    from tilth.estimators.label_model import LabelModel
    from tilth.estimators.stream import StreamSelector
    from tilth.numerics.agreement.coefficients import (
        cohen_kappa,
        fleiss_kappa,
        gwet_ac1,
        gwet_ac2,
        krippendorff_alpha,
        pairwise_kappa,
        percent_agreement,
        scott_pi,
    )
    from tilth.numerics.agreement.detail import class_agreement, confused_pairs, item_agreement, rater_agreement
    from tilth.numerics.agreement.rule import agreement_rule
    from tilth.numerics.confident.issues import find_label_issues
    from tilth.numerics.confident.joint import compute_confident_joint, num_label_issues
    from tilth.numerics.confident.quality_scores import get_label_quality_scores
    from tilth.numerics.consensus.ask import ask_next
    from tilth.numerics.consensus.choice import choose_consensus
    from tilth.numerics.consensus.crowdlab import crowdlab
    from tilth.numerics.consensus.expectation_maximisation import dawid_skene, dawid_skene_update, one_coin
    from tilth.numerics.consensus.glad import glad
    from tilth.numerics.consensus.kos import kos
    from tilth.numerics.consensus.mace import mace
    from tilth.numerics.consensus.majority import majority_vote, numeric_consensus, weighted_majority
    from tilth.numerics.consensus.raters import rater_report
    from tilth.numerics.consensus.votes import add_votes, as_votes
    from tilth.numerics.cross_fitting.crossfit import cross_fit_probabilities
    from tilth.numerics.label_errors.count import estimate_error_count, plan_verdicts
    from tilth.numerics.label_errors.model import estimate_label_errors
    from tilth.numerics.label_errors.repair import choose_repair
    from tilth.numerics.label_errors.review_order import neighbor_shapley, order_by_worth
    from tilth.numerics.label_errors.review_yield import calibrate_scores, expected_finds, precision_at_k
    from tilth.numerics.label_errors.training_dynamics import area_under_margin, forgetting_counts
    from tilth.numerics.querying.badge import badge
    from tilth.numerics.querying.clusters import prob_cover, typiclust
    from tilth.numerics.querying.committee import bald_scores, batch_bald, vote_entropy
    from tilth.numerics.querying.coverage import k_center, k_center_partitioned
    from tilth.numerics.querying.curves import expected_gain
    from tilth.numerics.querying.scores import uncertainty_scores
    from tilth.numerics.similarity.duplicates import find_near_duplicates
    from tilth.numerics.similarity.neighbors import nearest_neighbors
    from tilth.numerics.similarity.outliers import find_outliers
    from tilth.numerics.statistics.experiment import compare_model_vs_data
    from tilth.numerics.statistics.noise import inject_label_noise
    from tilth.numerics.statistics.quality import quality_score
    from tilth.numerics.targets.boxes import find_box_errors
    from tilth.numerics.targets.masks import find_mask_errors
    from tilth.numerics.targets.multilabel import find_multilabel_errors
    from tilth.numerics.targets.regression import find_regression_errors
    from tilth.numerics.targets.tokens import find_token_errors
    from tilth.numerics.weak_supervision.analysis import analyze_functions, lf_summary, most_disputed
    from tilth.numerics.weak_supervision.choice import auto_label_model, fit_label_model
    from tilth.numerics.weak_supervision.dependency import find_dependence
    from tilth.numerics.weak_supervision.matrix import label_matrix
    from tilth.numerics.weak_supervision.multilabel import multilabel_beliefs, multilabel_matrices, numeric_votes
    from tilth.numerics.weak_supervision.sequence import hidden_markov, spans_of, token_matrix
    from tilth.numerics.weak_supervision.slices import score_slices
    from tilth.numerics.weak_supervision.soft_training import NoiseAwareLogistic, fit_soft, plan_rows
    from tilth.numerics.weak_supervision.suggest import suggest_keywords
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
    from tilth.workflows.review import count, review
    from tilth.workflows.rules import apply_labeling_functions, labeling_function, read_rules, rule, slicing_function
    from tilth.workflows.select import select
    from tilth.workflows.simulate import simulate
    from tilth.workflows.teach import teach
    from tilth.workflows.votes import VoteOptions
    from tilth.workflows.weak import WeakOptions, weak_analyze, weak_apply, weak_fit, weak_label

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
    "LabelModel",
    "NoiseAwareLogistic",
    "Policy",
    "Proof",
    "RoleOverrides",
    "RunOptions",
    "Snapshot",
    "StreamSelector",
    "TilthError",
    "VoteOptions",
    "WeakOptions",
    "add_votes",
    "agree",
    "agreement_rule",
    "analyze_functions",
    "apply_labeling_functions",
    "area_under_margin",
    "as_votes",
    "ask_next",
    "audit",
    "auto_label_model",
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
    "count",
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
    "find_dependence",
    "find_label_issues",
    "find_mask_errors",
    "find_multilabel_errors",
    "find_near_duplicates",
    "find_outliers",
    "find_regression_errors",
    "find_token_errors",
    "fit_label_model",
    "fit_soft",
    "fix",
    "fleiss_kappa",
    "forgetting_counts",
    "get_label_quality_scores",
    "glad",
    "gwet_ac1",
    "gwet_ac2",
    "hidden_markov",
    "history",
    "ingest",
    "inject_label_noise",
    "item_agreement",
    "k_center",
    "k_center_partitioned",
    "kos",
    "krippendorff_alpha",
    "label_matrix",
    "labeling_function",
    "lf_summary",
    "mace",
    "majority_vote",
    "most_disputed",
    "multilabel_beliefs",
    "multilabel_matrices",
    "nearest_neighbors",
    "neighbor_shapley",
    "num_label_issues",
    "numeric_consensus",
    "numeric_votes",
    "one_coin",
    "order_by_worth",
    "pairwise_kappa",
    "percent_agreement",
    "plan_rows",
    "plan_verdicts",
    "precision_at_k",
    "prob_cover",
    "prove",
    "quality_score",
    "rater_agreement",
    "rater_report",
    "read_rules",
    "review",
    "rule",
    "score_slices",
    "scott_pi",
    "select",
    "simulate",
    "slicing_function",
    "spans_of",
    "suggest_keywords",
    "teach",
    "token_matrix",
    "typiclust",
    "uncertainty_scores",
    "undo",
    "vote_entropy",
    "weak_analyze",
    "weak_apply",
    "weak_fit",
    "weak_label",
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
