"""Weak supervision beside snorkel 0.10: one part a process.

Started by ``benchmarks/weak.py`` in the environment that has the peer; prints one JSON object: rows and text.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tilth.engine.labelling import apply_labelers
from tilth.numerics.consensus.expectation_maximisation import dawid_skene
from tilth.numerics.weak_supervision.choice import LABEL_MODELS, auto_label_model, fit_label_model, right_share
from tilth.numerics.weak_supervision.matrix import dense_matrix, label_matrix
from tilth.numerics.weak_supervision.matrix_completion import matrix_completion
from tilth.numerics.weak_supervision.soft_training import NoiseAwareLogistic, fit_soft, plan_rows
from tilth.plugin import Run, Shelf
from tilth.workflows.weak.rules import labeling_function

sys.path.insert(0, str(Path(__file__).resolve().parent))

ROWS: list[dict[str, Any]] = []
TEXT: list[str] = []


def row(name: str, passed: bool | None, tilth: str = "", peer: str = "", ratio: str = "", target: str = "") -> None:
    """One figure of the table; `passed` is None where nothing is demanded."""
    ROWS.append({"name": name, "tilth": tilth, "peer": peer, "ratio": ratio, "target": target, "passed": passed})


def _worked(call: Callable[..., Any], *args: Any, **more: Any) -> tuple[Any, float]:
    """What a call gives and the processor time of all its threads, which other processes do not lengthen.

    Earlier garbage is collected first, or one side pays for the other's.
    """
    gc.collect()
    start = time.process_time()
    made = call(*args, **more)
    return made, time.process_time() - start


def _snorkel(k: int, L: Any, seed: int = 0, **more: Any) -> Any:
    """snorkel's LabelModel, with more epochs than its default so that it has converged."""
    from snorkel.labeling.model import LabelModel

    model = LabelModel(cardinality=k, verbose=False)
    model.fit(L, n_epochs=500, seed=seed, progress_bar=False, **more)
    return model


def _accuracy(beliefs: Any, truth: Any) -> float:
    return float(right_share(np.asarray(beliefs, dtype=np.float64), truth).mean())


def _youtube() -> dict[str, tuple[Any, Any, list[str]]]:
    import pyarrow.parquet as pq

    root = Path(os.environ["TILTH_DATA"]) / "weak_supervision" / "youtube"
    found = {}
    for split in ("train", "valid", "test"):
        table = pq.read_table(root / f"{split}.parquet")
        L = np.column_stack([table[f"lf_{j:03d}"].to_numpy() for j in range(10)]).astype(np.int64)
        found[split] = L, table["label"].to_numpy().astype(np.int64), table["text"].to_pylist()
    return found


def youtube(quick: bool) -> None:
    """Label models on comments with ten rules, and a model trained on the labels of the chosen one."""
    del quick
    data = _youtube()
    (train, _, texts), (valid, known, _), (test, truth, fresh) = data["train"], data["valid"], data["test"]
    L = np.vstack([train, valid])
    gold = np.concatenate([np.full(len(train), -1), known])
    majority = _accuracy(fit_label_model("majority", L).predict_proba(test), truth)
    plain = _accuracy(_snorkel(2, train).predict_proba(test), truth)
    informed = _accuracy(_snorkel(2, train, Y_dev=known).predict_proba(test), truth)
    # plain Dawid-Skene has no prediction for new rows: it is fitted on the test rows themselves
    crowd = dawid_skene(label_matrix(test))
    em = _accuracy(np.where(crowd.beliefs.sum(axis=1, keepdims=True) > 0, crowd.beliefs, 0.5), truth)
    auto = auto_label_model(L, gold=gold)
    ours = _accuracy(auto.model.predict_proba(test), truth)
    best = max(majority, plain, informed, em)
    names = f"majority {majority:.3f}, snorkel {plain:.3f}, snorkel with Y_dev {informed:.3f}, Dawid-Skene {em:.3f}"
    row(
        "auto on test, 120 true labels given",
        ours >= best,
        f"{ours:.3f} ({auto.model.method})",
        names,
        target=f">= {best:.3f}",
    )
    blind = auto_label_model(train)
    score = _accuracy(blind.model.predict_proba(test), truth)
    row("auto on test, no true label given", score >= majority - 1e-12, f"{score:.3f} ({blind.model.method})",
        f"majority {majority:.3f}, snorkel {plain:.3f}", target=f">= majority {majority:.3f}")  # fmt: skip
    ends = _end_models(auto, L, gold, [*texts, *data["valid"][2]], truth, fresh)
    for name, accuracy in ends.items():
        row(f"end model on test: {name}", accuracy > ours, f"{accuracy:.3f}", f"label model {ours:.3f}",
            target=f"> {ours:.3f}")  # fmt: skip
    each = [
        (name, _accuracy(fit_label_model(name, train).predict_proba(test), truth),
         _accuracy(fit_label_model(name, L, gold=gold).predict_proba(test), truth))
        for name in LABEL_MODELS
    ]  # fmt: skip
    lines = ["| label model | no true labels | 120 true labels |", "|---|---|---|"]
    lines += [f"| {name} | {a:.3f} | {b:.3f} |" for name, a, b in each]
    TEXT.append(f"With true labels auto says: {auto.why}. Without: {blind.why}.\n\n" + "\n".join(lines))


