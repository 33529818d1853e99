"""What augmentation brings: EDA's gain beside the paper's, and policies found by search on four real data sets.

Started by ``benchmarks/augment.py``: ``augment_gain.py eda`` and ``augment_gain.py search``; prints one JSON object,
rows and text. Each seed draws a training set of its own; everything that was not drawn is the test set. The model is
fixed: logistic regression on tilth's own features, with TF-IDF fitted on the training texts alone. The search sees
the training set only; its policy is scored on the test set afterwards.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from tilth.engine.augment import Augmenter
from tilth.engine.runs import EngineRun
from tilth.numerics.media.images import decode_image
from tilth.numerics.media.sounds import decode_audio
from tilth.numerics.statistics.threads import one_blas_thread
from tilth.records import AugmentationPolicy, Sample
from tilth.workflows.augment.search import search_samples
from tilth.workflows.augment.search_features import Features, features_of, model_of, texts_of

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("TILTH_DATA", ROOT.parent / "shared" / "data"))
#: Training rows, and seeds, of each data set.
SETS: dict[str, tuple[str, int]] = {
    "images/sign_language_digits": ("20 a class", 6),
    "audio/fsdd": ("10 a class", 10),
    "text/sst2": ("500", 3),
    "tabular/adult_census": ("500", 3),
}
TEST = 4000
EDA_SEEDS = 10
#: Wei and Zou (2019), table 2: mean accuracy over five tasks, CNN and RNN, at 500 rows.
PAPER = (76.9, 79.9)


def load(name: str) -> list[Sample]:
    """All rows of a data set as labelled samples."""
    folder = DATA / name
    if name == "text/sst2":
        rows = list(csv.DictReader((folder / "train.csv").open(encoding="utf-8")))
        return [Sample("text", row["text"], f"r{i}", row["label"]) for i, row in enumerate(rows)]
    if name == "tabular/adult_census":
        made = []
        for i, row in enumerate(csv.DictReader((folder / "adult.csv").open(encoding="utf-8"))):
            label = row.pop("income-per-year")
            made.append(Sample("table", {key: cell(value) for key, value in row.items()}, f"r{i}", label))
        return made
    samples = []
    for row in csv.DictReader((folder / "labels.csv").open(encoding="utf-8")):
        data = (folder / row["path"]).read_bytes()
        if name.startswith("images"):
            samples.append(Sample("image", decode_image(data), row["path"], row["label"]))
        else:
            sound, rate = decode_audio(data)
            samples.append(Sample("audio", sound, row["path"], row["label"], rate=rate))
    return samples


def cell(text: str) -> Any:
    """A cell of a CSV file: a number where it is one, None where it is empty."""
    if not text:
        return None
    return int(text) if text.lstrip("-").isdigit() else text


def draw(samples: Sequence[Sample], name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Training rows and test rows of a seed."""
    rng = np.random.default_rng(seed)
    labels = np.array([sample.label for sample in samples])
    if SETS[name][0].endswith("a class"):
        each = int(SETS[name][0].split()[0])
        train = np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:each] for c in np.unique(labels)])
    else:
        train = rng.permutation(len(labels))[: int(SETS[name][0])]
    return train, rng.permutation(np.setdiff1d(np.arange(len(labels)), train))[:TEST]


def augmented(policy: AugmentationPolicy, rows: Sequence[Sample], times: int, seed: int) -> list[Sample]:
    """What a policy makes of training rows."""
    augmenter = Augmenter(policy, seed, rows[0].medium)
    if augmenter.wants_fit:
        augmenter = augmenter.fit(rows)
    if augmenter.recipe is not None:
        return augmenter.generate(rows, times * len(rows), EngineRun(seed, "benchmark"))
    return [augmenter(row, epoch) for epoch in range(times) for row in rows]


def score(
    train: Sequence[Sample], more: Sequence[Sample], test: Sequence[Sample], features: Features, seed: int
) -> float:
    """Accuracy on the test rows of the fixed model, trained on training rows and what was made of them."""
    rows = [*train, *more]
    with one_blas_thread():
        model = model_of(train[0].medium, seed).fit(features(rows), [row.label for row in rows])
        return float(model.score(features(test), [row.label for row in test]))


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean with a 95% t interval over seeds, in points."""
    from scipy.stats import t as student

    x = 100 * np.asarray(values)
    half = float(student.ppf(0.975, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x)))
    return float(x.mean()), float(x.mean() - half), float(x.mean() + half)


def said(values: Sequence[float]) -> str:
    """A gain with its interval, in points."""
    mean, low, high = interval(values)
    return f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]"


def one_search(task: tuple[str, int]) -> dict[str, Any]:
    """Search on the training rows of one seed, then score without, with the policy, and with repeated rows."""
    name, seed = task
    start = time.perf_counter()
    samples = load(name)
    train, test = draw(samples, name, seed)
    rows, rest = [samples[at] for at in train], [samples[at] for at in test]
    run = EngineRun(seed, "benchmark")
    found = search_samples(rows, seed=seed, run=run)
    searched = time.perf_counter() - start
    features = features_of(rows, run)
    none = score(rows, [], rest, features, seed)
    chosen = none
    if found.policy is not None:
        chosen = score(rows, augmented(found.policy, rows, found.times, seed), rest, features, seed)
    print(f"{name} {seed}: {none:.4f} {chosen:.4f} {found.verdict} ({searched:.0f} s)", file=sys.stderr, flush=True)
    return {
        "name": name, "seed": seed, "none": none, "chosen": chosen, "seconds": searched, "trials": found.trials,
        "policy": found.policy.name if found.policy is not None else "none", "held_out": found.choice.gain.estimate,
        "returns": [(r.operation, r.verdict, r.gain.estimate if r.gain else None) for r in found.operations],
    }  # fmt: skip


def parallel(work: Callable[[Any], Any], tasks: Sequence[Any], workers: int) -> list[Any]:
    """Results in the order of the tasks."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, tasks))


