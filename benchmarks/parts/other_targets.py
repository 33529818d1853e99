"""Label errors for other targets than one class: numbers, several classes a row, tokens, boxes and masks. Mean average
precision on generated problems with planted errors, beside the best of cleanlab's functions for the same target, on
the same predictions, in the same run. A gain under 0.0005 either way counts as equal."""

from __future__ import annotations

import json
import pickle
import subprocess
import tempfile
from collections import defaultdict
from typing import Any

import numpy as np

from parts.other_targets_data import box_problem, mask_problem, multilabel_problem, number_problem, token_problem

TITLE = "Other targets"
SLACK = 0.0005

PEER = """
import json, pickle, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np
from sklearn.metrics import average_precision_score as ap
out = []
for p in pickle.load(open(sys.argv[1], "rb")):
    r = {}
    if p["target"] == "numbers":
        from cleanlab.regression.learn import CleanLearning
        from cleanlab.regression.rank import get_label_quality_scores as quality
        from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
        from sklearn.linear_model import LinearRegression
        for method in ("residual", "outre"):
            score = 1 - quality(p["y"], p["predictions"], method=method)
            r["from predictions: " + method] = ap(p["wrong"], score)
        models = {"linear": LinearRegression(), "boosting": HistGradientBoostingRegressor(random_state=0),
                  "trees": ExtraTreesRegressor(100, min_samples_leaf=3, random_state=0)}
        for name, model in models.items():
            found = CleanLearning(model, seed=0).find_label_issues(p["X"], p["y"])
            score = 1 - found["label_quality"].to_numpy()
            r["from features: " + name] = ap(p["wrong"], score)
    elif p["target"] == "several classes":
        from cleanlab.multilabel_classification import get_label_quality_scores as quality
        from cleanlab.multilabel_classification.rank import get_label_quality_scores_per_class as each
        lists = [np.flatnonzero(row).tolist() for row in p["labels"]]
        for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
            r["rows: " + method] = ap(p["wrong"].any(axis=1), 1 - quality(lists, p["probs"], method=method))
            score = 1 - np.asarray(each(lists, p["probs"], method=method))
            r["per class: " + method] = ap(p["wrong"].ravel(), score.ravel())
    elif p["target"] == "tokens":
        from cleanlab.token_classification.rank import get_label_quality_scores as quality
        wrong = np.array([w.any() for w in p["wrong"]])
        for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
            sentences, tokens = quality(p["labels"], p["probs"], token_score_method=method)
            r["tokens: " + method] = ap(np.concatenate(p["wrong"]), 1 - np.concatenate([t.to_numpy() for t in tokens]))
            r["sentences: " + method] = ap(wrong, 1 - sentences)
        sentences, _ = quality(p["labels"], p["probs"], sentence_score_method="softmin")
        r["sentences: softmin"] = ap(wrong, 1 - sentences)
    elif p["target"] == "boxes":
        from cleanlab.object_detection.rank import get_label_quality_scores as quality
        labels = [{"bboxes": g["boxes"], "labels": g["labels"]} for g in p["labels"]]
        said = []
        for q in p["predictions"]:
            rows = np.column_stack([q["boxes"], q["scores"]])
            said.append(np.array([rows[q["labels"] == k] for k in range(p["k"])] + [None], dtype=object)[:-1])
        r["images: objectlab"] = ap(p["wrong"], 1 - quality(labels, said, verbose=False))
    else:
        from cleanlab.segmentation.rank import get_label_quality_scores as quality
        for method in ("softmin", "num_pixel_issues"):
            scores, _ = quality(p["labels"], p["probs"], method=method, verbose=False, batch_size=10**7)
            r["images: " + method] = ap(p["wrong"], 1 - scores)
    out.append({k: float(v) for k, v in r.items()})
print(json.dumps(out))
"""


def _mine(p: dict[str, Any]) -> dict[str, float]:
    """Average precision of tilth, by question."""
    from sklearn.metrics import average_precision_score as ap

    import tilth

    if p["target"] == "numbers":
        return {
            "from predictions": ap(p["wrong"], tilth.find_regression_errors(p["y"], p["predictions"]).scores),
            "from features": ap(p["wrong"], tilth.find_regression_errors(p["y"], X=p["X"]).scores),
        }
    if p["target"] == "several classes":
        rows = tilth.find_multilabel_errors(p["labels"], p["probs"])
        return {
            "rows": ap(p["wrong"].any(axis=1), rows.scores),
            "per class": ap(p["wrong"].ravel(), rows.class_scores.ravel()),
        }
    if p["target"] == "tokens":
        found = tilth.find_token_errors(p["labels"], p["probs"])
        return {
            "tokens": ap(np.concatenate(p["wrong"]), np.concatenate(found.token_scores)),
            "sentences": ap([w.any() for w in p["wrong"]], found.scores),
        }
    if p["target"] == "boxes":
        return {"images": ap(p["wrong"], tilth.find_box_errors(p["labels"], p["predictions"]).scores)}
    return {"images": ap(p["wrong"], tilth.find_mask_errors(p["labels"], p["probs"]).scores)}


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """One row per target and question: means over settings and seeds."""
    del python
    makers = (number_problem, multilabel_problem, token_problem, box_problem, mask_problem)
    seeds = range(1 if quick else 3)
    problems = [made for maker in makers for seed in seeds for made in maker(seed)]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/problems.pickle"
        with open(path, "wb") as file:  # noqa: PTH123
            pickle.dump(problems, file)
        done = subprocess.run([peer, "-c", PEER, path], check=True, capture_output=True, text=True)
    theirs: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    ours: dict[str, list[float]] = defaultdict(list)
    for problem, said in zip(problems, json.loads(done.stdout), strict=True):
        for question, value in _mine(problem).items():
            ours[f"{problem['target']}, {question}"].append(float(value))
        for key, value in said.items():
            question, _, method = key.partition(": ")
            theirs[f"{problem['target']}, {question}"][method].append(value)
    rows: list[dict[str, Any]] = []
    for name, values in ours.items():
        means = {method: float(np.mean(found)) for method, found in theirs[name].items()}
        best = max(means, key=lambda method: means[method])
        mine = float(np.mean(values))
        rows.append(
            {"name": f"{name}, mean average precision", "tilth": f"{mine:.3f}", "peer": f"{means[best]:.3f} ({best})",
             "target": "equal or better", "passed": mine >= means[best] - SLACK}
        )  # fmt: skip
    return {"rows": rows}