def _end_models(auto: Any, L: Any, gold: Any, texts: list[str], truth: Any, fresh: list[str]) -> dict[str, float]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    beliefs = auto.model.predict_proba(L)
    beliefs[gold >= 0] = np.eye(2)[gold[gold >= 0]]
    rows = np.union1d(plan_rows(beliefs, (L >= 0).sum(axis=1)).train, np.flatnonzero(gold >= 0))
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(texts)
    X, Z = words.transform([texts[i] for i in rows.tolist()]), words.transform(fresh)
    made = {"noise-aware logistic": NoiseAwareLogistic(l2=1e-4).fit(X, beliefs[rows])}
    made["scikit-learn's logistic by row duplication"] = fit_soft(LogisticRegression(C=10.0), X, beliefs[rows])
    return {name: _accuracy(model.predict_proba(Z), truth) for name, model in made.items()}


def generated(quick: bool) -> None:
    """Never below majority vote, on fresh rows of fifty generated problems, with and without true labels."""
    from weak_problems import problems

    _never_below(problems()[:: 5 if quick else 1])


def imbalanced(quick: bool) -> None:
    """The same where one class holds 80 or 90 of 100 rows."""
    from weak_problems import imbalanced as problems

    _never_below(problems()[:: 5 if quick else 1])


def _never_below(all_problems: list[Any]) -> None:
    from weak_problems import GOLD

    lines = ["| problem | majority | auto, no labels | auto, 100 labels | snorkel |", "|---|---|---|---|---|"]
    below = {"no": 0, "some": 0, "snorkel": 0}
    gain = {"no": 0.0, "some": 0.0, "snorkel": 0.0}
    for p in all_problems:
        votes, fresh = label_matrix(p.L, classes=p.k), label_matrix(p.fresh, classes=p.k)
        base = _accuracy(fit_label_model("majority", votes).predict_proba(fresh), p.fresh_truth)
        blind = auto_label_model(votes)
        seeing = auto_label_model(votes, gold=p.gold())
        found = {"no": _accuracy(blind.model.predict_proba(fresh), p.fresh_truth),
                 "some": _accuracy(seeing.model.predict_proba(fresh), p.fresh_truth)}  # fmt: skip
        if p.L.shape[1] >= 3:  # snorkel refuses fewer
            found["snorkel"] = _accuracy(_snorkel(p.k, p.L).predict_proba(p.fresh), p.fresh_truth)
        for key, value in found.items():
            below[key] += value < base - 1e-9
            gain[key] += (value - base) / len(all_problems)
        peer = f"{found['snorkel']:.3f}" if "snorkel" in found else "refused"
        lines.append(
            f"| {p.name} | {base:.3f} | {found['no']:.3f} ({blind.model.method}) | "
            f"{found['some']:.3f} ({seeing.model.method}) | {peer} |"
        )
    n = len(all_problems)
    for key, name in (("no", "no true labels"), ("some", f"{GOLD} true labels")):
        row(f"auto below majority vote, {name}", below[key] == 0, f"{below[key]} of {n}", f"{below['snorkel']} of {n}",
            target="0")  # fmt: skip
        row(f"mean gain over majority vote, {name}", None, f"{gain[key]:+.3f}", f"{gain['snorkel']:+.3f}")
    TEXT.append(
        "Accuracy on 2,000 fresh rows; ties count by their share. snorkel gets no true labels.\n\n" + "\n".join(lines)
    )


