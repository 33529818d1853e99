"""``audit``: what is wrong with the data, worst first, with what to do about it.

The rows are ingested (or the dataset's current snapshot is taken), detectors are picked, the engine makes
the evidence they need, and their findings, the quality score and advice come back together. Nothing is
changed. A second audit of the same snapshot looks everything up.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tilth.engine import Execution, Resolver, run_detectors
from tilth.engine.label_errors import estimate_of
from tilth.numerics.label_errors.count import estimate_error_count
from tilth.plugin import Detector, Shelf
from tilth.records import Evidence, Findings, Outcome, RoleOverrides, Snapshot
from tilth.store import Workspace
from tilth.workflows.audit_settings import AuditSettings
from tilth.workflows.ingest import dataset_of
from tilth.workflows.models import check_model, model_identity
from tilth.workflows.predictions import read_probabilities, refuse_in_sample
from tilth.workflows.project import Dataset, RunOptions, head_snapshot, opened
from tilth.workflows.report.advice import advise
from tilth.workflows.report.map import map_vectors
from tilth.workflows.report.quality import measure_quality

__all__ = ["Audit", "audit", "audit_dataset", "audit_snapshot", "pick_detectors"]


@dataclass(frozen=True)
class Audit:
    """What an audit says.

    Parameters
    ----------
    dataset : Dataset
    snapshot : Snapshot
    findings : dict of part name to Findings
    outcomes : tuple of Outcome
        One for each part asked for.
    quality : dict of str to float
        ``completeness``, ``uniqueness``, ``balance``, ``label_health``, ``overall``, each in [0, 1];
        a figure that does not apply is absent.
    actions : tuple of str
        What to do first, and why.
    notes : tuple of str
    seconds : float
    seed : int
    settings : AuditSettings
        What was chosen for it.
    map_vectors : Evidence or None
        Embeddings of the rows that a report draws on its map.
    """

    dataset: Dataset
    snapshot: Snapshot
    findings: dict[str, Findings]
    outcomes: tuple[Outcome, ...]
    quality: dict[str, float]
    actions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    seed: int = 0
    evidence_notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    settings: AuditSettings = field(default_factory=AuditSettings)
    map_vectors: Evidence | None = None

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Outcomes of the parts that failed."""
        return tuple(outcome for outcome in self.outcomes if outcome.outcome == "failed")

    def to_dict(self) -> dict[str, Any]:
        """The object that ``--json`` prints: only flagged findings, worst first within each issue."""
        return {
            "verb": "audit",
            "snapshot": self.snapshot.id,
            "outcomes": [
                {"part": o.part, "outcome": o.outcome, "reason": o.reason, "seconds": o.seconds} for o in self.outcomes
            ],
            "findings": Findings.concat(f.flagged() for f in self.findings.values()).to_dicts(),
            "summary": {
                "rows": len(self.snapshot),
                "classes": len(self.snapshot.classes),
                "quality": self.quality,
                "flagged": {name: f.n_flagged for name, f in self.findings.items()},
                "issues": {name: f.summary for name, f in self.findings.items()},
                "actions": list(self.actions),
                "notes": list(self.notes),
                "seed": self.seed,
            },
        }


def pick_detectors(names: Sequence[str] = (), params: Mapping[str, Mapping[str, Any]] | None = None) -> list[Detector]:
    """The detectors to run: those named, or all defaults; `params` maps a name to its parameters."""
    shelf = Shelf("detectors")
    params = params or {}
    for name in params:
        shelf.get(name)
    wanted = list(names) or [cls.name for cls in shelf if cls.default]
    return [shelf.make(name, **params.get(name, {})) for name in wanted]


def audit_snapshot(
    snapshot: Snapshot,
    parts: Sequence[Detector],
    resolver: Resolver,
    *,
    max_cost: str = "model",
) -> tuple[Execution, dict[str, float], tuple[str, ...]]:
    """Findings, quality and advice of one snapshot."""
    execution = run_detectors(resolver, parts, max_cost=max_cost)
    if "label_error" in execution.findings:
        labels = snapshot.labels[snapshot.positions(list(resolver.get("label_errors").row_ids))]
        total = estimate_error_count(
            estimate_of(resolver.get("label_errors"), labels), random_state=resolver.run.seed
        ).total
        interval = {"estimate": round(total.estimate), "low": round(total.low), "high": round(total.high)}
        execution.findings["label_error"].summary["error_count"] = interval
    quality = measure_quality(snapshot, execution.findings, whole=not execution.failed)
    return execution, quality, advise(snapshot, execution.findings, execution.failed)


