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
    "Audit": "workflows.audit",
    "Dataset": "workflows.project",
    "Decision": "records",
    "Evidence": "records",
    "Findings": "records",
    "Policy": "workflows.fix",
    "Proof": "records",
    "RoleOverrides": "records",
    "RunOptions": "workflows.project",
    "Snapshot": "records",
    "TilthError": "errors",
    "audit": "workflows.audit",
    "check_arrays": "workflows.arrays",
    "compare": "workflows.history",
    "compare_model_vs_data": "numerics.experiment",
    "compute_confident_joint": "numerics.confident",
    "cross_fit_probabilities": "numerics.crossfit",
    "demo": "workflows.demo",
    "doctor": "workflows.doctor",
    "export": "workflows.export",
    "find_label_issues": "numerics.label_issues",
    "find_near_duplicates": "numerics.duplicates",
    "find_outliers": "numerics.outliers",
    "fix": "workflows.fix",
    "get_label_quality_scores": "numerics.label_quality",
    "history": "workflows.history",
    "ingest": "workflows.ingest",
    "inject_label_noise": "numerics.noise",
    "nearest_neighbors": "numerics.neighbors",
    "num_label_issues": "numerics.confident",
    "prove": "workflows.prove",
    "quality_score": "numerics.quality",
    "undo": "workflows.history",
}

if TYPE_CHECKING:
    from tilth.errors import TilthError
    from tilth.numerics.confident import compute_confident_joint, num_label_issues
    from tilth.numerics.crossfit import cross_fit_probabilities
    from tilth.numerics.duplicates import find_near_duplicates
    from tilth.numerics.experiment import compare_model_vs_data
    from tilth.numerics.label_issues import find_label_issues
    from tilth.numerics.label_quality import get_label_quality_scores
    from tilth.numerics.neighbors import nearest_neighbors
    from tilth.numerics.noise import inject_label_noise
    from tilth.numerics.outliers import find_outliers
    from tilth.numerics.quality import quality_score
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

__all__ = [
    "Audit",
    "Dataset",
    "Decision",
    "Evidence",
    "Findings",
    "Policy",
    "Proof",
    "RoleOverrides",
    "RunOptions",
    "Snapshot",
    "TilthError",
    "audit",
    "check_arrays",
    "compare",
    "compare_model_vs_data",
    "compute_confident_joint",
    "cross_fit_probabilities",
    "demo",
    "doctor",
    "export",
    "find_label_issues",
    "find_near_duplicates",
    "find_outliers",
    "fix",
    "get_label_quality_scores",
    "history",
    "ingest",
    "inject_label_noise",
    "nearest_neighbors",
    "num_label_issues",
    "prove",
    "quality_score",
    "undo",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'tilth' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"tilth.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
