"""Nothing but out-of-sample probabilities of the fixed model, with labels made wrong as in the suite: average precision
beside cleanlab's three scores of the same probabilities. Means over three seeds and the suite's settings."""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from typing import Any

import numpy as np

from parts.labels_data import DATASETS, load
from parts.labels_suite import KINDS, _model, settings

TITLE = "Probabilities alone"

PEER = """
import sys
import numpy as np
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score
data = np.load(sys.argv[1]); out = {}
for name in data["settings"]:
    probs = data[f"{name}/p"].astype(np.float64)
    probs /= probs.sum(1, keepdims=True)
    noisy, wrong = data[f"{name}/y"], data[f"{name}/wrong"]
    out[name] = [average_precision_score(wrong, 1 - get_label_quality_scores(noisy, probs, method=m))
                 for m in ("self_confidence", "normalized_margin", "confidence_weighted_entropy")]
np.savez(sys.argv[2], **out)
"""


def _dataset(name: str, peer: str, *, quick: bool) -> dict[tuple[str, str, float], list[Any]]:
    """Per setting and seed: tilth's average precision and those of the three scores."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import average_precision_score
    from sklearn.model_selection import train_test_split

    from tilth import cross_fit_probabilities, inject_label_noise
    from tilth.numerics.label_errors.model import estimate_label_errors

    loaded = load(name)
    if loaded is None:
        return {}
    X, _, y, _ = train_test_split(*loaded, test_size=0.25, stratify=loaded[1], random_state=0)
    kinds = [k for k in KINDS if k != "class_dependent" or len(np.unique(y)) > 2]
    model = _model(0.1 if name in ("sst2", "adult_census", "banking77") else 1.0)
    chosen = list(settings(kinds, quick=quick))
    given: dict[str, Any] = {"settings": [s[0] for s in chosen]}
    mine: dict[str, float] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for key, kind, rate, seed in chosen:
            features = X if kind == "instance_dependent" else None
            noisy, wrong = inject_label_noise(y, rate, kind=kind, features=features, random_state=seed)
            probs = cross_fit_probabilities(model, X, noisy, random_state=seed).probs
            found = estimate_label_errors(None, noisy, pred_probs=probs)
            given |= {f"{key}/y": noisy, f"{key}/wrong": wrong, f"{key}/p": probs}
            mine[key] = float(average_precision_score(wrong, found.p_error))
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/in.npz", **given)
        subprocess.run([peer, "-c", PEER, f"{folder}/in.npz", f"{folder}/out.npz"], check=True)
        theirs = dict(np.load(f"{folder}/out.npz"))
    rows: dict[tuple[str, str, float], list[Any]] = {}
    for key, kind, rate, _ in chosen:
        rows.setdefault((name, kind, rate), []).append([mine[key], *theirs[key]])
    return rows


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """The distance to the best score on the whole, and to the best of three in each setting."""
    del python
    found: dict[tuple[str, str, float], list[Any]] = {}
    for name in DATASETS[:2] if quick else DATASETS:
        found |= _dataset(name, peer, quick=quick)
    means = {key: np.mean(values, axis=0) for key, values in found.items()}
    table = np.array(list(means.values()))
    scores = ("self-confidence", "normalised margin", "confidence-weighted entropy")
    best = int(table[:, 1:].mean(axis=0).argmax())
    known = table[:, 0] - table[:, 1 + best]
    single = table[:, 0] - table[:, 1:].max(axis=1)
    worst = list(means)[int(single.argmin())]
    overall, where = table[:, 1 + best].mean(), ", ".join(map(str, worst))
    return {"rows": [
        {"name": f"average precision, mean of {len(table)} settings", "tilth": f"{table[:, 0].mean():.3f}",
         "peer": f"{overall:.3f} ({scores[best]})", "target": "no worse", "passed": bool(known.mean() >= 0)},
        {"name": "less the best score on the whole, worst setting", "tilth": f"{known.min():+.3f}", "peer": "0",
         "target": "-0.010", "passed": bool(known.min() >= -0.01)},
        {"name": f"less the best of three in each setting (mean {single.mean():+.3f}), worst: {where}",
         "tilth": f"{single.min():+.3f}", "peer": "0", "target": "-0.010", "passed": bool(single.min() >= -0.01)},
    ]}  # fmt: skip
