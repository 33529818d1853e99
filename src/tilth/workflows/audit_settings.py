"""How an audit was made, so that later verbs look at the same evidence: fix, count, review, prove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from tilth.engine import Resolver, ResolverOptions
from tilth.errors import ParameterError, StoreError
from tilth.records import Evidence, Snapshot
from tilth.store import Workspace
from tilth.workflows.models import load_model, model_identity
from tilth.workflows.project import Dataset, RunOptions

__all__ = ["AuditSettings", "settings_of"]


@dataclass(frozen=True)
class AuditSettings:
    """What was chosen for an audit.

    Parameters
    ----------
    embedder : str
        As the user wrote it; empty for the defaults.
    model_name, model_key : str
        How the model is called, and the hash of what it is; see `tilth.workflows.models.model_identity`.
    n_folds : int
    seed : int
    params : mapping of detector name to its parameters
    probs : str
        Address of the probabilities that the user brought; empty for none.
    """

    embedder: str = ""
    model_name: str = "default"
    model_key: str = "default"
    n_folds: int = 5
    seed: int = 0
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    probs: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-like form."""
        return asdict(self)

    def options(self, model: Any = None) -> ResolverOptions:
        """What a resolver is told; the audit's model is `model` where that is the same one, else built by its name.

        Raises
        ------
        ParameterError
            Neither is the audit's model.
        """
        if self.model_key == "default":
            return ResolverOptions(self.embedder, n_folds=self.n_folds)
        if model is None or model_identity(model, self.model_name)[1] != self.model_key:
            model = load_model(self.model_name) if ":" in self.model_name else None
        if model is None or model_identity(model, self.model_name)[1] != self.model_key:
            raise ParameterError(
                "the model of the newest audit cannot be built again, or has changed since",
                found=self.model_name,
                fix="pass the same model (model=... or --model package.module:factory), or audit again",
            )
        return ResolverOptions(self.embedder, model, self.model_name, self.n_folds, model_key=self.model_key)

    def resolver(
        self, snapshot: Snapshot, options: RunOptions, store: Workspace, *, model: Any = None, path: str = "audit"
    ) -> Resolver:
        """A resolver that makes, or finds, the very evidence of the audit for a version of its dataset."""
        brought = self.brought(snapshot, store)
        given = {"probs": brought} if brought is not None else {}
        return Resolver(snapshot, replace(options, seed=self.seed).run(path, store), self.options(model), given)

    def brought(self, snapshot: Snapshot, store: Workspace) -> Evidence | None:
        """The probabilities that the user brought, for the rows of `snapshot`; None where there are none."""
        if not self.probs:
            return None
        found = store.get_evidence(self.probs)
        if found is None:
            raise StoreError(
                "the probabilities that the audit was given are gone from the workspace",
                where=str(store.path),
                fix="audit again with --probs",
            )
        still_there = np.isin(found.row_ids.astype(str), snapshot.row_ids.astype(str))
        return replace(found.take(np.flatnonzero(still_there)), snapshot_id=snapshot.id)


def settings_of(store: Workspace, dataset: Dataset, snapshot_id: str | None = None) -> AuditSettings | None:
    """The settings of the newest audit of a dataset, or of one snapshot of it; None where there was none."""
    latest = store.latest_findings(dataset.name, snapshot_id)
    return AuditSettings(**latest[2]["settings"]) if latest is not None and "settings" in latest[2] else None
