"""Agreement and consensus beside scikit-learn, statsmodels, krippendorff and crowd-kit, timed in one run.

Needs an environment with scikit-learn, statsmodels, krippendorff and crowd-kit==1.4.2. Run from the repository root
with ``PYTHONPATH=src python benchmarks/parts/agreement.py``; ``--large`` adds ten million votes, ``--quick`` skips
crowd-kit.
Exits non-zero where a figure is not reached.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tilth.numerics import agreement
from tilth.numerics.consensus_em import dawid_skene, dawid_skene_update, one_coin
from tilth.numerics.consensus_glad import glad
from tilth.numerics.consensus_kos import kos
from tilth.numerics.consensus_mace import mace
from tilth.numerics.consensus_majority import majority_vote, weighted_majority
from tilth.numerics.votes import Votes, as_votes

FAILED: list[str] = []
METHODS: list[tuple[str, Callable[[Votes], Any]]] = [
    ("MajorityVote", majority_vote),
    ("Wawa", weighted_majority),
    ("DawidSkene", dawid_skene),
    ("OneCoinDawidSkene", one_coin),
    ("GLAD", glad),
    ("MACE", mace),
    ("KOS", kos),
]


def check(what: str, reached: bool, text: str) -> None:
    """Print one line and remember a miss."""
    print(f"{'ok  ' if reached else 'MISS'} {what}: {text}")
    if not reached:
        FAILED.append(what)


def exactness(n_tables: int) -> None:
    """Compare every statistic that a peer has on generated tables with gaps."""
    import krippendorff
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import fleiss_kappa

    worst = dict.fromkeys(("cohen", "fleiss", "alpha"), 0.0)
    for seed in range(n_tables):
        rng = np.random.default_rng(seed)
        n, r, k = int(rng.integers(8, 60)), int(rng.integers(3, 7)), int(rng.integers(2, 6))
        truth = rng.integers(k, size=n)
        table = np.where(rng.random((n, r)) < 0.6, truth[:, None], rng.integers(k, size=(n, r))) + 1
        gaps = np.argsort(rng.random((n, r)), axis=1) < 1  # one gap in every row: equal numbers, varying raters
        votes = np.where(gaps, np.nan, table)
        both = ~np.isnan(votes[:, 0]) & ~np.isnan(votes[:, 1])
        for weights in (None, "linear", "quadratic"):
            labels = list(range(1, k + 1))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                want = cohen_kappa_score(votes[both, 0], votes[both, 1], labels=labels, weights=weights)
            got = agreement.cohen_kappa(votes[:, 0], votes[:, 1], classes=labels, weights=weights, n_resamples=0)
            worst["cohen"] = max(worst["cohen"], _gap(got.estimate, want))
        made = as_votes(votes)
        got = agreement.fleiss_kappa(made, n_resamples=0)
        worst["fleiss"] = max(worst["fleiss"], _gap(got.estimate, fleiss_kappa(made.count_table())))
        votes[rng.random((n, r)) < 0.2] = np.nan
        for level in ("nominal", "ordinal", "interval", "ratio"):
            want = krippendorff.alpha(votes.T, level_of_measurement=level)
            for numeric in (False, True):
                got = agreement.krippendorff_alpha(as_votes(votes, numeric=numeric), level=level, n_resamples=0)
                worst["alpha"] = max(worst["alpha"], _gap(got.estimate, want))
    for name, gap in worst.items():
        check(f"{name} equals its peer on {n_tables} tables", gap < 1e-9, f"largest difference {gap:.1e}")


def _gap(a: float, b: float) -> float:
    return 0.0 if np.isnan(a) and np.isnan(b) else abs(a - b)


def coverage(n_panels: int) -> None:
    """Share of generated panels whose interval covers the value of a very large panel."""
    found = simulate_coverage(n_panels)
    for name, share in found.items():
        check(f"coverage of {name}", 0.93 <= share <= 0.97, f"{share:.3f} of {n_panels} panels")


def simulate_coverage(n_panels: int, seed: int = 1) -> dict[str, float]:
    """Return coverage per statistic on panels of 100 items, 5 raters, 3 classes and 20% gaps."""
    rng = np.random.default_rng(seed)
    two = lambda f: lambda v, **kw: f(v[:, 0], v[:, 1], classes=[0, 1, 2], **kw)  # noqa: E731
    kinds: dict[str, Callable[..., Any]] = {
        "percent_agreement": agreement.percent_agreement,
        "fleiss_kappa": agreement.fleiss_kappa,
        "gwet_ac1": agreement.gwet_ac1,
        "gwet_ac2": agreement.gwet_ac2,
        "cohen_kappa": two(agreement.cohen_kappa),
        "scott_pi": two(agreement.scott_pi),
    }
    for level in ("nominal", "ordinal", "interval", "ratio"):
        kinds[f"alpha_{level}"] = lambda v, level=level, **kw: agreement.krippendorff_alpha(v, level=level, **kw)
    large = panel(rng, 400_000)
    truth = {name: f(large, n_resamples=0).estimate for name, f in kinds.items()}
    hits = dict.fromkeys(kinds, 0)
    for _ in range(n_panels):
        votes = panel(rng, 100)
        for name, f in kinds.items():
            found = f(votes)
            hits[name] += found.low <= truth[name] <= found.high
    return {name: hit / n_panels for name, hit in hits.items()}


def panel(rng: np.random.Generator, n: int) -> np.ndarray:
    """Five raters of different skill on three unequal classes, with gaps."""
    share = [0.5, 0.3, 0.2]
    truth = rng.choice(3, size=n, p=share)
    right = rng.random((n, 5)) < np.array([0.9, 0.8, 0.7, 0.85, 0.6])
    votes = np.where(right, truth[:, None], rng.choice(3, size=(n, 5), p=share))
    return np.where(rng.random((n, 5)) < 0.2, -1, votes)


def generate(n_items: int, per_item: int, n_raters: int, seed: int = 0) -> tuple[Votes, np.ndarray]:
    """Two unequal classes and raters with confusion matrices of their own, like product matching by a crowd."""
    rng = np.random.default_rng(seed)
    truth = (rng.random(n_items) < 0.15).astype(np.int64)
    sure = np.column_stack([rng.beta(12, 1.5, n_raters), rng.beta(5, 3, n_raters)])
    items = np.repeat(np.arange(n_items), per_item)
    first = rng.integers(n_raters, size=n_items)
    step = rng.integers(1, n_raters // per_item, size=n_items)
    raters = ((first[:, None] + np.arange(per_item) * step[:, None]) % n_raters).ravel()
    right = rng.random(items.size) < sure[raters, truth[items]]
    return as_votes(items, raters, np.where(right, truth[items], 1 - truth[items])), truth


def beside_crowd_kit(votes: Votes, truth: np.ndarray, title: str, names: set[str]) -> dict[str, tuple[float, ...]]:
    """Print accuracy and seconds of both sides; return (ours, theirs, our s, their s)."""
    import crowdkit.aggregation as peer
    import pandas as pd

    frame = pd.DataFrame({"task": votes.items, "worker": votes.raters, "label": votes.values})
    known = truth >= 0
    out = {}
    print(f"\n{title}: {votes.n_items} items, {votes.n_votes} votes\n{'method':20} ours    s      crowd-kit  s")
    for name, method in METHODS:
        if name not in names:
            continue
        took = min(_timed(method, votes)[1] for _ in range(3))
        labels = method(votes).labels
        ours = float((labels == truth)[known].mean())
        try:
            made, theirs_took = _timed(lambda f, name=name: _peer(peer, name).fit_predict(f), frame)
            theirs = float((made.reindex(range(votes.n_items)).to_numpy() == truth)[known].mean())
        except (ValueError, AttributeError):  # KOS is binary; Wawa breaks on recent scikit-learn
            theirs, theirs_took = float("nan"), float("nan")
        out[name] = (ours, theirs, took, theirs_took)
        print(f"{name:20} {ours:.4f} {took:7.3f}  {theirs:.4f} {theirs_took:7.3f}")
    return out


def _peer(module: Any, name: str) -> Any:
    cls = getattr(module, name)
    return cls(n_iter=100) if name in ("DawidSkene", "OneCoinDawidSkene") else cls()


def _timed(f: Callable[..., Any], *args: Any) -> tuple[Any, float]:
    start = time.perf_counter()
    made = f(*args)
    return made, time.perf_counter() - start


def real(folder: Path, name: str) -> tuple[Votes, np.ndarray]:
    """Read a crowd data set: votes and the truth per item, -1 where unknown."""
    with (folder / name / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    with (folder / name / "truth.csv").open() as file:
        gold = {row["item"]: row["truth"] for row in csv.DictReader(file)}
    votes = as_votes([r["item"] for r in rows], [r["worker"] for r in rows], [r["label"] for r in rows])
    index = {c: i for i, c in enumerate(votes.classes)}
    return votes, np.array([index.get(gold.get(i, ""), -1) for i in votes.item_names.tolist()])


def large() -> None:
    """Ten million votes, and a thousand more."""
    votes, truth = generate(2_500_000, 4, 5_000)
    columns = votes.items.copy(), votes.raters.copy(), np.asarray(votes.values).copy()
    votes, reading = _timed(as_votes, *columns)
    fitted, took = _timed(dawid_skene, votes)
    rng = np.random.default_rng(1)
    grown, current, times = votes, fitted, []
    for _ in range(3):  # one batch after the other; the median, as the first also pays for fresh memory
        items, raters = rng.integers(votes.n_items, size=1000), rng.integers(votes.n_raters, size=1000)
        (grown, current), more = _timed(dawid_skene_update, grown, current, items, raters, truth[items])
        times.append(more)
    more = float(np.median(times))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    accuracy = float((fitted.labels == truth).mean())
    check("10 million votes under 3 GB", peak < 3.0, f"{peak:.2f} GB, {took:.1f} s, accuracy {accuracy:.4f}, "
          f"{fitted.iterations} steps")  # fmt: skip
    full = reading + took  # an update both merges the votes and refits; so does starting over
    text = f"{more:.2f} s = {more / full:.1%} of {reading:.1f} s reading + {took:.1f} s fitting"
    check("1,000 votes more under 5% of the time", more < 0.05 * full, text)


def main() -> int:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--coverage", type=int, default=500)
    options = parser.parse_args()
    if options.large:
        large()
    exactness(200)
    coverage(options.coverage)
    _, took = _timed(agreement.krippendorff_alpha, panel(np.random.default_rng(0), 1000))
    check("1,000 resamples of 1,000 items x 5 raters under 1 s", took < 1.0, f"{took:.3f} s")
    data = Path(os.environ.get("TILTH_DATA", "../shared/data")) / "crowd"
    for name, target in (("rte", 0.9275), ("face_sentiment", 0.640)):
        if not (data / name).is_dir():
            print(f"skipped {name}: no {data / name}")
            continue
        votes, truth = real(data, name)
        got = float((dawid_skene(votes).labels == truth)[truth >= 0].mean())
        check(f"Dawid-Skene on {name}", got >= target, f"{got:.4f} for {target}")
        if not options.quick:
            beside_crowd_kit(votes, truth, name, {m for m, _ in METHODS})
    if not options.quick:
        votes, truth = generate(8315, 3, 176)
        found = beside_crowd_kit(votes, truth, "generated", {m for m, _ in METHODS} - {"KOS"})
        for name, factor in (("DawidSkene", 10), ("GLAD", 30)):
            ours, theirs, took, peer_took = found[name]
            check(f"{name} {factor} times faster", peer_took > factor * took, f"{peer_took / took:.0f} times")
            check(f"{name} as accurate within 0.002", ours >= theirs - 0.002, f"{ours:.4f} and {theirs:.4f}")
    print("\nnot reached: " + ", ".join(FAILED) if FAILED else "\nall reached")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