def accuracies(quick: bool) -> None:
    """Ratner's model: estimated accuracies of functions beside snorkel's, on problems of snorkel's own generator."""
    from snorkel.synthetic.synthetic_data import generate_simple_label_matrix

    apart, ours, peer = 0.0, 0.0, 0.0
    fit_ours, fit_peer = 0.0, 0.0
    cases = [(seed, m, k) for seed in range(2 if quick else 4) for m, k in ((5, 2), (10, 2), (20, 2), (5, 3), (10, 4))]
    for seed, m, k in cases:
        np.random.seed(seed)  # noqa: NPY002 - snorkel's generator draws from the global state
        _, truth, L = generate_simple_label_matrix(10_000, m, k)
        theirs, took = _worked(_snorkel, k, L)
        fit_peer += took
        made, took = _worked(matrix_completion, label_matrix(L, classes=k))
        fit_ours += took
        real = np.array([(L[L[:, j] >= 0, j] == truth[L[:, j] >= 0]).mean() for j in range(m)])
        apart = max(apart, float(np.abs(made.accuracies - theirs.get_weights()).max()))
        ours = max(ours, float(np.abs(made.accuracies - real).max()))
        peer = max(peer, float(np.abs(theirs.get_weights() - real).max()))
    n = len(cases)
    row(f"accuracies, {n} problems: largest distance to snorkel's", apart < 0.02, f"{apart:.4f}", "", target="< 0.02")
    row("largest distance to the true accuracies", None, f"{ours:.4f}", f"{peer:.4f}")
    row("time to fit all, 500 epochs of the peer", None, f"{fit_ours:.2f} s", f"{fit_peer:.2f} s",
        f"{fit_peer / fit_ours:.0f}x")  # fmt: skip


SENTENCE = (
    "great song check out my channel please subscribe love this video is the best ever http://a.b/c money free views "
    "who watching in 2014 ten million"
)
WORDS = SENTENCE.split()


def _comments(n: int) -> list[str]:
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 40, n)
    said = np.array(WORDS, dtype=object)[rng.integers(len(WORDS), size=int(lengths.sum()))].tolist()
    ends = np.cumsum(lengths).tolist()
    return [" ".join(said[b - c : b]) for b, c in zip(ends, lengths.tolist(), strict=True)]


def _nothing(row: Any) -> int:
    del row
    return -1


ROW_RULES: dict[str, Callable[[Any], int]] = {
    "nothing": _nothing,
    "short": lambda row: 0 if len(row.text) < 40 else -1,
    "subscribe": lambda row: 1 if "subscribe" in row.text else -1,
    "likes": lambda row: 1 if row.likes > 500 else -1,
}
FIND = re.compile(r"check.*out", re.IGNORECASE)
WHOLE = re.compile(r"\b(?:subscribe|channel)\b", re.IGNORECASE)
LINK = re.compile(r"https?://\S+")
#: A form of rule with its parameters, and the function of a row that says the same.
FORMS: dict[str, tuple[str, dict[str, Any], Callable[[Any], int]]] = {
    "keywords": ("keywords", {"words": ("subscribe", "channel")}, lambda row: 1 if WHOLE.search(row.text) else -1),
    "keywords, parts of words": (
        "keywords", {"words": ("please",), "whole_words": False}, lambda row: 1 if "please" in row.text.lower() else -1
    ),
    "regex": ("regex", {"pattern": "check.*out"}, lambda row: 1 if FIND.search(row.text) else -1),
    "regex, a link": ("regex", {"pattern": r"https?://\S+"}, lambda row: 1 if LINK.search(row.text) else -1),
}  # fmt: skip


