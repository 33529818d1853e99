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
    "Augmentation": "workflows.augment.verb",
    "AugmentationPolicy": "records",
    "AugmentationSearch": "workflows.augment.search",
    "AugmentedDataset": "workflows.augment.stream",
    "CleanClassifier": "estimators.clean_classifier",
    "Committee": "estimators.committee",
    "ConsensusOptions": "workflows.crowd.consensus",
    "Dataset": "workflows.project",
    "Decision": "records",
    "Evidence": "records",
    "Findings": "records",
    "LabelModel": "estimators.label_model",
    "MixCollate": "numerics.augment.mixing_collate",
    "Mosaic": "numerics.augment.mixing_images",
    "NoiseAwareLogistic": "numerics.weak_supervision.soft_training",
    "Policy": "workflows.fix",
    "Proof": "records",
    "RoleOverrides": "records",
    "RunOptions": "workflows.project",
    "Sample": "records",
    "SearchSettings": "workflows.augment.search",
    "Snapshot": "records",
    "StreamSelector": "estimators.stream",
    "TilthError": "errors",
    "VoteOptions": "workflows.crowd.votes",
    "Warp": "numerics.augment.warps",
    "WeakOptions": "workflows.weak.verbs",
    "WordNeighbors": "numerics.augment.word_neighbors",
    "add_votes": "numerics.consensus.votes",
    "adjust_brightness": "numerics.augment.images",
    "adjust_contrast": "numerics.augment.images",
    "adjust_gamma": "numerics.augment.images",
    "adjust_hue": "numerics.augment.images",
    "adjust_saturation": "numerics.augment.images",
    "adjust_sharpness": "numerics.augment.image_filters",
    "aeda": "numerics.augment.text_eda",
    "affine_warp": "numerics.augment.warp_plans",
    "agree": "workflows.crowd.agree",
    "agreement_rule": "numerics.agreement.rule",
    "analyze_functions": "numerics.weak_supervision.analysis",
    "apply_labeling_functions": "workflows.weak.rules",
    "apply_policy": "workflows.augment.apply",
    "area_under_margin": "numerics.label_errors.training_dynamics",
    "as_image": "numerics.augment.pixels",
    "as_votes": "numerics.consensus.votes",
    "ask_next": "numerics.consensus.ask",
    "audio_fade": "numerics.augment.audio",
    "audio_frequency_mask": "numerics.augment.audio_spectral",
    "audio_gain": "numerics.augment.audio",
    "audio_mixup": "numerics.augment.mixing",
    "audio_noise": "numerics.augment.audio",
    "audio_polarity": "numerics.augment.audio",
    "audio_reverse": "numerics.augment.audio",
    "audio_shift": "numerics.augment.audio",
    "audio_spec_augment": "numerics.augment.audio_spectral",
    "audio_speed": "numerics.augment.audio_spectral",
    "audio_time_mask": "numerics.augment.audio",
    "audit": "workflows.audit",
    "augment": "workflows.augment.verb",
    "auto_label_model": "numerics.weak_supervision.choice",
    "autocontrast": "numerics.augment.image_tones",
    "badge": "numerics.querying.badge",
    "bald_scores": "numerics.querying.committee",
    "band_limit": "numerics.augment.audio_channel",
    "batch_bald": "numerics.querying.committee",
    "c_mixup": "numerics.augment.mixing",
    "calibrate_scores": "numerics.label_errors.review_yield",
    "change_names": "numerics.augment.text_entities",
    "change_numbers": "numerics.augment.text_entities",
    "change_places": "numerics.augment.text_entities",
    "check_arrays": "workflows.arrays",
    "choose_consensus": "numerics.consensus.choice",
    "choose_policy": "numerics.augment.policy_choice",
    "choose_repair": "numerics.label_errors.repair",
    "class_agreement": "numerics.agreement.detail",
    "coarse_dropout": "numerics.augment.image_filters",
    "codec_loss": "numerics.augment.audio_channel",
    "cohen_kappa": "numerics.agreement.coefficients",
    "color_jitter": "numerics.augment.images",
    "compare": "workflows.history",
    "compare_model_vs_data": "numerics.statistics.experiment",
    "compute_confident_joint": "numerics.confident.joint",
    "confused_pairs": "numerics.agreement.detail",
    "consensus": "workflows.crowd.consensus",
    "contractions": "numerics.augment.text_forms",
    "count": "workflows.active.review",
    "crop_warp": "numerics.augment.warp_plans",
    "cross_fit_probabilities": "numerics.cross_fitting.crossfit",
    "crowdlab": "numerics.consensus.crowdlab",
    "cutmix": "numerics.augment.mixing_images",
    "dawid_skene": "numerics.consensus.expectation_maximisation",
    "dawid_skene_update": "numerics.consensus.expectation_maximisation",
    "demo": "workflows.demo",
    "density_match": "numerics.augment.search",
    "doctor": "workflows.doctor",
    "eda": "generators.text._plain",
    "elastic_warp": "numerics.augment.warp_plans",
    "embedding_mixup": "numerics.augment.mixing",
    "embedding_shift": "numerics.augment.shift",
    "equalize": "numerics.augment.image_tones",
    "estimate_error_count": "numerics.label_errors.count",
    "estimate_label_errors": "numerics.label_errors.model",
    "expected_finds": "numerics.label_errors.review_yield",
    "expected_gain": "numerics.querying.curves",
    "export": "workflows.export",
    "filter_augment": "numerics.augment.filter_augment",
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
    "flip_rates": "numerics.augment.preservation",
    "flip_warp": "numerics.augment.warp_plans",
    "forgetting_counts": "numerics.label_errors.training_dynamics",
    "gaussian_blur": "numerics.augment.image_filters",
    "gaussian_copula_sample": "numerics.augment.copula",
    "get_label_quality_scores": "numerics.confident.quality_scores",
    "glad": "numerics.consensus.glad",
    "grid_dropout": "numerics.augment.image_filters",
    "grid_warp": "numerics.augment.warp_plans",
    "gwet_ac1": "numerics.agreement.coefficients",
    "gwet_ac2": "numerics.agreement.coefficients",
    "hidden_markov": "numerics.weak_supervision.sequence",
    "history": "workflows.history",
    "image_noise": "numerics.augment.image_filters",
    "image_source_impulse": "numerics.augment.audio_channel",
    "ingest": "workflows.ingest",
    "inject_label_noise": "numerics.statistics.noise",
    "inject_missing": "numerics.augment.tables",
    "invert": "numerics.augment.image_tones",
    "item_agreement": "numerics.agreement.detail",
    "jpeg_compression": "numerics.augment.image_filters",
    "k_center": "numerics.querying.coverage",
    "k_center_partitioned": "numerics.querying.coverage",
    "keyboard_typos": "numerics.augment.text_noise",
    "kornia_batch": "numerics.augment.batches",
    "kos": "numerics.consensus.kos",
    "krippendorff_alpha": "numerics.agreement.coefficients",
    "label_matrix": "numerics.weak_supervision.matrix",
    "labeling_function": "workflows.weak.rules",
    "lf_summary": "numerics.weak_supervision.analysis",
    "load_policy": "workflows.augment.policies",
    "mace": "numerics.consensus.mace",
    "majority_vote": "numerics.consensus.majority",
    "median_blur": "numerics.augment.image_filters",
    "mixup": "numerics.augment.mixing",
    "mosaic": "numerics.augment.mixing_images",
    "most_disputed": "numerics.weak_supervision.analysis",
    "motion_blur": "numerics.augment.image_filters",
    "multilabel_beliefs": "numerics.weak_supervision.multilabel",
    "multilabel_matrices": "numerics.weak_supervision.multilabel",
    "nearest_neighbors": "numerics.similarity.neighbors",
    "neighbor_shapley": "numerics.label_errors.review_order",
    "normalize_image": "numerics.augment.images",
    "num_label_issues": "numerics.confident.joint",
    "numeric_consensus": "numerics.consensus.majority",
    "numeric_votes": "numerics.weak_supervision.multilabel",
    "ocr_errors": "numerics.augment.text_noise",
    "one_coin": "numerics.consensus.expectation_maximisation",
    "optical_warp": "numerics.augment.warp_plans",
    "order_by_worth": "numerics.label_errors.review_order",
    "pairwise_kappa": "numerics.agreement.coefficients",
    "percent_agreement": "numerics.agreement.coefficients",
    "perspective_warp": "numerics.augment.warp_plans",
    "pitch_shift": "numerics.augment.audio_spectral",
    "plan_rows": "numerics.weak_supervision.soft_training",
    "plan_verdicts": "numerics.label_errors.count",
    "posterize": "numerics.augment.image_tones",
    "precision_at_k": "numerics.label_errors.review_yield",
    "prob_cover": "numerics.querying.clusters",
    "prove": "workflows.proof.prove",
    "quality_score": "numerics.statistics.quality",
    "quantile_jitter": "numerics.augment.tables",
    "random_deletion": "numerics.augment.text_eda",
    "random_insertion": "generators.text._plain",
    "random_swap": "numerics.augment.text_eda",
    "rater_agreement": "numerics.agreement.detail",
    "rater_report": "numerics.consensus.raters",
    "read_rules": "workflows.weak.rules",
    "resized_crop_warp": "numerics.augment.warp_plans",
    "resizemix": "numerics.augment.mixing_images",
    "review": "workflows.active.review",
    "room_impulse": "numerics.augment.audio_channel",
    "room_response": "numerics.augment.audio_channel",
    "rule": "workflows.weak.rules",
    "safe_magnitude": "numerics.augment.preservation",
    "salt_and_pepper": "numerics.augment.image_filters",
    "save_policy": "workflows.augment.policies",
    "score_slices": "numerics.weak_supervision.slices",
    "scott_pi": "numerics.agreement.coefficients",
    "search_augmentation": "workflows.augment.search",
    "search_samples": "workflows.augment.search",
    "select": "workflows.active.select",
    "sentence_shuffle": "numerics.augment.text_forms",
    "simulate": "workflows.active.simulate",
    "slicing_function": "workflows.weak.rules",
    "smote": "numerics.augment.oversampling",
    "soft_labels": "numerics.augment.soft_labels",
    "solarize": "numerics.augment.image_tones",
    "solarize_add": "numerics.augment.image_tones",
    "spans_of": "numerics.weak_supervision.sequence",
    "spec_augment": "numerics.augment.spectrogram",
    "stream": "workflows.augment.stream",
    "suggest_keywords": "numerics.weak_supervision.suggest",
    "swap_noise": "numerics.augment.tables",
    "synonym_replacement": "generators.text._plain",
    "table_mixup": "numerics.augment.mixing",
    "teach": "workflows.active.teach",
    "time_stretch": "numerics.augment.audio_spectral",
    "to_gray": "numerics.augment.images",
    "token_matrix": "numerics.weak_supervision.sequence",
    "transpose_warp": "numerics.augment.warp_plans",
    "turn_warp": "numerics.augment.warp_plans",
    "typiclust": "numerics.querying.clusters",
    "uncertainty_scores": "numerics.querying.scores",
    "undo": "workflows.history",
    "vote_entropy": "numerics.querying.committee",
    "weak_analyze": "workflows.weak.verbs",
    "weak_apply": "workflows.weak.verbs",
    "weak_fit": "workflows.weak.verbs",
    "weak_label": "workflows.weak.verbs",
    "weighted_majority": "numerics.consensus.majority",
    "wordnet_synonyms": "generators.text._wordnet",
}

