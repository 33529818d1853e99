"""Labels needed to reach 95% of the full-data accuracy, from zero labels on. Each of five splits holds out another
quarter of the rows; the model is the same everywhere: standardised logistic regression on the default features. Labels
come in rounds of 10 up to 100 and then of a quarter of those so far, up to the number that stands beside each dataset.
"Fewer" is against the mean of random; a curve that does not reach the target counts with its last number of labels. The
start is the mean accuracy over the first 100 labels, the area that over all. One draw is luck: random is replayed five
times a split and the default three times (on banking77 three times and twice), and the replays of a split are averaged;
the other strategies run once, and on the four larger datasets only `margin` is set beside its peer, for time. Intervals
are 95%, paired by split and corrected for overlapping splits (Nadeau and Bengio). "Worse than random" means that the
interval of the labels needed lies above 0 or that of the area below 0. That is asked of 6 datasets and 2 figures each:
where there is nothing to find, one interval in twenty says so all the same."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from parts.active_data import load

TITLE = "Labels needed"
DATASETS = {
    "digits": 500,
    "fsdd": 400,
    "sign_language_digits": 1000,
    "adult_census": 500,
    "sst2": 2500,
    "banking77": 4000,
}
SMALL = ("digits", "fsdd")
SHARED = ("least_confidence", "margin", "entropy", "k_center", "typiclust", "badge")
#: Replays of a split: in general, and on banking77.
DRAWS = {"priority": (3, 2), "random": (5, 3)}
TARGET = 0.95
START = 100
HERE = Path(__file__).resolve().parent


def split(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Train and test rows, stratified."""
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(np.arange(len(y)), test_size=0.25, stratify=y, random_state=seed)
    return np.sort(train), np.sort(test)


