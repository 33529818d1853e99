"""A perfect reviewer corrects the first 5 % of the rows: gain in test accuracy of the fixed model in order of worth and
in plain order of the probability of error. 20 % noise of three kinds. Where a dataset has fewer than two rows per
feature or 50 per class, both orders are the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from parts.labels_data import DATASETS, load
from parts.labels_suite import FOUND, KINDS, SEEDS, _accuracy, _model

TITLE = "Which review order pays"


def _gains(name: str, kind: str, seed: int) -> tuple[float, float] | None:
    from sklearn.model_selection import train_test_split

    from tilth import cross_fit_probabilities, inject_label_noise
    from tilth.numerics.label_errors.model import estimate_label_errors
    from tilth.numerics.label_errors.review_order import order_by_worth

    loaded = load(name)
    if loaded is None:
        return None
    X, test_X, y, test_y = train_test_split(*loaded, test_size=0.25, stratify=loaded[1], random_state=0)
    model = _model(0.1 if name in ("sst2", "adult_census", "banking77") else 1.0)
    features = X if kind == "instance_dependent" else None
    noisy, _ = inject_label_noise(y, 0.2, kind=kind, features=features, random_state=seed)
    found = FOUND.get((name, kind, 0.2, seed)) or estimate_label_errors(X, noisy)
    probs = cross_fit_probabilities(model, X, noisy, random_state=seed).probs
    plain = np.argsort(-found.p_error, kind="stable")
    ones, first = np.ones(len(noisy)), round(0.05 * len(noisy))
    before = _accuracy(model, X, noisy, ones, test_X, test_y)
    gains = []
    for order in (order_by_worth(X, found, pred_probs=probs)[0], plain):
        fixed = noisy.copy()
        fixed[order[:first]] = y[order[:first]]
        gains.append(_accuracy(model, X, fixed, ones, test_X, test_y) - before)
    return gains[0], gains[1]


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """Mean gains of both orders."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    del python, peer
    by_name: dict[str, list[tuple[float, float]]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in DATASETS[:2] if quick else DATASETS:
            for kind in KINDS:
                for seed in SEEDS[:1] if quick else SEEDS:
                    pair = _gains(name, kind, seed)
                    by_name.setdefault(name, []).extend([] if pair is None else [pair])
    found = [pair for pairs in by_name.values() for pair in pairs]
    worth, plain = (float(v) for v in np.mean(found, axis=0))
    ratio = worth / max(plain, 1e-9)
    row = {"name": f"mean gain after 5 % reviewed, worth against plain order ({len(found)} runs)",
           "tilth": f"{worth:+.4f}", "peer": f"{plain:+.4f} (plain)", "ratio": f"{ratio:.2f}", "target": "1.25",
           "passed": ratio >= 1.25}  # fmt: skip
    lines = ["| dataset | worth | plain | ratio |", "|---|---|---|---|"]
    for name, pairs in by_name.items():
        if pairs:
            a, b = (float(v) for v in np.mean(pairs, axis=0))
            lines.append(f"| {name} | {a:+.4f} | {b:+.4f} | {a / max(b, 1e-9):.2f} |")
    return {"rows": [row], "text": "\n".join(lines)}