if TYPE_CHECKING:
    from tilth.errors import TilthError
    from tilth.estimators.active_learner import ActiveLearner
    from tilth.estimators.clean_classifier import CleanClassifier
    from tilth.estimators.committee import Committee
    from tilth.estimators.label_model import LabelModel
    from tilth.estimators.stream import StreamSelector
    from tilth.generators.text._plain import eda, random_insertion, synonym_replacement
    from tilth.generators.text._wordnet import wordnet_synonyms
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
    from tilth.numerics.augment.audio import (
        audio_fade,
        audio_gain,
        audio_noise,
        audio_polarity,
        audio_reverse,
        audio_shift,
        audio_time_mask,
    )
    from tilth.numerics.augment.audio_channel import (
        band_limit,
        codec_loss,
        image_source_impulse,
        room_impulse,
        room_response,
    )
    from tilth.numerics.augment.audio_spectral import (
        audio_frequency_mask,
        audio_spec_augment,
        audio_speed,
        pitch_shift,
        time_stretch,
    )
    from tilth.numerics.augment.batches import kornia_batch
    from tilth.numerics.augment.copula import gaussian_copula_sample
    from tilth.numerics.augment.filter_augment import filter_augment
    from tilth.numerics.augment.image_filters import (
        adjust_sharpness,
        coarse_dropout,
        gaussian_blur,
        grid_dropout,
        image_noise,
        jpeg_compression,
        median_blur,
        motion_blur,
        salt_and_pepper,
    )
    from tilth.numerics.augment.image_tones import autocontrast, equalize, invert, posterize, solarize, solarize_add
    from tilth.numerics.augment.images import (
        adjust_brightness,
        adjust_contrast,
        adjust_gamma,
        adjust_hue,
        adjust_saturation,
        color_jitter,
        normalize_image,
        to_gray,
    )
    from tilth.numerics.augment.mixing import audio_mixup, c_mixup, embedding_mixup, mixup, table_mixup
    from tilth.numerics.augment.mixing_collate import MixCollate
    from tilth.numerics.augment.mixing_images import Mosaic, cutmix, mosaic, resizemix
    from tilth.numerics.augment.oversampling import smote
    from tilth.numerics.augment.pixels import as_image
    from tilth.numerics.augment.policy_choice import choose_policy
    from tilth.numerics.augment.preservation import flip_rates, safe_magnitude
    from tilth.numerics.augment.search import density_match
    from tilth.numerics.augment.shift import embedding_shift
    from tilth.numerics.augment.soft_labels import soft_labels
    from tilth.numerics.augment.spectrogram import spec_augment
    from tilth.numerics.augment.tables import inject_missing, quantile_jitter, swap_noise
    from tilth.numerics.augment.text_eda import aeda, random_deletion, random_swap
    from tilth.numerics.augment.text_entities import change_names, change_numbers, change_places
    from tilth.numerics.augment.text_forms import contractions, sentence_shuffle
    from tilth.numerics.augment.text_noise import keyboard_typos, ocr_errors
    from tilth.numerics.augment.warp_plans import (
        affine_warp,
        crop_warp,
        elastic_warp,
        flip_warp,
        grid_warp,
        optical_warp,
        perspective_warp,
        resized_crop_warp,
        transpose_warp,
        turn_warp,
    )
    from tilth.numerics.augment.warps import Warp
    from tilth.numerics.augment.word_neighbors import WordNeighbors
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
    from tilth.records import AugmentationPolicy, Decision, Evidence, Findings, Proof, RoleOverrides, Sample, Snapshot
    from tilth.workflows.active.review import count, review
    from tilth.workflows.active.select import select
    from tilth.workflows.active.simulate import simulate
    from tilth.workflows.active.teach import teach
    from tilth.workflows.arrays import check_arrays
    from tilth.workflows.audit import Audit, audit
    from tilth.workflows.augment.apply import apply_policy
    from tilth.workflows.augment.policies import load_policy, save_policy
    from tilth.workflows.augment.search import AugmentationSearch, SearchSettings, search_augmentation, search_samples
    from tilth.workflows.augment.stream import AugmentedDataset, stream
    from tilth.workflows.augment.verb import Augmentation, augment
    from tilth.workflows.crowd.agree import agree
    from tilth.workflows.crowd.consensus import ConsensusOptions, consensus
    from tilth.workflows.crowd.votes import VoteOptions
    from tilth.workflows.demo import demo
    from tilth.workflows.doctor import doctor
    from tilth.workflows.export import export
    from tilth.workflows.fix import Policy, fix
    from tilth.workflows.history import compare, history, undo
    from tilth.workflows.ingest import ingest
    from tilth.workflows.project import Dataset, RunOptions
    from tilth.workflows.proof.prove import prove
    from tilth.workflows.weak.rules import (
        apply_labeling_functions,
        labeling_function,
        read_rules,
        rule,
        slicing_function,
    )
    from tilth.workflows.weak.verbs import WeakOptions, weak_analyze, weak_apply, weak_fit, weak_label