def rounds(budget: int) -> list[int]:
    """Numbers of labels at which the model is trained."""
    counts, at = [], 0
    while at < budget:
        at = min(budget, at + (10 if at < 100 else at // 4))
        counts.append(at)
    return counts


def one(job: tuple[str, str, int, int, Any, Any, list[int]]) -> tuple[str, str, int, np.ndarray, float]:
    """One curve of ours, in a process of its own."""
    from tilth.engine.replay import ReplayData, full_score, replay

    name, strategy, seed, draw, X, y, counts = job
    train, test = split(y, seed)
    data = ReplayData(X, y, tuple(str(c) for c in range(int(y.max()) + 1)), train, test)
    if strategy == "full":
        return name, strategy, seed, np.zeros(0), full_score(data, seed)
    return name, strategy, seed, replay(data, strategy, {}, 1000 * draw + seed, counts, full=1.0).scores, 0.0


def peers(job: tuple[str, str, int, Any, Any, list[int], str]) -> tuple[str, str, int, np.ndarray, float]:
    """One curve of scikit-activeml, in the peers' environment."""
    name, strategy, seed, X, y, counts, python = job
    train, test = split(y, seed)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(
            f"{folder}/in.npz",
            X=X[train],
            y=y[train],
            test_X=X[test],
            test_y=y[test],
            counts=np.asarray(counts),
            strategies=np.asarray([strategy]),
            seed=seed,
        )
        script = str(HERE / "active_peer.py")
        done = subprocess.run([python, script, "curves", f"{folder}/in.npz", f"{folder}/out.npz"], check=False)
        if done.returncode:
            return name, f"peer {strategy}", seed, np.zeros(0), 0.0
        out = np.load(f"{folder}/out.npz")
        return name, f"peer {strategy}", seed, out[f"{strategy}/scores"], float(out[f"{strategy}/seconds"])


def _interval(before: list[float], after: list[float]) -> Any:
    from tilth.numerics.statistics.intervals import paired_interval

    return paired_interval(before, after, n_train=3, n_test=1) if len(before) > 1 else None


def summarize(
    name: str, found: dict[tuple[str, int], list[np.ndarray]], full: dict[int, float], counts: list[int]
) -> Any:
    """Per strategy of one dataset: labels needed, area of the start, and both against random."""
    from tilth.numerics.querying.curves import area_under_curve, labels_to_reach

    seeds = sorted(full)
    first = [i for i, c in enumerate(counts) if c <= START]
    rows: dict[str, Any] = {}
    for strategy in dict.fromkeys(s for s, _ in found):
        splits = [found[strategy, seed] for seed in seeds]
        if any(len(c) != len(counts) for curves in splits for c in curves):
            continue

        def mean(measure: Any, splits: Any = splits) -> list[float]:
            return [float(np.mean([measure(c, s) for c in curves])) for s, curves in zip(seeds, splits, strict=True)]

        need = mean(lambda c, s: min(labels_to_reach(counts, c, TARGET * full[s]), counts[-1]))
        start = mean(lambda c, _: area_under_curve([counts[i] for i in first], c[first]))
        area = mean(lambda c, _: area_under_curve(counts, c))
        rows[strategy] = {"need": need, "start": start, "area": area}
    base = rows["random"]
    for row in rows.values():
        row["fewer"] = 1 - np.mean(row["need"]) / np.mean(base["need"])
        row["needs"] = _interval(base["need"], row["need"])
        row["starts"] = _interval(base["start"], row["start"])
        row["areas"] = _interval(base["area"], row["area"])
    return {"name": name, "rows": rows, "full": float(np.mean(list(full.values()))), "most": counts[-1]}


def measure(peer: str, *, quick: bool, jobs: int, only: list[str] | None = None) -> dict[str, Any]:
    """Curves, table and the three targets."""
    seeds = range(2 if quick else 5)
    names = only or (["digits", "fsdd"] if quick else list(DATASETS))
    absent, made = [], []
    with ProcessPoolExecutor(jobs, get_context("spawn")) as workers:
        for name in names:
            loaded = load(name)
            if loaded is None:
                absent.append(name)
                continue
            X, codes = loaded
            y = np.unique(codes, return_inverse=True)[1].astype(np.int64)
            counts = rounds(min(DATASETS[name], 200 if quick else DATASETS[name]))
            shared = SHARED if name in SMALL else ("margin",)
            wanted = [("full", 1), *((s, n[name == "banking77"]) for s, n in DRAWS.items()), *((s, 1) for s in shared)]
            mine = [(name, s, seed, d, X, y, counts) for seed in seeds for s, n in wanted for d in range(n)]
            theirs = [(name, s, seed, X, y, counts, peer) for seed in seeds for s in shared]
            results = [*workers.map(one, mine), *workers.map(peers, theirs)]
            full = {seed: value for _, s, seed, _, value in results if s == "full"}
            found: dict[tuple[str, int], list[np.ndarray]] = {}
            for _, s, seed, scores, _ in results:
                if s != "full":
                    found.setdefault((s, seed), []).append(scores)
            made.append(summarize(name, found, full, counts))
            print(_lines(made[-1]), flush=True)
    return _judge(made, absent)


def _said(interval: Any, digits: int) -> str:
    if interval is None:
        return "-"
    return f"{interval.estimate:+.{digits}f} [{interval.low:+.{digits}f}, {interval.high:+.{digits}f}]"


def _lines(data: dict[str, Any]) -> str:
    lines = [
        f"\n**{data['name']}** (up to {data['most']:,} labels; accuracy with all: {data['full']:.3f})\n",
        "| strategy | labels to 95% | fewer | difference | start (first 100) | difference | area: difference |",
        "|---|---|---|---|---|---|---|",
    ]
    for strategy, row in data["rows"].items():
        shown = strategy.replace("peer ", "scikit-activeml ")
        lines.append(
            f"| {shown} | {np.mean(row['need']):,.0f} | {row['fewer']:+.0%} | {_said(row['needs'], 0)} "
            f"| {np.mean(row['start']):.3f} | {_said(row['starts'], 3)} | {_said(row['areas'], 3)} |"
        )
    return "\n".join(lines)


def _judge(made: list[dict[str, Any]], absent: list[str]) -> dict[str, Any]:
    mine = {data["name"]: data["rows"]["priority"] for data in made}
    fewer = [name for name, row in mine.items() if row["fewer"] >= 0.3]
    worse = [
        name
        for name, row in mine.items()
        if (row["needs"] is not None and row["needs"].low > 0) or (row["areas"] is not None and row["areas"].high < 0)
    ]
    start = [name for name, row in mine.items() if row["starts"] is not None and row["starts"].estimate > 0]
    sure = [name for name, row in mine.items() if row["starts"] is not None and row["starts"].low > 0]
    wanted = min(4, len(made))
    rows = [
        {
            "name": "default needs at least 30% fewer labels than random",
            "tilth": f"{len(fewer)} of {len(made)}; not on {_list(mine, fewer)}",
            "target": f"{wanted} of {len(made)}",
            "passed": len(fewer) >= wanted,
        },
        {
            "name": "default is worse than random (interval beyond 0)",
            "tilth": f"on {', '.join(worse) or 'none'}",
            "target": "none",
            "passed": not worse,
        },
        {
            "name": "start from zero labels beats random's first 100",
            "tilth": f"{len(start)} of {len(made)} (interval above 0 on {len(sure)}); not on {_list(mine, start)}",
            "target": f"{wanted} of {len(made)}",
            "passed": len(start) >= wanted,
        },
    ]
    text = "\n".join(_lines(data) for data in made)
    if absent:
        text += f"\n\nNot measured, since the data are absent: {', '.join(absent)}."
    return {"rows": rows, "text": text}


def _list(mine: dict[str, Any], reached: list[str]) -> str:
    return ", ".join(name for name in mine if name not in reached) or "none"


if __name__ == "__main__":
    sys.exit("run benchmarks/active.py")
