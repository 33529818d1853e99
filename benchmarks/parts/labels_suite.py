"""Planted label noise of three kinds on six real datasets: average precision, accuracy after the automatic fix, and
coverage of the error count, beside cleanlab's best single score and CleanLearning. Means over seeds; at most 1,500 rows
of a dataset, 2,500 of banking77 with its 77 classes (sign_language_digits, sst2 and adult_census are sampled too, so
that the 162 runs take minutes, not hours); three quarters train. With two classes class-dependent and uniform errors
are the same, and are measured once. The fixed model is a standardised logistic regression."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from parts.labels_data import DATASETS, load
from tilth.numerics.statistics.threads import one_blas_thread

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

TITLE = "Label errors: found, fixed and counted"
KINDS = ("uniform", "class_dependent", "instance_dependent")
RATES = (0.1, 0.2, 0.4)
SEEDS = (0, 1, 2)
FOUND: dict[tuple[str, str, float, int], Any] = {}
"""Estimates of this run, for other parts."""


def settings(kinds: Sequence[str], *, quick: bool) -> Iterator[tuple[str, str, float, int]]:
    """Name, kind, rate and seed of every setting."""
    for kind in kinds:
        for rate in RATES[1:2] if quick else RATES:
            for seed in SEEDS[:1] if quick else SEEDS:
                yield f"{kind}-{rate}-{seed}", kind, rate, seed


def _model(C: float) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=300))


def _accuracy(model: Any, X: Any, y: Any, weight: Any, test_X: Any, test_y: Any) -> float:
    from sklearn.base import clone

    kept = weight > 0
    fitted = clone(model).fit(X[kept], y[kept], logisticregression__sample_weight=weight[kept])
    return float((fitted.predict(test_X) == test_y).mean())


def _one(
    model: Any, X: Any, noisy: Any, wrong: Any, test: tuple[Any, Any], key: tuple[str, str, float, int]
) -> dict[str, float]:
    """Everything measured on one noisy training set."""
    from sklearn.metrics import average_precision_score

    from tilth.numerics.label_errors.count import estimate_error_count, plan_verdicts
    from tilth.numerics.label_errors.model import estimate_label_errors
    from tilth.numerics.label_errors.repair import choose_repair

    found = estimate_label_errors(X, noisy)
    FOUND[key] = found
    repair = choose_repair(X, found, model=model)
    before = estimate_error_count(found).total
    rows = plan_verdicts(found, 100)
    after = estimate_error_count(found, verdict_rows=rows, verdict_is_error=wrong[rows]).total
    ones, truth = np.ones(len(noisy)), int(wrong.sum())
    return {
        "ap": float(average_precision_score(wrong, found.p_error)),
        "nothing": _accuracy(model, X, noisy, ones, *test),
        "fix": _accuracy(model, X, repair.labels, repair.sample_weight, *test),
        "covered": float(before.low <= truth <= before.high),
        "covered_after": float(after.low <= truth <= after.high),
        "width": (after.high - after.low) / max(before.high - before.low, 1e-9),
    }


def _dataset(name: str, peer: str, kinds: Sequence[str], *, quick: bool) -> list[dict[str, Any]] | None:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import train_test_split

    from tilth import cross_fit_probabilities, inject_label_noise

    loaded = load(name)
    if loaded is None:
        return None
    X, test_X, y, test_y = train_test_split(*loaded, test_size=0.25, stratify=loaded[1], random_state=0)
    C = 0.1 if name in ("sst2", "adult_census", "banking77") else 1.0
    model = _model(C)
    same = len(np.unique(y)) == 2 and "uniform" in kinds
    chosen = list(settings([k for k in kinds if not same or k != "class_dependent"], quick=quick))
    given: dict[str, Any] = {"X": X, "test_X": test_X, "test_y": test_y, "C": C, "settings": [s[0] for s in chosen]}
    mine: dict[str, dict[str, float]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        oracle = _accuracy(model, X, y, np.ones(len(y)), test_X, test_y)
        for key, kind, rate, seed in chosen:
            features = X if kind == "instance_dependent" else None
            noisy, wrong = inject_label_noise(y, rate, kind=kind, features=features, random_state=seed)
            probs = cross_fit_probabilities(model, X, noisy, random_state=seed).probs
            given |= {f"{key}/y": noisy, f"{key}/wrong": wrong, f"{key}/p": probs}
            mine[key] = _one(model, X, noisy, wrong, (test_X, test_y), (name, kind, rate, seed))
            agree = (probs.argmax(axis=1) == noisy).astype(float)
            mine[key]["drop"] = _accuracy(model, X, noisy, agree, test_X, test_y)
            print(f"  {name} {key}: " + ", ".join(f"{m} {v:.3f}" for m, v in mine[key].items()), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/in.npz", **given)
        subprocess.run([peer, "-c", PEER, f"{folder}/in.npz", f"{folder}/out.npz"], check=True)
        peers = dict(np.load(f"{folder}/out.npz"))
    rows = []
    for kind, rate in dict.fromkeys((s[1], s[2]) for s in chosen):
        keys = [s[0] for s in chosen if s[1:3] == (kind, rate)]
        mean = {m: float(np.mean([mine[key][m] for key in keys])) for m in next(iter(mine.values()))}
        mean |= {f"peer_{m}": float(np.nanmean([peers[f"{key}/{m}"] for key in keys])) for m in ("ap", "acc")}
        rows.append({"dataset": name, "kind": kind, "rate": rate, "oracle": oracle, **mean})
    if same:
        rows += [{**row, "kind": "class_dependent"} for row in rows if row["kind"] == "uniform"]
    return rows


def _summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    gain = np.array([r["ap"] - r["peer_ap"] for r in rows])
    moved = np.array([r["fix"] - r["nothing"] for r in rows])
    lost = np.array([max(r["oracle"] - r["nothing"], 0.0) for r in rows])
    theirs = np.array([r["peer_acc"] - r["nothing"] for r in rows])
    share, peer_share = float(moved.sum() / lost.sum()), float(theirs.sum() / lost.sum())
    before, after = (float(np.mean([r[m] for r in rows])) for m in ("covered", "covered_after"))
    width = float(np.mean([r["width"] for r in rows]))
    return [
        {"name": "average precision over cleanlab's best score, mean", "tilth": f"{gain.mean():+.3f}", "peer": "0",
         "target": "+0.060", "passed": bool(gain.mean() >= 0.06)},
        {"name": "the same, worst setting", "tilth": f"{gain.min():+.3f}", "peer": "0", "target": "-0.010",
         "passed": bool(gain.min() >= -0.01)},
        {"name": "accuracy after the fix less doing nothing, worst setting", "tilth": f"{moved.min():+.3f}",
         "peer": f"{np.nanmin(theirs):+.3f}", "target": "-0.005", "passed": bool(moved.min() >= -0.005)},
        {"name": "recovered share of the losses to noise", "tilth": f"{share:.2f}", "peer": f"{peer_share:.2f}",
         "target": "0.50", "passed": share >= 0.5},
        {"name": "95 % interval of the count covers, no verdicts", "tilth": f"{before:.0%}", "target": "90%",
         "passed": before >= 0.9},
        {"name": "the same after 100 verdicts", "tilth": f"{after:.0%}", "target": "90%", "passed": after >= 0.9},
        {"name": "width after 100 verdicts over width before, mean", "tilth": f"{width:.2f}",
         "target": "0.50", "passed": width <= 0.5},
    ]  # fmt: skip


def collect(
    names: Sequence[str], peer: str, *, kinds: Sequence[str] = KINDS, quick: bool = False
) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of the table, and the datasets that are absent."""
    rows: list[dict[str, Any]] = []
    absent: list[str] = []
    for name in names:
        with one_blas_thread():  # fits of a few hundred rows; on a busy machine threads only wait for each other
            found = _dataset(name, peer, kinds, quick=quick)
        if found is None:
            absent.append(name)
        else:
            rows += found
    return rows, absent


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """The table of the suite and the figures to reach."""
    del python
    rows, absent = collect(DATASETS[:2] if quick else DATASETS, peer, quick=quick)
    columns = ("ap", "peer_ap", "nothing", "fix", "peer_acc", "oracle", "covered", "covered_after", "width")
    head = (
        "AP tilth",
        "AP best peer",
        "nothing",
        "fix",
        "CleanLearning",
        "clean labels",
        "covers",
        "after 100",
        "width",
    )
    lines = ["| dataset | noise | rate | " + " | ".join(head) + " |", "|" + "---|" * 12]
    for r in rows:
        cells = [r["dataset"], r["kind"], f"{r['rate']:.0%}", *(f"{r[c]:.3f}" for c in columns)]
        lines.append("| " + " | ".join(cells) + " |")
    if absent:
        lines.append(f"\nNot measured, since the data are absent: {', '.join(absent)}.")
    return {"rows": _summary(rows), "text": "\n".join(lines)}