__all__ = [
    "ActiveLearner",
    "Audit",
    "Augmentation",
    "AugmentationPolicy",
    "AugmentationSearch",
    "AugmentedDataset",
    "CleanClassifier",
    "Committee",
    "ConsensusOptions",
    "Dataset",
    "Decision",
    "Evidence",
    "Findings",
    "LabelModel",
    "MixCollate",
    "Mosaic",
    "NoiseAwareLogistic",
    "Policy",
    "Proof",
    "RoleOverrides",
    "RunOptions",
    "Sample",
    "SearchSettings",
    "Snapshot",
    "StreamSelector",
    "TilthError",
    "VoteOptions",
    "Warp",
    "WeakOptions",
    "WordNeighbors",
    "add_votes",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "aeda",
    "affine_warp",
    "agree",
    "agreement_rule",
    "analyze_functions",
    "apply_labeling_functions",
    "apply_policy",
    "area_under_margin",
    "as_image",
    "as_votes",
    "ask_next",
    "audio_fade",
    "audio_frequency_mask",
    "audio_gain",
    "audio_mixup",
    "audio_noise",
    "audio_polarity",
    "audio_reverse",
    "audio_shift",
    "audio_spec_augment",
    "audio_speed",
    "audio_time_mask",
    "audit",
    "augment",
    "auto_label_model",
    "autocontrast",
    "badge",
    "bald_scores",
    "band_limit",
    "batch_bald",
    "c_mixup",
    "calibrate_scores",
    "change_names",
    "change_numbers",
    "change_places",
    "check_arrays",
    "choose_consensus",
    "choose_policy",
    "choose_repair",
    "class_agreement",
    "coarse_dropout",
    "codec_loss",
    "cohen_kappa",
    "color_jitter",
    "compare",
    "compare_model_vs_data",
    "compute_confident_joint",
    "confused_pairs",
    "consensus",
    "contractions",
    "count",
    "crop_warp",
    "cross_fit_probabilities",
    "crowdlab",
    "cutmix",
    "dawid_skene",
    "dawid_skene_update",
    "demo",
    "density_match",
    "doctor",
    "eda",
    "elastic_warp",
    "embedding_mixup",
    "embedding_shift",
    "equalize",
    "estimate_error_count",
    "estimate_label_errors",
    "expected_finds",
    "expected_gain",
    "export",
    "filter_augment",
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
    "flip_rates",
    "flip_warp",
    "forgetting_counts",
    "gaussian_blur",
    "gaussian_copula_sample",
    "get_label_quality_scores",
    "glad",
    "grid_dropout",
    "grid_warp",
    "gwet_ac1",
    "gwet_ac2",
    "hidden_markov",
    "history",
    "image_noise",
    "image_source_impulse",
    "ingest",
    "inject_label_noise",
    "inject_missing",
    "invert",
    "item_agreement",
    "jpeg_compression",
    "k_center",
    "k_center_partitioned",
    "keyboard_typos",
    "kornia_batch",
    "kos",
    "krippendorff_alpha",
    "label_matrix",
    "labeling_function",
    "lf_summary",
    "load_policy",
    "mace",
    "majority_vote",
    "median_blur",
    "mixup",
    "mosaic",
    "most_disputed",
    "motion_blur",
    "multilabel_beliefs",
    "multilabel_matrices",
    "nearest_neighbors",
    "neighbor_shapley",
    "normalize_image",
    "num_label_issues",
    "numeric_consensus",
    "numeric_votes",
    "ocr_errors",
    "one_coin",
    "optical_warp",
    "order_by_worth",
    "pairwise_kappa",
    "percent_agreement",
    "perspective_warp",
    "pitch_shift",
    "plan_rows",
    "plan_verdicts",
    "posterize",
    "precision_at_k",
    "prob_cover",
    "prove",
    "quality_score",
    "quantile_jitter",
    "random_deletion",
    "random_insertion",
    "random_swap",
    "rater_agreement",
    "rater_report",
    "read_rules",
    "resized_crop_warp",
    "resizemix",
    "review",
    "room_impulse",
    "room_response",
    "rule",
    "safe_magnitude",
    "salt_and_pepper",
    "save_policy",
    "score_slices",
    "scott_pi",
    "search_augmentation",
    "search_samples",
    "select",
    "sentence_shuffle",
    "simulate",
    "slicing_function",
    "smote",
    "soft_labels",
    "solarize",
    "solarize_add",
    "spans_of",
    "spec_augment",
    "stream",
    "suggest_keywords",
    "swap_noise",
    "synonym_replacement",
    "table_mixup",
    "teach",
    "time_stretch",
    "to_gray",
    "token_matrix",
    "transpose_warp",
    "turn_warp",
    "typiclust",
    "uncertainty_scores",
    "undo",
    "vote_entropy",
    "weak_analyze",
    "weak_apply",
    "weak_fit",
    "weak_label",
    "weighted_majority",
    "wordnet_synonyms",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'tilth' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"tilth.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
