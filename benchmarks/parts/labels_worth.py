"""A perfect reviewer corrects the first 5 % of the rows: gain in test accuracy of the fixed model in order of worth and
in plain order of the probability of error, in every setting of the suite of planted noise. For comparison, in order of
cleanlab's self-confidence too, of the fixed model's out-of-sample probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from parts.labels_data import DATASETS, load
from parts.labels_suite import FOUND, KINDS, _accuracy, _model, settings

TITLE = "Which review order pays"
Gains = tuple[float, float, float]


def _gains(name: str, kind: str, rate: float, seed: int) -> Gains | None:
    """Of the orders by worth, by probability of error and by self-confidence; None where the dataset is absent."""
    from sklearn.model_selection import train_test_split

    from tilth import cross_fit_probabilities, get_label_quality_scores, inject_label_noise, order_by_worth
    from tilth.numerics.label_errors.model import estimate_label_errors

    loaded = load(name)
    if loaded is None:
        return None
    X, test_X, y, test_y = train_test_split(*loaded, test_size=0.25, stratify=loaded[1], random_state=0)
    model = _model(0.1 if name in ("sst2", "adult_census", "banking77") else 1.0)
    features = X if kind == "instance_dependent" else None
    noisy, _ = inject_label_noise(y, rate, kind=kind, features=features, random_state=seed)
    found = FOUND.get((name, kind, rate, seed)) or estimate_label_errors(X, noisy)
    probs = cross_fit_probabilities(model, X, noisy, random_state=seed).probs
    ones, first = np.ones(len(noisy)), round(0.05 * len(noisy))
    before = _accuracy(model, X, noisy, ones, test_X, test_y)

    def gain(order: Any) -> float:
        fixed = noisy.copy()
        fixed[order[:first]] = y[order[:first]]
        return _accuracy(model, X, fixed, ones, test_X, test_y) - before

    score = get_label_quality_scores(noisy, probs, method="self_confidence")
    return (
        gain(order_by_worth(X, found, pred_probs=probs)[0]),
        gain(np.argsort(-found.p_error, kind="stable")),
        gain(np.argsort(score, kind="stable")),
    )


def _table(first: str, groups: dict[Any, Sequence[Gains]]) -> list[str]:
    lines = [f"| {first} | worth | plain | ratio | self-confidence |", "|---|---|---|---|---|"]
    for name, found in groups.items():
        worth, plain, score = (float(v) for v in np.mean(found, axis=0))
        lines.append(f"| {name} | {worth:+.4f} | {plain:+.4f} | {worth / max(plain, 1e-9):.2f} | {score:+.4f} |")
    return lines


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """Mean gains of the orders."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    del python, peer
    runs: list[tuple[str, float, Gains]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in DATASETS[:2] if quick else DATASETS:
            for _, kind, rate, seed in settings(KINDS, quick=quick):
                gains = _gains(name, kind, rate, seed)
                runs += [] if gains is None else [(name, rate, gains)]
    worth, plain, score = (float(v) for v in np.mean([gains for *_, gains in runs], axis=0))
    ratio = worth / max(plain, 1e-9)
    rows = [
        {"name": f"mean gain after 5 % reviewed, worth against plain order ({len(runs)} runs)",
         "tilth": f"{worth:+.4f}", "peer": f"{plain:+.4f} (plain)", "ratio": f"{ratio:.2f}", "target": "1.25",
         "passed": ratio >= 1.25},
        {"name": "the same against the order of self-confidence", "tilth": f"{worth:+.4f}",
         "peer": f"{score:+.4f} (self-confidence)", "ratio": f"{worth / max(score, 1e-9):.2f}"},
    ]  # fmt: skip
    by_name = {name: [g for n, _, g in runs if n == name] for name in dict.fromkeys(n for n, *_ in runs)}
    by_rate = {f"{rate:.0%}": [g for _, r, g in runs if r == rate] for rate in sorted({r for _, r, _ in runs})}
    return {"rows": rows, "text": "\n".join([*_table("dataset", by_name), "", *_table("wrong labels", by_rate)])}
