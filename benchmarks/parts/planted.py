"""Planted label noise on five real datasets, three seeds a setting: average precision of the label-error score and
test accuracy of one fixed model (standardised logistic regression on the same features) after nothing, after
tilth's default `fix`, after cleanlab's CleanLearning, and after dropping the rows whose cross-validated prediction
differs from the label. "Best peer AP" is the best of cleanlab's three scores in that setting. Means of three seeds."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

TITLE = "Planted label noise"
DATASETS = ("digits", "fsdd", "sign_language_digits", "sst2", "adult_census")
KINDS = ("uniform", "class_dependent")
RATES = (0.1, 0.2, 0.4)
SEEDS = (0, 1, 2)

PEER = """
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
from cleanlab.classification import CleanLearning
from cleanlab.rank import get_label_quality_scores
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
data = np.load(sys.argv[1]); out = {}
X, test_X, test_y = data["X"], data["test_X"], data["test_y"]
model = lambda: make_pipeline(StandardScaler(), LogisticRegression(C=float(data["C"]), max_iter=300))
for name in data["settings"]:
    noisy, wrong, probs = data[f"{name}/y"], data[f"{name}/wrong"], data[f"{name}/p"].astype(np.float64)
    probs /= probs.sum(1, keepdims=True)
    out[f"{name}/ap"] = max(average_precision_score(wrong, 1 - get_label_quality_scores(noisy, probs, method=m))
                            for m in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"))
    try:
        robust = CleanLearning(model(), seed=0, verbose=False).fit(X, noisy)
        out[f"{name}/acc"] = (robust.predict(test_X) == test_y).mean()
    except Exception:
        out[f"{name}/acc"] = np.nan
np.savez(sys.argv[2], **out)
"""


def data_root() -> Path:
    """Folder of the real datasets."""
    return Path(os.environ.get("TILTH_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def load(name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Features by the default embedder, and labels; None where the dataset is absent."""
    from tilth.engine import Resolver
    from tilth.plugin import Run
    from tilth.sources import choose_source
    from tilth.workflows.ingest import snapshot_of
    from tilth.workflows.project import RunOptions

    if name == "digits":
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        return X.astype(np.float32), y
    path = {
        "fsdd": "audio/fsdd",
        "sign_language_digits": "images/sign_language_digits",
        "sst2": "text/sst2/train.csv",
        "adult_census": "tabular/adult_census/adult.csv",
        "banking77": "text/banking77/train.csv",
    }[name]
    uri = str(data_root() / path)
    if not Path(uri).exists():
        return None
    snapshot, _ = snapshot_of(choose_source(uri).read(uri, Run()))
    resolver = Resolver(snapshot, RunOptions().run("bench", None))
    embeddings = resolver.get("embeddings")
    rows = snapshot.positions(list(embeddings.row_ids))
    return embeddings.values, snapshot.labels[rows]


def settings() -> Iterator[tuple[str, str, float, int]]:
    """Name, kind, rate and seed of every setting."""
    for kind in KINDS:
        for rate in RATES:
            for seed in SEEDS:
                yield f"{kind}-{rate}-{seed}", kind, rate, seed


def _fit_score(model: Any, X: np.ndarray, y: np.ndarray, test_X: np.ndarray, test_y: np.ndarray) -> float:
    import warnings

    from sklearn.base import clone

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float((clone(model).fit(X, y).predict(test_X) == test_y).mean())


def _dataset(name: str, peer: str, quick: bool) -> list[dict[str, Any]] | None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import average_precision_score
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from tilth import cross_fit_probabilities, inject_label_noise
    from tilth.workflows.arrays import check_arrays

    loaded = load(name)
    if loaded is None:
        return None
    X, y = loaded
    C = 0.1 if name in ("sst2", "adult_census") else 1.0
    model = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=300))
    X, test_X, y, test_y = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
    chosen = [s for s in settings() if not quick or (s[3] == 0 and s[2] == 0.2)]
    given: dict[str, Any] = {"X": X, "test_X": test_X, "test_y": test_y, "C": C, "settings": [s[0] for s in chosen]}
    mine: dict[str, dict[str, float]] = {}
    for key, kind, rate, seed in chosen:
        noisy, wrong = inject_label_noise(y, rate, kind=kind, random_state=seed)
        probs = cross_fit_probabilities(model, X, noisy, random_state=seed).probs
        given |= {f"{key}/y": noisy, f"{key}/wrong": wrong, f"{key}/p": probs}
        found = check_arrays(X, noisy, pred_probs=probs, issues=["label_error"]).findings["label_error"]
        scores, fixed = np.zeros(len(y)), noisy.copy()
        for row in found.to_dicts():
            place = int(row["row_id"])
            scores[place] = row["score"]
            if row["flagged"] and row["score"] >= 0.5 and row["suggestion"]:
                fixed[place] = int(row["suggestion"])
        keep = probs.argmax(axis=1) == noisy
        mine[key] = {
            "ap": float(average_precision_score(wrong, scores)),
            "nothing": _fit_score(model, X, noisy, test_X, test_y),
            "fix": _fit_score(model, X, fixed, test_X, test_y),
            "drop": _fit_score(model, X[keep], noisy[keep], test_X, test_y),
        }
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/in.npz", **given)
        subprocess.run([peer, "-c", PEER, f"{folder}/in.npz", f"{folder}/out.npz"], check=True)
        peers = dict(np.load(f"{folder}/out.npz"))
    rows = []
    for kind in KINDS:
        for rate in RATES:
            keys = [s[0] for s in chosen if s[1] == kind and s[2] == rate]
            if keys:
                mean = {m: float(np.mean([mine[k][m] for k in keys])) for m in ("ap", "nothing", "fix", "drop")}
                mean |= {f"peer_{m}": float(np.nanmean([peers[f"{k}/{m}"] for k in keys])) for m in ("ap", "acc")}
                rows.append({"dataset": name, "kind": kind, "rate": rate, **mean})
    return rows


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """The table of the suite; this part shows figures and sets no target."""
    del python
    rows: list[dict[str, Any]] = []
    absent: list[str] = []
    for name in DATASETS[:2] if quick else DATASETS:
        found = _dataset(name, peer, quick)
        if found is None:
            absent.append(name)
        else:
            rows += found
    head = "| dataset | noise | rate | AP tilth | AP best peer | nothing | fix | CleanLearning | drop |"
    lines = [head, "|---|---|---|---|---|---|---|---|---|"]
    for r in rows:
        figures = (r["ap"], r["peer_ap"], r["nothing"], r["fix"], r["peer_acc"], r["drop"])
        cells = [r["dataset"], r["kind"], f"{r['rate']:.0%}", *(f"{v:.3f}" for v in figures)]
        lines.append("| " + " | ".join(cells) + " |")
    if absent:
        lines.append(f"\nNot measured, since the data are absent: {', '.join(absent)}.")
    mean = {m: float(np.mean([r[m] for r in rows])) for m in ("ap", "peer_ap", "nothing", "fix", "peer_acc", "drop")}
    summary = [
        {"name": "mean average precision", "tilth": f"{mean['ap']:.3f}", "peer": f"{mean['peer_ap']:.3f} (best score)"},
        {"name": "mean test accuracy after the automatic fix", "tilth": f"{mean['fix']:.3f}",
         "peer": f"{mean['peer_acc']:.3f} (CleanLearning), {mean['drop']:.3f} (drop), {mean['nothing']:.3f} (nothing)"},
    ]  # fmt: skip
    return {"rows": summary, "text": "\n".join(lines)}
