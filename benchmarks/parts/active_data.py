"""Features of the real datasets as `tilth select` sees them: read by a source, embedded by the default embedder."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

PLACES = {
    "fsdd": "audio/fsdd",
    "sign_language_digits": "images/sign_language_digits",
    "sst2": "text/sst2/train.csv",
    "adult_census": "tabular/adult_census/adult.csv",
    "banking77": "text/banking77/train.csv",
}


def load(name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Features and class codes; None where the dataset is absent (see $TILTH_DATA)."""
    from tilth.engine import Resolver
    from tilth.plugin import Run
    from tilth.sources import choose_source
    from tilth.workflows.ingest import snapshot_of
    from tilth.workflows.project import RunOptions

    if name == "digits":
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        return X.astype(np.float32), y
    root = Path(os.environ.get("TILTH_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    uri = root / PLACES[name]
    if not uri.exists():
        return None
    snapshot, _ = snapshot_of(choose_source(str(uri)).read(str(uri), Run()))
    embeddings = Resolver(snapshot, RunOptions().run("bench", None)).get("embeddings")
    rows = snapshot.positions(list(embeddings.row_ids))
    return embeddings.values, snapshot.labels[rows]
