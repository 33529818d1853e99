"""Guards of augmentation: which magnitudes keep the label of each class true, and how far the samples move."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.engine.augment import Augmenter
from tilth.engine.inputs import default_embedder
from tilth.engine.runs import EngineRun
from tilth.engine.sample_rows import SampleRows, encode_sample
from tilth.errors import ParameterError
from tilth.numerics.augment.preservation import Flips, flip_rates, safe_magnitude
from tilth.numerics.augment.shift import Shift, categories_shift, embedding_shift, numbers_shift
from tilth.plugin import Operation, sample_rng
from tilth.records import MemoryItems, Sample
from tilth.workflows.augment.label_rules import label_rules
from tilth.workflows.augment.motions import motion_of

__all__ = [
    "FeatureShift", "LabelCheck", "Veto", "check_labels", "embed_samples", "grouped", "measure_shift", "preview",
]  # fmt: skip

#: Magnitudes that are tried.
GRID = (0.25, 0.5, 0.75, 1.0)
#: Rows a class, and changed samples in all, that the label check looks at.
ROWS_A_CLASS, MOST = 24, 6000
#: Rows that the distributions are compared on.
COMPARED = 300


@dataclass(frozen=True)
class Veto:
    """A limit on one operation for one class.

    Parameters
    ----------
    operation, label : str
    limit : float
        Highest magnitude; 0 leaves it out.
    by : {"rule", "model"}
    why : str
    """

    operation: str
    label: str
    limit: float
    by: str
    why: str


def grouped(vetoes: Sequence[Veto]) -> list[Veto]:
    """Vetoes that say the same of several classes as one, its label the list of them."""
    found: dict[tuple[str, float, str, str], list[str]] = {}
    for veto in vetoes:
        found.setdefault((veto.operation, veto.limit, veto.by, veto.why), []).append(veto.label)
    return [Veto(name, ", ".join(labels), limit, by, why) for (name, limit, by, why), labels in found.items()]


@dataclass(frozen=True)
class LabelCheck:
    """What the label check found.

    Parameters
    ----------
    vetoes : tuple of Veto
    judged : int
        Changed samples that the model judged.
    operations : tuple of str
        Which were tried.
    note : str
        Why nothing was tried; empty where something was.
    """

    vetoes: tuple[Veto, ...] = ()
    judged: int = 0
    operations: tuple[str, ...] = ()
    note: str = ""

    @property
    def limits(self) -> dict[str, dict[str, float]]:
        """The vetoes as limits of a policy."""
        made: dict[str, dict[str, float]] = {}
        for veto in self.vetoes:
            own = made.setdefault(veto.label, {})
            own[veto.operation] = min(veto.limit, own.get(veto.operation, 1.0))
        return made


@dataclass(frozen=True)
class FeatureShift:
    """How far one feature moved; `what` is "number", "category" or "vectors"."""

    name: str
    what: str
    shift: Shift


def embed_samples(samples: Sequence[Sample], run: EngineRun, embedder: str = "") -> npt.NDArray[np.float32]:
    """Vectors of samples of one medium, shape (n, d), gaps as 0."""
    medium = samples[0].medium
    inner = EngineRun(run.seed, f"{run.path}/embeddings", jobs=run.jobs, memory_budget=run.memory_budget)
    inner.stop = run.stop
    items: Any
    if medium == "text":
        items, kind = [sample.value or None for sample in samples], "text"
    elif medium == "table":
        items = pa.Table.from_pylist([_cells(sample) for sample in samples])
        kind = "number" if any(not pa.types.is_string(field.type) for field in items.schema) else "category"
    else:
        items, kind = MemoryItems([encode_sample(sample) for sample in samples]), medium
    made = default_embedder(kind, embedder).embed(items, inner)
    return np.nan_to_num(np.asarray(made, dtype=np.float32))


def _cells(sample: Sample) -> dict[str, Any]:
    return {
        name: float(v) if isinstance(v, (int, float)) and not isinstance(v, bool) else (None if v is None else str(v))
        for name, v in sample.value.items()
    }


def _chosen(rows: SampleRows, each: int, seed: int) -> list[int]:
    """At most `each` rows of every class, drawn evenly, in order."""
    rng = np.random.default_rng([seed, 0xC1A5])
    places: dict[str, list[int]] = {}
    for at, label in enumerate(rows.labels):
        if label is not None:
            places.setdefault(str(label), []).append(at)
    taken = [rng.permutation(own)[:each] for _, own in sorted(places.items())]
    return sorted(int(at) for at in np.concatenate(taken)) if taken else []


@dataclass(frozen=True)
class _Setting:
    """One operation at one magnitude; `which` tells apart the parts that stand under one name."""

    name: str
    which: int
    magnitude: float
    part: Operation

    @property
    def fixed(self) -> bool:
        """Whether a lower magnitude would not tame it: it has none, or a given parameter overrides it."""
        return not self.part.ranged or any(
            field.default is None and getattr(self.part, field.name) is not None
            for field in dataclasses.fields(self.part)
        )


def _settings(operations: dict[str, list[Operation]]) -> list[_Setting]:
    """Every part at every magnitude; one that has no strength is tried once."""
    return [
        _Setting(name, which, magnitude, dataclasses.replace(base, magnitude=magnitude))
        for name, parts in operations.items()
        for which, base in enumerate(parts)
        for magnitude in (GRID if base.ranged else (1.0,))
    ]


def _ruled(settings: Sequence[_Setting], classes: Sequence[str], medium: str) -> list[Veto]:
    """What names of classes rule out, by what each operation really does to an image at each magnitude."""
    rules = label_rules(classes, medium)
    if not rules:
        return []
    motions = [motion_of(setting.part) for setting in settings]
    vetoes = []
    for name in dict.fromkeys(setting.name for setting in settings):
        for rule in rules:
            limit = 1.0
            for which in {setting.which for setting in settings if setting.name == name}:
                own = [at for at, s in enumerate(settings) if (s.name, s.which) == (name, which)]
                bad = [settings[at].magnitude for at in own if rule.broken_by(motions[at])]
                if bad:
                    safe = [m for m in GRID if m < min(bad)]
                    limit = min(limit, 0.0 if settings[own[0]].fixed or not safe else safe[-1])
            if limit < 1:
                vetoes.append(Veto(name, rule.label, limit, "rule", rule.why))
    return vetoes


def _readable(rows: SampleRows, places: Sequence[int]) -> list[Sample]:
    from tilth.errors import DataError

    found = []
    for at in places:
        try:
            found.append(rows[at])
        except DataError:
            continue
    return found


def check_labels(
    augmenter: Augmenter, rows: SampleRows, classes: Sequence[str], run: EngineRun, *, model: Any = None,
    embedder: str = "",
) -> LabelCheck:  # fmt: skip
    """Which magnitudes of the policy's operations keep labels true, by rules and by a cross-fitted model.

    The model judges changed rows that it was not trained on, and only those that it gets right as they are. An
    operation is limited for a class where clearly more than 10% of its rows clearly go over to another class.
    """
    operations = augmenter.operations()
    settings = _settings(operations)
    vetoes = _ruled(settings, classes, augmenter.medium)
    if not classes or not operations:
        why = "labels are not classes" if operations else "a batch recipe gives its own labels"
        return LabelCheck(tuple(vetoes), note=f"{why}, so that no model can judge them")
    each = max(4, min(ROWS_A_CLASS, MOST // max(1, len(settings) * len(classes))))
    samples = _readable(rows, _chosen(rows, each, augmenter.seed))
    labels = np.asarray([classes.index(str(s.label)) for s in samples], dtype=np.int64)
    counts = np.bincount(labels, minlength=len(classes))
    few = [classes[i] for i in np.flatnonzero(counts < 4).tolist()]
    if len(few) > len(classes) - 2:
        return LabelCheck(
            tuple(vetoes), note="fewer than two classes have 4 labelled rows, so that no model can judge changes"
        )
    keep = np.flatnonzero(counts[labels] >= 4).tolist()
    flips = _tried([samples[i] for i in keep], labels[keep], settings, augmenter.seed, run, model, embedder)
    vetoes += _found(flips, settings, classes, {(veto.label, veto.operation) for veto in vetoes})
    note = f"too few rows to judge {', '.join(few[:5])}" if few else ""
    return LabelCheck(tuple(vetoes), int(flips.judged.sum()), tuple(operations), note)


def _tried(
    samples: Sequence[Sample],
    labels: npt.NDArray[np.int64],
    settings: Sequence[_Setting],
    seed: int,
    run: EngineRun,
    model: Any,
    embedder: str,
) -> Flips:
    """Every sample through every setting, judged."""
    changed, origin, setting = [], [], []
    run.expect(len(settings), "checking labels")
    for s, one in enumerate(settings):
        path = f"check/{one.name}/{one.magnitude:g}" + (f"/{one.which}" if one.which else "")
        for at, sample in enumerate(samples):
            changed.append(one.part.apply(sample, sample_rng(seed, 0, sample.row_id, path)))
            origin.append(at)
            setting.append(s)
        run.advance()
    vectors, n = embed_samples([*samples, *changed], run, embedder), len(samples)
    return flip_rates(
        vectors[:n], labels, vectors[n:], np.asarray(origin), np.asarray(setting), model=model, random_state=seed
    )


def _found(
    flips: Flips,
    settings: Sequence[_Setting],
    classes: Sequence[str],
    ruled: set[tuple[str, str]],
) -> list[Veto]:
    vetoes = []
    for name, which in dict.fromkeys((setting.name, setting.which) for setting in settings):
        places = [s for s, one in enumerate(settings) if (one.name, one.which) == (name, which)]
        grid = np.asarray([settings[s].magnitude for s in places])
        for c in range(len(flips.judged)):
            if (classes[c], name) in ruled:
                continue
            if settings[places[0]].fixed:
                veto = _all_or_none(flips, c, places, settings[places[0]], classes)
            else:
                veto = _up_to(flips, c, places, grid, settings, classes)
            vetoes += [veto] if veto is not None else []
    return vetoes


def _up_to(
    flips: Flips, c: int, places: list[int], grid: npt.NDArray[np.float64], settings: Sequence[_Setting],
    classes: Sequence[str],
) -> Veto | None:  # fmt: skip
    """The magnitudes that a class bears."""
    limit = safe_magnitude(grid, flips.judged[c, places], flips.flipped[c, places])
    if limit >= 1:
        return None
    bad = places[int(np.searchsorted(grid, limit, side="right")) if limit else 0]
    at = f" at magnitude {settings[bad].magnitude:g}" if settings[bad].part.ranged else ""
    return Veto(settings[bad].name, classes[c], limit, "model", _why(flips, c, [bad], at, classes))


def _all_or_none(flips: Flips, c: int, places: list[int], setting: _Setting, classes: Sequence[str]) -> Veto | None:
    """An operation that no lower magnitude would tame is left out for a class where all its tries together fail."""
    judged, flipped = flips.judged[c, places].sum(keepdims=True), flips.flipped[c, places].sum(keepdims=True)
    if safe_magnitude(np.ones(1), judged, flipped) >= 1:
        return None
    return Veto(setting.name, classes[c], 0.0, "model", _why(flips, c, places, "", classes))


def _why(flips: Flips, c: int, places: list[int], at: str, classes: Sequence[str]) -> str:
    bad, n = int(flips.flipped[c, places].sum()), int(flips.judged[c, places].sum())
    into = int(flips.into[c, max(places, key=lambda s: int(flips.flipped[c, s]))])
    return f"{bad} of {n} rows go over to other classes{at}, most to {classes[into]!r}"


def measure_shift(
    before: Sequence[Sample], after: Sequence[Sample], run: EngineRun, embedder: str = ""
) -> tuple[tuple[FeatureShift, ...], npt.NDArray[np.float32]]:
    """How far samples moved, by feature and in embedding space; and the vectors of both, one below the other."""
    old, new = _features(before), _features(after)
    found = []
    for name, values in old.items():
        if all(isinstance(v, float) for v in [*values, *new[name]]):
            found.append(FeatureShift(name, "number", numbers_shift(values, new[name])))
        else:
            found.append(FeatureShift(name, "category", categories_shift(values, new[name])))
    vectors = embed_samples([*before, *after], run, embedder)
    if len(before) >= 4 and len(after) >= 4:
        n = len(before)
        scaled = (vectors - vectors[:n].mean(axis=0)) / np.where(
            vectors[:n].std(axis=0) > 1e-9, vectors[:n].std(axis=0), 1
        )
        found.append(FeatureShift("embedding", "vectors", embedding_shift(scaled[:n], scaled[n:])))
    return tuple(found), vectors


def _features(samples: Sequence[Sample]) -> dict[str, list[Any]]:
    rows = [_FEATURES[sample.medium](sample) for sample in samples]
    names = list(rows[0]) if rows else []
    made: dict[str, list[Any]] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if all(v is None or (isinstance(v, (int, float)) and not isinstance(v, bool)) for v in values):
            made[name] = [float("nan") if v is None else float(v) for v in values]
        else:
            made[name] = [None if v is None else str(v) for v in values]
    return made


def _of_image(sample: Sample) -> dict[str, Any]:
    pixels = np.asarray(sample.value, dtype=np.float64)
    pixels = pixels * 255 if np.asarray(sample.value).dtype.kind == "f" else pixels
    grey = pixels.mean(axis=2) if pixels.ndim == 3 else pixels
    edges = [np.abs(np.diff(grey, axis=axis)).mean() for axis in (0, 1) if grey.shape[axis] > 1]
    return {
        "brightness": grey.mean(),
        "contrast": grey.std(),
        "sharpness": float(np.mean(edges)) if edges else 0.0,
        "height": float(grey.shape[0]),
        "width": float(grey.shape[1]),
    }


def _of_text(sample: Sample) -> dict[str, Any]:
    words = sample.value.split()
    return {
        "characters": float(len(sample.value)),
        "words": float(len(words)),
        "word length": float(np.mean([len(word) for word in words])) if words else 0.0,
        "marks": float(sum(not c.isalnum() and not c.isspace() for c in sample.value)),
    }


def _of_sound(sample: Sample) -> dict[str, Any]:
    samples = np.asarray(sample.value, dtype=np.float64)
    rms = math.sqrt(float((samples**2).mean())) if len(samples) else 0.0
    crossings = float((np.diff(np.signbit(samples)) != 0).mean()) if len(samples) > 1 else 0.0
    return {
        "seconds": len(samples) / sample.rate,
        "loudness in dB": 20 * math.log10(max(rms, 1e-6)),
        "peak": float(np.abs(samples).max(initial=0.0)),
        "zero crossings": crossings,
    }


def _of_row(sample: Sample) -> dict[str, Any]:
    return dict(sample.value)


_FEATURES: dict[str, Callable[[Sample], dict[str, Any]]] = {
    "image": _of_image,
    "text": _of_text,
    "audio": _of_sound,
    "table": _of_row,
}


def preview(
    augmenter: Augmenter, rows: SampleRows, run: EngineRun, most: int = COMPARED
) -> tuple[list[Sample], list[Sample]]:
    """Some rows, evenly by class, and what becomes of them in the first epoch; unreadable ones are left out."""
    classes = {str(label) for label in rows.labels}
    places = _chosen(rows, max(1, most // max(1, len(classes))), augmenter.seed)
    before = _readable(rows, places or list(range(min(most, len(rows)))))
    if not before:
        raise ParameterError("no row can be read", fix="run: tilth audit DATASET, which says why")
    if augmenter.recipe is not None:
        return before, augmenter.generate(before, len(before), run)
    return before, [augmenter(sample) for sample in before]
