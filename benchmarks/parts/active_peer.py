"""Runs in the peers' environment: scikit-activeml's picks in the same loop, and its functions on the same arrays.

``python active_peer.py curves|equal IN.npz OUT.npz``
"""

from __future__ import annotations

import sys
import time
import warnings
from typing import Any

import numpy as np

warnings.simplefilter("ignore")


def _model() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, tol=1e-4, max_iter=1000))


def _strategy(name: str, seed: int, k: int) -> Any:
    from skactiveml import pool

    made = {
        "least_confidence": lambda: pool.UncertaintySampling("least_confident", random_state=seed),
        "margin": lambda: pool.UncertaintySampling("margin_sampling", random_state=seed),
        "entropy": lambda: pool.UncertaintySampling("entropy", random_state=seed),
        "k_center": lambda: pool.CoreSet(random_state=seed),
        "typiclust": lambda: pool.TypiClust(random_state=seed),
        "badge": lambda: pool.Badge(random_state=seed),
        "prob_cover": lambda: pool.ProbCover(n_classes=k, random_state=seed),
    }
    return made[name]()


def curve(data: Any, name: str, seed: int) -> tuple[np.ndarray, float]:
    """Accuracy at each number of labels, and the seconds that picking took."""
    from skactiveml.classifier import SklearnClassifier

    X, y, test_X, test_y = data["X"].astype(np.float64), data["y"], data["test_X"], data["test_y"]
    k = int(y.max()) + 1
    known = np.full(len(y), np.nan)
    strategy = _strategy(name, seed, k)
    scores, seconds, at = [], 0.0, 0
    for count in data["counts"]:
        start = time.perf_counter()
        extra: dict[str, Any] = {}
        if name in ("least_confidence", "margin", "entropy", "badge"):
            extra = {"clf": SklearnClassifier(_model(), classes=np.arange(k), random_state=seed), "fit_clf": True}
        picks = strategy.query(X, known, batch_size=int(count) - at, **extra)
        seconds += time.perf_counter() - start
        known[picks] = y[picks]
        have = ~np.isnan(known)
        seen = np.unique(known[have])
        if len(seen) < 2:
            scores.append(float((test_y == seen[0]).mean()))
        else:
            scores.append(float((_model().fit(X[have], known[have]).predict(test_X) == test_y).mean()))
        at = int(count)
    return np.asarray(scores), seconds


def curves(data: Any) -> dict[str, Any]:
    """All wanted curves of one split."""
    out: dict[str, Any] = {}
    for name in data["strategies"]:
        scores, seconds = curve(data, str(name), int(data["seed"]))
        out[f"{name}/scores"], out[f"{name}/seconds"] = scores, seconds
    return out


def equal(data: Any) -> dict[str, Any]:
    """Picks and seconds of the functions that both libraries have."""
    from skactiveml import pool

    probs, members, X, selected = data["probs"], data["members"], data["X"], data["selected"]
    k = probs.shape[1]
    y = np.full(len(X), np.nan)
    y[selected] = 0.0
    free = np.flatnonzero(np.isnan(y))
    calls = {
        "least confidence": lambda: pool.uncertainty_scores(probs, method="least_confident"),
        "margin": lambda: pool.uncertainty_scores(probs, method="margin_sampling"),
        "entropy": lambda: pool.uncertainty_scores(probs, method="entropy"),
        "vote entropy": lambda: pool.vote_entropy(members.argmax(axis=2), np.arange(k)),
        "KL disagreement": lambda: pool.average_kl_divergence(members.transpose(1, 0, 2)),
        "k-center": lambda: pool.k_greedy_center(X, y, batch_size=50, random_state=0)[0],
        "ProbCover": lambda: free[
            np.searchsorted(
                free, pool.ProbCover(deltas=[float(data["radius"])], random_state=0).query(X, y, batch_size=50)
            )
        ],
    }
    out: dict[str, Any] = {}
    for name, call in calls.items():
        times = []
        for _ in range(3):
            start = time.perf_counter()
            out[name] = np.asarray(call())
            times.append(time.perf_counter() - start)
        out[f"{name}/seconds"] = float(np.median(times))
    return out


if __name__ == "__main__":
    given = np.load(sys.argv[2])
    np.savez(sys.argv[3], **{"curves": curves, "equal": equal}[sys.argv[1]](given))