def search(quick: bool, workers: int) -> dict[str, Any]:
    """The table of the four data sets."""
    tasks = [(name, seed) for name, (_, seeds) in SETS.items() for seed in range(2 if quick else seeds)]
    results = parallel(one_search, tasks, workers)
    rows, text, better = [], [], 0
    for name, (size, _) in SETS.items():
        own = [result for result in results if result["name"] == name]
        gains = [result["chosen"] - result["none"] for result in own]
        mean, low, high = interval(gains)
        better += low > 0
        taken = sum(result["policy"] != "none" for result in own)
        base = float(np.mean([result["none"] for result in own]))
        rows.append(
            {
                "name": f"{name}, {size}: search, {len(own)} seeds",
                "tilth": f"{100 * base + mean:.2f}% ({said(gains)} points)",
                "peer": f"{100 * base:.2f}% without",
                "ratio": f"a policy in {taken} of {len(own)}",
                "target": "never worse than none",
                "passed": bool(high >= 0 and mean >= -0.05),
            }
        )
        text += ["", *details(name, own)]
    rows.append(
        {
            "name": "better than none, outside the interval", "tilth": f"{better} of {len(SETS)} data sets", "peer": "",
            "ratio": "", "target": "at least 2", "passed": better >= 2,
        }
    )  # fmt: skip
    return {"rows": rows, "text": text}


def details(name: str, own: Sequence[dict[str, Any]]) -> list[str]:
    """Per seed what was chosen, and per operation what it returned on held-out folds."""
    seconds = np.mean([result["seconds"] for result in own])
    lines = [f"{name}: {np.mean([r['trials'] for r in own]):.0f} trials and {seconds:.0f} s a search.", ""]
    lines += ["| seed | without | with the policy | policy |", "|---|---|---|---|"]
    for result in own:
        lines.append(
            f"| {result['seed']} | {100 * result['none']:.2f}% | {100 * result['chosen']:.2f}% | {result['policy']} |"
        )
    lines += ["", "| operation | held-out gain, mean of the seeds | verdicts |", "|---|---|---|"]
    for place, (operation, _, _) in enumerate(own[0]["returns"]):
        values = [result["returns"][place] for result in own]
        known = [100 * gain for _, _, gain in values if gain is not None]
        verdicts = [verdict for _, verdict, _ in values]
        counted = ", ".join(f"{verdicts.count(v)} x {v}" for v in dict.fromkeys(verdicts))
        lines.append(f"| {operation} | {f'{np.mean(known):+.1f} points' if known else '-'} | {counted} |")
    return lines


def one_eda(seed: int) -> dict[str, float]:
    """Accuracy without, with EDA (alpha 0.05, 16 new texts a row), and with every text 16 times more."""
    samples = load("text/sst2")
    rng = np.random.default_rng(seed)
    rows = [samples[at] for at in rng.permutation(len(samples))[:500]]
    tests = list(csv.DictReader((DATA / "text/sst2" / "test.csv").open(encoding="utf-8")))
    rest = [Sample("text", row["text"], f"t{i}", row["label"]) for i, row in enumerate(tests)]
    policy = AugmentationPolicy.from_dict([{"eda": {"alpha": 0.05}}])
    return {
        "none": score(rows, [], rest, texts_of, seed),
        "eda": score(rows, augmented(policy, rows, 16, seed), rest, texts_of, seed),
        "copies": score(rows, rows * 16, rest, texts_of, seed),
    }


def eda(quick: bool, workers: int) -> dict[str, Any]:
    """EDA at 500 rows beside the paper."""
    results = parallel(one_eda, list(range(3 if quick else EDA_SEEDS)), workers)
    gains = [result["eda"] - result["none"] for result in results]
    copies = [result["copies"] - result["none"] for result in results]
    base = 100 * float(np.mean([result["none"] for result in results]))
    row = {
        "name": f"text/sst2, 500 rows: EDA, alpha 0.05, 16 new texts a row, {len(results)} seeds",
        "tilth": f"{base + interval(gains)[0]:.2f}% ({said(gains)} points)",
        "peer": f"paper, five tasks, CNN and RNN: {PAPER[1]}% ({PAPER[1] - PAPER[0]:+.1f} points)",
        "ratio": "",
        "target": "measured",
        "passed": None,
    }
    text = [
        f"Without: {base:.2f}%. Every text 16 times more, unchanged: {said(copies)} points. The paper's models read "
        "word vectors of a large corpus, which know synonyms; TF-IDF knows the words of 500 sentences, so that a new "
        "word in a training text only helps where a test text has it."
    ]
    return {"rows": [row], "text": text}


def main() -> int:
    """One part: print its rows and text as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("eda", "search"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    made = {"eda": eda, "search": search}[arguments.part](arguments.quick, arguments.workers)
    print(json.dumps(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