def speed(quick: bool) -> None:
    """100,000 rows: the same functions by both, and keyword and regular expression rules over whole columns."""
    import pandas as pd
    from snorkel.labeling import LabelingFunction, PandasLFApplier

    n = 5_000 if quick else 100_000
    texts = _comments(n)
    likes = np.random.default_rng(1).integers(0, 1000, n)
    frame = pd.DataFrame({"text": pd.Series(texts, dtype=object), "likes": likes})
    table = pa.table({"text": texts, "likes": likes})

    def compare(name: str, rules: dict[str, Callable[[Any], int]], labelers: list[Any], target: int) -> None:
        applier = PandasLFApplier([LabelingFunction(rule, fn) for rule, fn in rules.items()])
        theirs, mine = [], []
        for _ in range(2):  # in turn, so that a busy machine is busy for both
            theirs.append(_worked(applier.apply, frame, progress_bar=False))
            mine.append(_worked(apply_labelers, labelers, table, Run(), classes=[0, 1]))
        peer, ours = min(took for _, took in theirs), min(took for _, took in mine)
        same = bool((dense_matrix(mine[0][0].votes) == theirs[0][0]).all())
        passed = same and peer >= target * ours
        row(name, passed, f"{ours:.4f} s", f"{peer:.2f} s", f"{peer / ours:.1f}x", f">= {target}x, same matrix")

    for name, fn in ROW_RULES.items():
        compare(f"row-wise: {name}", {name: fn}, [labeling_function(name)(fn)], 4)
    every = [labeling_function(name)(fn) for name, fn in ROW_RULES.items()]
    compare("row-wise: all four in one pass", ROW_RULES, every, 4)
    for name, (form, params, fn) in FORMS.items():
        compare(f"columnar: {name}", {name: fn}, [Shelf("labelers").make(form, rule="rule", label=1, **params)], 40)
    TEXT.append(f"{n:,} rows, one process each; processor time of all threads, the better of two runs.")


def large(quick: bool) -> None:
    """A million rows by a hundred rules, applied and fitted."""
    n = 20_000 if quick else 1_000_000
    texts = _comments(n)
    table = pa.table({"text": pa.array(texts)})
    del texts
    make = Shelf("labelers").make
    rules: list[Any] = []
    for at in range(100):
        # one rule in ten looks for a word, which more than half of the comments hold; the others for two in a row
        words = WORDS[at // 10] if at % 10 == 0 else f"{WORDS[at % 25]} {WORDS[(at * 7 + 3) % 25]}"
        form = {"pattern": words} if at % 2 else {"words": (words,)}
        rules.append(make("regex" if at % 2 else "keywords", rule=f"rule_{at}", label=at % 3 % 2, **form))
    applied, took = _worked(apply_labelers, rules, table, Run(), classes=["no", "yes"])
    votes = applied.votes
    del table
    fits = []
    for name in LABEL_MODELS:
        model, spent = _worked(fit_label_model, name, votes)
        fits.append((name, spent, _worked(model.predict_proba, votes)[1]))
    auto, spent = _worked(auto_label_model, votes)
    fits.append(("auto (all of them, compared)", spent, _worked(auto.model.predict_proba, votes)[1]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    size = f"{n:,} rows x 100 rules"
    row(f"{size}: memory, applied and fitted", peak < 4.0, f"{peak:.2f} GB", target="< 4 GB")
    slowest = max(fits[:-1], key=lambda f: f[1])
    row(f"{size}: the slowest fit, {slowest[0]}", slowest[1] < 10, f"{slowest[1]:.1f} s", target="< 10 s")
    row(f"{size}: all seven compared and one fitted", spent < 10, f"{spent:.1f} s", target="< 10 s")
    lines = ["| label model | fit | beliefs of all rows |", "|---|---|---|"]
    lines += [f"| {name} | {a:.1f} s | {b:.1f} s |" for name, a, b in fits]
    TEXT.append(
        f"Processor time of one process. Applied in {took:.1f} s: {votes.n_votes:,} votes, {votes.n_votes / n:.1f} a "
        "row.\n\n" + "\n".join(lines)
    )


def main() -> int:
    """Measure one part and print it."""
    parts = {f.__name__: f for f in (youtube, generated, imbalanced, accuracies, speed, large)}
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
