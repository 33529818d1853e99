"""Agreement and consensus beside scikit-learn, statsmodels, krippendorff, crowd-kit and cleanlab: one part a process.

Started by ``benchmarks/agreement.py`` in the environment that has the peers; prints one JSON object: rows and text.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tilth.numerics.agreement import coefficients as agreement
from tilth.numerics.consensus.choice import choose_consensus
from tilth.numerics.consensus.crowdlab import crowdlab
from tilth.numerics.consensus.expectation_maximisation import dawid_skene, dawid_skene_update, one_coin
from tilth.numerics.consensus.glad import glad
from tilth.numerics.consensus.kos import kos
from tilth.numerics.consensus.mace import mace
from tilth.numerics.consensus.majority import majority_vote, weighted_majority
from tilth.numerics.consensus.votes import Votes, as_votes

ROWS: list[dict[str, Any]] = []
TEXT: list[str] = []
METHODS: list[tuple[str, Callable[[Votes], Any]]] = [
    ("MajorityVote", majority_vote),
    ("Wawa", weighted_majority),
    ("DawidSkene", dawid_skene),
    ("OneCoinDawidSkene", one_coin),
    ("GLAD", glad),
    ("MACE", mace),
    ("KOS", kos),
]


def row(name: str, passed: bool | None, tilth: str = "", peer: str = "", ratio: str = "", target: str = "") -> None:
    """One figure of the table; `passed` is None where nothing is demanded."""
    ROWS.append({"name": name, "tilth": tilth, "peer": peer, "ratio": ratio, "target": target, "passed": passed})


def exactness(quick: bool) -> None:
    """Compare every statistic that a peer has on generated tables with gaps."""
    n_tables = 20 if quick else 200
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
    peers = {"cohen": "scikit-learn", "fleiss": "statsmodels", "alpha": "krippendorff"}
    for name, gap in worst.items():
        row(f"{name}, {n_tables} tables with gaps", gap < 1e-9, f"{gap:.1e} apart", peers[name], target="< 1e-9")


def _gap(a: float, b: float) -> float:
    return 0.0 if np.isnan(a) and np.isnan(b) else abs(a - b)


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
    """A table of accuracy and seconds of both sides; returns (ours, theirs, our s, their s)."""
    import crowdkit.aggregation as peer
    import pandas as pd

    frame = pd.DataFrame({"task": votes.items, "worker": votes.raters, "label": votes.values})
    known = truth >= 0
    out = {}
    lines = [f"{title}: {votes.n_items:,} items, {votes.n_votes:,} votes", ""]
    lines += ["| method | tilth accuracy | seconds | crowd-kit accuracy | seconds |", "|---|---|---|---|---|"]
    for name, method in METHODS:
        if name not in names:
            continue
        took = min(_timed(method, votes)[1] for _ in range(3))
        ours = float((method(votes).labels == truth)[known].mean())
        try:
            made, theirs_took = _timed(lambda f, name=name: _peer(peer, name).fit_predict(f), frame)
            theirs = float((made.reindex(range(votes.n_items)).to_numpy() == truth)[known].mean())
        except (ValueError, AttributeError):  # KOS is binary; Wawa breaks on recent scikit-learn
            theirs, theirs_took = float("nan"), float("nan")
        out[name] = (ours, theirs, took, theirs_took)
        lines.append(f"| {name} | {ours:.4f} | {took:.3f} | {theirs:.4f} | {theirs_took:.3f} |")
    TEXT.append("\n".join(lines))
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


def coverage(quick: bool) -> None:
    """Share of generated panels whose interval covers the value of a very large panel."""
    n_panels = 50 if quick else 500
    for name, share in simulate_coverage(n_panels).items():
        passed = None if quick else 0.93 <= share <= 0.97
        row(f"95% interval of {name} covers", passed, f"{share:.1%} of {n_panels}", target="93% to 97%")
    _, took = _timed(agreement.krippendorff_alpha, panel(np.random.default_rng(0), 1000))
    row("1,000 resamples, 1,000 items x 5 raters", took < 1.0, f"{took:.3f} s", target="< 1 s")


def _data() -> Path:
    return Path(os.environ.get("TILTH_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "crowd"


def crowds(quick: bool) -> None:
    """Real crowds: Dawid-Skene against its target, all methods beside crowd-kit."""
    for name, target in (("rte", 0.9275), ("face_sentiment", 0.640)):
        if not (_data() / name).is_dir():
            row(f"{name}: no data at {_data() / name}", None)
            continue
        votes, truth = real(_data(), name)
        names = {m for m, _ in METHODS} - ({"GLAD"} if quick else set())
        found = beside_crowd_kit(votes, truth, name, names)
        ours, theirs, _, _ = found["DawidSkene"]
        row(f"Dawid-Skene on {name}", ours >= target, f"{ours:.4f}", f"{theirs:.4f}", target=f">= {target}")


def speed(quick: bool) -> None:
    """The size of the product-matching crowd: times on one panel, accuracies on three, beside crowd-kit."""
    import crowdkit.aggregation as peer
    import pandas as pd

    n = 800 if quick else 8315
    votes, truth = generate(n, 3, 176)
    found = beside_crowd_kit(votes, truth, "generated", {m for m, _ in METHODS} - {"KOS"})
    more: dict[str, list[tuple[float, float]]] = {name: [found[name][:2]] for name in ("DawidSkene", "GLAD")}  # type: ignore[misc]
    for seed in (1, 2):
        other, true = generate(n, 3, 176, seed)
        frame = pd.DataFrame({"task": other.items, "worker": other.raters, "label": other.values})
        for name in more:
            theirs = _peer(peer, name).fit_predict(frame).reindex(range(n)).to_numpy()
            ours = dict(METHODS)[name](other).labels
            more[name].append((float((ours == true).mean()), float((theirs == true).mean())))
    for name, factor in (("DawidSkene", 10), ("GLAD", 30)):
        took, peer_took = found[name][2:]
        passed = None if quick else peer_took >= factor * took
        times = f"{peer_took / took:.0f} x"
        row(f"{name}, time", passed, f"{took:.3f} s", f"{peer_took:.3f} s", times, f">= {factor} x faster")
        ours, theirs = np.mean(more[name], axis=0)
        gap = float(ours - theirs)
        equal = None if quick else abs(gap) <= 0.002
        row(f"{name}, accuracy, mean of 3 panels", equal, f"{ours:.4f}", f"{theirs:.4f}", f"{gap:+.4f}", "within 0.002")
        each = ", ".join(f"{a - b:+.4f}" for a, b in more[name])
        TEXT.append(f"{name}, accuracy of tilth minus that of crowd-kit on each panel: {each}.")


def weak_panel(seed: int, n: int = 1500, k: int = 5, r: int = 30) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Votes of weak raters (-1: none), truth, and out-of-sample probabilities of a fair classifier."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(k, size=n)
    skill = rng.beta(4, 4, r)
    votes = np.where(rng.random((n, r)) < skill, truth[:, None], rng.integers(k, size=(n, r)))
    keep = np.argsort(rng.random((n, r)), axis=1) < rng.integers(1, 5, size=(n, 1))
    votes = np.where(keep, votes, -1)
    logits = rng.normal(size=(n, k)) + 2.0 * (np.arange(k) == truth[:, None])
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return votes, truth, probs


def model(quick: bool) -> None:
    """CROWDLAB of both sides: consensus accuracy and how well the quality score finds the wrong labels."""
    import pandas as pd
    from cleanlab.multiannotator import get_label_quality_multiannotator
    from sklearn.metrics import roc_auc_score

    figures = []
    for seed in range(2 if quick else 10):
        votes, truth, probs = weak_panel(seed)
        frame = pd.DataFrame(votes).replace(-1, np.nan)
        theirs = get_label_quality_multiannotator(frame, probs, verbose=False)["label_quality"]
        label = theirs["consensus_label"].to_numpy()
        score = theirs["consensus_quality_score"].to_numpy()
        made = as_votes(votes, classes=list(range(probs.shape[1])))
        ours, plain, skene = crowdlab(made, probs), majority_vote(made), dawid_skene(made)
        figures.append(
            (
                (ours.labels == truth).mean(),
                (label == truth).mean(),
                roc_auc_score(ours.labels == truth, ours.confidence),
                roc_auc_score(label == truth, score),
                (plain.labels == truth).mean(),
                (skene.labels == truth).mean(),
                roc_auc_score(plain.labels == truth, plain.confidence),
                roc_auc_score(skene.labels == truth, skene.confidence),
            )
        )
    ours_a, peer_a, ours_q, peer_q, mv_a, ds_a, mv_q, ds_q = np.mean(figures, axis=0)
    worst_a = max(abs(f[0] - f[1]) for f in figures)
    worst_q = max(abs(f[2] - f[3]) for f in figures)
    apart = [f"{worst:.4f} apart at most" for worst in (worst_a, worst_q)]
    row("consensus accuracy", worst_a <= 0.005, f"{ours_a:.4f}", f"{peer_a:.4f}", apart[0], "0.005")
    row("AUROC of the quality score", worst_q <= 0.005, f"{ours_q:.4f}", f"{peer_q:.4f}", apart[1], "0.005")
    row("accuracy above majority vote", ours_a > mv_a, f"{ours_a:.4f}", f"{mv_a:.4f}", target="above")
    row("accuracy above Dawid-Skene", ours_a > ds_a, f"{ours_a:.4f}", f"{ds_a:.4f}", target="above")
    row("AUROC above majority vote", ours_q > mv_q, f"{ours_q:.4f}", f"{mv_q:.4f}", target="above")
    row("AUROC above Dawid-Skene", ours_q > ds_q, f"{ours_q:.4f}", f"{ds_q:.4f}", target="above")
    TEXT.append(f"{len(figures)} panels of 1,500 items, 5 classes, 30 weak raters, 1 to 4 votes an item.")


def recommended(quick: bool) -> None:
    """Without gold: is a method recommended where raters are alike, and is the recommended one better where not?"""
    fits = {"weighted_majority": weighted_majority, "one_coin": one_coin, "dawid_skene": dawid_skene, "glad": glad}
    panels = 10 if quick else 100
    for name, skill in (("alike", np.full(8, 0.7)), ("mixed", np.linspace(0.45, 0.95, 8))):
        gains = []
        for seed in range(panels):
            rng = np.random.default_rng(seed)
            k = 2 + seed % 3
            truth = rng.integers(k, size=300)
            wrong = (truth[:, None] + rng.integers(1, k, size=(300, 8))) % k
            votes = np.where(rng.random((300, 8)) < skill, truth[:, None], wrong)
            votes[rng.random(votes.shape) < 0.4] = -1
            made = as_votes(votes, classes=list(range(k)))
            best = choose_consensus(made, fits).recommended
            if best != "majority":
                plain = float((majority_vote(made).labels == truth).mean())
                gains.append(float((fits[best](made).labels == truth).mean()) - plain)
        if name == "alike":
            row("raters alike: another method is recommended", len(gains) <= 0.05 * panels, f"{len(gains)} of {panels}",
                target="<= 5%")  # fmt: skip
        else:
            better = int(np.count_nonzero(np.asarray(gains) > 0))
            row("raters differ: the recommended method is better", better >= 0.95 * panels, f"{better} of {panels}",
                ratio=f"{np.mean(gains):+.3f} accuracy", target=">= 95%")  # fmt: skip


def large(quick: bool) -> None:
    """Ten million votes, and a thousand more."""
    votes, truth = generate(25_000 if quick else 2_500_000, 4, 5_000)
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
    _, merging = _timed(lambda: grown.items)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    accuracy = float((fitted.labels == truth).mean())
    row("10 million votes by Dawid-Skene, memory", peak < 3.0, f"{peak:.2f} GB", target="< 3 GB")
    share = more / took
    row("1,000 votes more, of the time to fit", share < 0.05, f"{more:.3f} s", f"{took:.1f} s", f"{share:.1%}", "< 5%")
    TEXT.append(
        f"Reading {reading:.1f} s, fitting {took:.1f} s in {fitted.iterations} steps, accuracy {accuracy:.4f}. An "
        "update leaves the additions beside the old columns; whoever reads whole columns later pays "
        f"{merging:.2f} s once to merge."
    )


def main() -> int:
    """Measure one part and print it."""
    parts = {f.__name__: f for f in (exactness, coverage, crowds, speed, model, recommended, large)}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=tuple(parts))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts[options.part](options.quick)
    print(json.dumps({"rows": ROWS, "text": "\n\n".join(TEXT)}, default=bool))
    return 0


if __name__ == "__main__":
    sys.exit(main())