def audit(
    target: Any,
    *,
    overrides: RoleOverrides | None = None,
    workspace: str | Path | None = None,
    name: str = "",
    encoding: str = "",
    issues: Sequence[str] = (),
    params: Mapping[str, Mapping[str, Any]] | None = None,
    model: Any = None,
    model_name: str = "",
    probs: Any = None,
    embedder: str = "",
    n_folds: int = 5,
    max_cost: str = "model",
    options: RunOptions | None = None,
) -> Audit:
    """Find what is wrong with a dataset.

    Parameters
    ----------
    target : str, Path, object or Dataset
        Data as for `ingest`, or a `Dataset` whose current snapshot is looked at.
    overrides, workspace, name, encoding
        As for `ingest`.
    issues : sequence of str
        Detectors to run; default: all default ones.
    params : mapping of detector to parameters, optional
    model : scikit-learn classifier or factory, optional
        The fixed model whose out-of-sample probabilities are used. Default: multinomial logistic
        regression on the embeddings.
    model_name : str
        Its name in reports. Needed where `model` cannot describe itself, such as a lambda: it then stands for the
        model, and another model needs another name.
    probs : path or table, optional
        Out-of-sample probabilities that you bring: one column for each class, named like the class.
        In-sample ones are detected and refused.
    embedder : str
        Name of an embedder; default by medium.
    n_folds : int
    max_cost : str
    options : RunOptions, optional

    Returns
    -------
    Audit
    """
    start = time.perf_counter()
    options = options or RunOptions()
    dataset, notes = dataset_of(
        target, overrides=overrides, workspace=workspace, name=name, encoding=encoding, options=options
    )
    check_model(model, model_name)
    called, key = model_identity(model, model_name)
    plain = {part: dict(values) for part, values in (params or {}).items()}
    settings = AuditSettings(embedder, called, key, n_folds, options.seed, plain)
    found = audit_dataset(dataset, settings, issues, model=model, probs=probs, max_cost=max_cost, options=options)
    return replace(found, notes=(*notes, *found.notes), seconds=round(time.perf_counter() - start, 2))


def audit_dataset(
    dataset: Dataset,
    settings: AuditSettings,
    issues: Sequence[str] = (),
    *,
    model: Any = None,
    probs: Any = None,
    max_cost: str = "model",
    options: RunOptions,
) -> Audit:
    """Audit the current snapshot of a dataset with given settings, and keep the findings with them."""
    start = time.perf_counter()
    parts = pick_detectors(issues, settings.params)
    with opened(dataset) as store:
        snapshot = head_snapshot(store, dataset)
        if probs is not None:
            settings = replace(settings, probs=_keep_probabilities(probs, snapshot, settings, options, store, model))
        resolver = settings.resolver(snapshot, options, store, model=model)
        execution, quality, actions = audit_snapshot(snapshot, parts, resolver, max_cost=max_cost)
        vectors = map_vectors(resolver, execution.findings, parts)
        store.put_findings(
            dataset.name,
            execution.findings,
            execution.outcomes,
            {"quality": quality, "actions": list(actions), "settings": settings.to_dict()},
            snapshot_id=snapshot.id,
        )
    return Audit(
        dataset,
        snapshot,
        execution.findings,
        execution.outcomes,
        quality,
        actions,
        resolver.notes(),
        round(time.perf_counter() - start, 2),
        settings.seed,
        settings=settings,
        map_vectors=vectors,
    )


def _keep_probabilities(
    probs: Any, snapshot: Snapshot, settings: AuditSettings, options: RunOptions, store: Workspace, model: Any
) -> str:
    """Check the user's probabilities and keep them beside the dataset; the address under which they are found."""
    brought = read_probabilities(probs, snapshot)
    brought = refuse_in_sample(brought, settings.resolver(snapshot, options, store, model=model))
    store.put_evidence(brought)
    return brought.address
