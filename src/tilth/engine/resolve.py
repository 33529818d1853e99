"""From needs to evidence: made once, looked up ever after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine.inputs import (
    canonical_split,
    check_embedder,
    default_embedder,
    group_ids,
    input_blocks,
    inputs_key,
    media_files,
)
from tilth.engine.item_checks import look_hash, pixel_size, readable_audio, readable_image
from tilth.engine.label_errors import label_error_evidence
from tilth.engine.options import ResolverOptions
from tilth.engine.predictions import numeric_targets, prediction_evidence
from tilth.engine.runs import EngineRun
from tilth.errors import AlignmentError, NotApplicable, PartError, TilthError
from tilth.numerics.cross_fitting.crossfit import cross_fit_probabilities, default_classifier
from tilth.numerics.cross_fitting.folds import merge_groups
from tilth.numerics.similarity.duplicates import find_near_duplicates
from tilth.numerics.similarity.exact_search import exact_block_rows
from tilth.numerics.similarity.neighbors import NeighborGraph, nearest_neighbors
from tilth.plugin import View
from tilth.records import Evidence, Snapshot, digest

__all__ = ["Resolver"]


@dataclass
class Resolver:
    """Makes and remembers the evidence of one snapshot.

    Parameters
    ----------
    snapshot : Snapshot
    run : EngineRun
    options : ResolverOptions
    given : mapping of kind to Evidence
        Evidence that the user brought; used as it is.
    """

    snapshot: Snapshot
    run: EngineRun
    options: ResolverOptions = field(default_factory=ResolverOptions)
    given: Mapping[str, Evidence] = field(default_factory=dict)
    _made: dict[str, Evidence | TilthError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.options.embedder and "embeddings" not in self.given:
            check_embedder(self.snapshot, self.options.embedder)

    def get(self, kind: str) -> Evidence:
        """Evidence of a kind: given, made before in this run, stored, or made now."""
        if kind not in self._made:
            try:
                self._made[kind] = self.given[kind].align(self.snapshot) if kind in self.given else self._make(kind)
            except TilthError as error:
                self._made[kind] = error
        made = self._made[kind]
        if isinstance(made, TilthError):
            raise made
        return made

    def notes(self) -> tuple[str, ...]:
        """What the makers of the evidence wanted said."""
        return tuple(
            f"{kind}: {note}" for kind, made in self._made.items() if isinstance(made, Evidence) for note in made.notes
        )

    def _make(self, kind: str) -> Evidence:
        makers: dict[str, Callable[[], Evidence]] = {
            "embeddings": self._embeddings,
            "neighbors": self._neighbors,
            "duplicates": self._duplicates,
            "perceptual": self._perceptual,
            "sizes": self._sizes,
            "readable": self._readable,
            "probs": self._probs,
            "label_errors": self._label_errors,
            "predictions": self._predictions,
        }
        if kind not in makers:
            raise PartError(f"nothing makes the evidence {kind!r}", fix=f"a part can need {', '.join(makers)}")
        return makers[kind]()

    def _stored(self, kind: str, inputs: str, maker: dict[str, Any], make: Callable[[EngineRun], Evidence]) -> Evidence:
        """Look evidence up by the hash of its inputs and maker, or make and store it."""
        found = self.run.store.get_evidence(Evidence.address_of(kind, inputs, maker))
        if found is None:
            with self.run.step(kind) as run:
                found = replace(make(run), snapshot_id=inputs, maker=maker)
            self.run.store.put_evidence(found)
        return replace(found, snapshot_id=self.snapshot.id)

    def _evidence(self, kind: str, rows: npt.NDArray[np.int64], values: npt.NDArray[Any], **more: Any) -> Evidence:
        return Evidence(kind, self.snapshot.id, self.snapshot.row_ids[rows], values, **more)

    def _embeddings(self) -> Evidence:
        blocks = input_blocks(self.snapshot)
        parts = [default_embedder(medium, self.options.embedder) for medium, _ in blocks]
        maker = {"kind": "embeddings", "parts": [p.spec() for p in parts], "seed": self.run.seed}

        def make(run: EngineRun) -> Evidence:
            arrays = []
            for part, (_, items) in zip(parts, blocks, strict=True):
                with run.step(part.name) as inner:
                    arrays.append(part.embed(items, inner))
            if len(arrays) > 1:
                arrays = [_unit_scale(a) for a in arrays]
            joined = np.concatenate(arrays, axis=1).astype(np.float32, copy=False)
            rows = np.flatnonzero(np.isfinite(joined).all(axis=1))
            if not len(rows):
                raise NotApplicable("not one row can be read, so there is nothing to embed")
            return self._evidence("embeddings", rows, joined[rows])

        return self._stored("embeddings", inputs_key(self.snapshot), maker, make)

    def _neighbors(self) -> Evidence:
        embeddings = self.get("embeddings")
        if len(embeddings.row_ids) < 3:
            raise NotApplicable("fewer than 3 rows have no neighbours to speak of", found=str(len(embeddings.row_ids)))
        k = min(self.options.n_neighbors, len(embeddings.row_ids) - 1)
        maker = {"kind": "neighbors", "k": k, "of": embeddings.maker, "version": 2}

        def make(run: EngineRun) -> Evidence:
            rows = run.rows_within(4 * len(embeddings.values), exact_block_rows(len(embeddings.values)))
            graph = nearest_neighbors(embeddings.values, k, block_rows=rows, random_state=run.seed)
            return Evidence(
                "neighbors",
                self.snapshot.id,
                embeddings.row_ids,
                graph.indices.astype(np.int64),
                extra=graph.columns(),
                notes=(f"{graph.method} search, recall {graph.recall:.3f}",),
            )

        return self._stored("neighbors", inputs_key(self.snapshot), maker, make)

    def _duplicates(self) -> Evidence:
        """Group index of near-duplicates, so that they share a fold; -1 for rows that stand alone."""
        neighbors = self.get("neighbors")
        embeddings = self.get("embeddings")
        rows = self.snapshot.positions(list(embeddings.row_ids))
        graph = NeighborGraph.from_columns(neighbors.values, neighbors.extra)
        result = find_near_duplicates(embeddings.values, hashes=self.snapshot.items[rows], neighbors=graph)
        return Evidence("duplicates", self.snapshot.id, embeddings.row_ids, result.group_id.astype(np.int64))

    def _perceptual(self) -> Evidence:
        return self._of_each_image("perceptual", look_hash)

    def _sizes(self) -> Evidence:
        return self._of_each_image("sizes", pixel_size)

    def _of_each_image(self, kind: str, fn: Callable[[bytes], Any]) -> Evidence:
        """What a function says of every readable image of the only image column."""
        files = media_files(self.snapshot, "image")
        if len(files) != 1:
            raise NotApplicable(f"{kind} need exactly one image column", found=str(len(files)))
        maker = {"kind": kind, "version": 1}

        def make(run: EngineRun) -> Evidence:
            results = run.map_items(fn, files[0], maker=maker)
            rows = [i for i, result in enumerate(results) if not isinstance(result, Exception)]
            if not rows:
                raise NotApplicable("not one image can be read")
            return self._evidence(
                kind, np.asarray(rows, dtype=np.int64), np.stack([np.asarray(results[i]) for i in rows])
            )

        return self._stored(kind, inputs_key(self.snapshot), maker, make)

    def _readable(self) -> Evidence:
        maker = {"kind": "readable", "version": 1}
        checks = {"image": readable_image, "audio": readable_audio}
        files = [(m, f) for m in checks for f in media_files(self.snapshot, m)]
        if not files:
            raise NotApplicable("there are no media files to read")

        def make(run: EngineRun) -> Evidence:
            texts = np.full(len(self.snapshot), "", dtype=object)
            for medium, column in files:
                results = run.map_items(checks[medium], column, maker={**maker, "medium": medium})
                for i, result in enumerate(results):
                    if isinstance(result, Exception) and not texts[i]:
                        texts[i] = str(result)
            return self._evidence("readable", np.arange(len(self.snapshot)), texts)

        return self._stored("readable", inputs_key(self.snapshot), maker, make)

    def _probs(self) -> Evidence:
        if not self.snapshot.classes:
            raise NotApplicable("there is no class label", fix="name the label column with --label")
        embeddings = self.get("embeddings")
        rows = self.snapshot.positions(list(embeddings.row_ids))
        labels = self.snapshot.labels[rows].copy()
        split = canonical_split(self.snapshot)[rows]
        if ((split == "test") & (labels >= 0)).any() and ((split != "test") & (labels >= 0)).any():
            # no training row is ever judged, and so never changed, by a model that saw a test label
            labels[split == "test"] = -1
        if len(seen := np.unique(labels[labels >= 0])) < 2:
            raise NotApplicable(
                "a model needs labelled rows of at least two classes",
                found=f"only {self.snapshot.classes[seen[0]]!r}" if len(seen) else "no labelled row",
            )
        groups = self._grouped(rows)
        model = self.options.model if self.options.model is not None else default_classifier(self.run.seed)
        maker = {
            "kind": "probs",
            "model": self.options.model_id,
            "n_folds": self.options.n_folds,
            "of": embeddings.maker,
            "seed": self.run.seed,
            "version": 2,
        }
        inputs = digest([inputs_key(self.snapshot), labels.tolist(), groups.tolist(), list(self.snapshot.classes)])

        def make(run: EngineRun) -> Evidence:
            run.expect(self.options.n_folds)
            fitted = cross_fit_probabilities(
                model,
                embeddings.values,
                labels,
                n_classes=len(self.snapshot.classes),
                n_folds=self.options.n_folds,
                groups=groups,
                random_state=run.seed,
                on_fold=lambda _i, _n: run.advance(),
            )
            return Evidence(
                "probs",
                self.snapshot.id,
                embeddings.row_ids,
                fitted.probs,
                classes=self.snapshot.classes,
                out_of_sample=True,
                extra={"folds": np.asarray(fitted.folds, dtype=np.int64)},
                notes=tuple(fitted.notes),
            )

        return self._stored("probs", inputs, maker, make)

    def _grouped(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Rows that must stay in one fold: the user's groups and near-duplicates, merged."""
        try:
            duplicates = self.get("duplicates").values
        except NotApplicable:
            duplicates = np.full(len(rows), -1, dtype=np.int64)
        return merge_groups(group_ids(self.snapshot)[rows], duplicates)

    def _label_errors(self) -> Evidence:
        if not self.snapshot.classes:
            raise NotApplicable("there is no class label", fix="name the label column with --label")
        embeddings, brought = self.get("embeddings"), self.given.get("probs")
        rows = self.snapshot.positions(list(embeddings.row_ids))
        groups = self._grouped(rows)
        notes: tuple[str, ...] = brought.notes if brought is not None else ()
        if brought is not None:
            judged = np.isin(rows, self.snapshot.positions(list(brought.row_ids)))
            embeddings, rows, groups = embeddings.take(np.flatnonzero(judged)), rows[judged], groups[judged]
            if not judged.all():
                notes = (
                    *notes,
                    f"{int((~judged).sum())} rows without a given probability were not judged",
                )
        labels = self.snapshot.labels[rows]
        is_test = canonical_split(self.snapshot)[rows] == "test"
        maker = {
            "kind": "label_errors",
            "model": self.options.model_id,
            "n_folds": self.options.n_folds,
            "of": embeddings.maker,
            "probs": brought.maker if brought is not None else None,
            "seed": self.run.seed,
            "version": 2,
        }
        inputs = digest(
            [
                inputs_key(self.snapshot),
                labels.tolist(),
                groups.tolist(),
                is_test.tolist(),
                list(self.snapshot.classes),
            ]
        )

        def make(run: EngineRun) -> Evidence:
            made = label_error_evidence(
                embeddings.values,
                labels,
                is_test,
                embeddings.row_ids,
                self.snapshot.classes,
                run,
                pred_probs=self._restrict(brought, rows).values if brought is not None else None,
                model=self.options.model,
                groups=groups,
                n_folds=self.options.n_folds,
            )
            return replace(made, notes=(*made.notes, *notes))

        return self._stored("label_errors", inputs, maker, make)

    def _predictions(self) -> Evidence:
        targets = numeric_targets(self.snapshot)
        found = self.get("embeddings")
        rows = self.snapshot.positions(list(found.row_ids))
        y, groups, is_test = targets[rows], self._grouped(rows), canonical_split(self.snapshot)[rows] == "test"
        model = self.options.model if hasattr(self.options.model, "predict") else None
        model = None if hasattr(model, "predict_proba") else model
        n_folds = self.options.n_folds
        maker: dict[str, Any] = {"kind": "predictions", "n_folds": n_folds, "of": found.maker, "seed": self.run.seed}
        maker |= {"model": self.options.model_id if model is not None else "default", "version": 1}
        inputs = digest([inputs_key(self.snapshot), y.tobytes().hex(), groups.tolist(), is_test.tolist()])

        def make(run: EngineRun) -> Evidence:
            return prediction_evidence(
                found.values, y, is_test, found.row_ids, run, model=model, groups=groups, n_folds=n_folds
            )

        return self._stored("predictions", inputs, maker, make)

    def view(self, needs: tuple[str, ...], wants: tuple[str, ...] = ()) -> View:
        """What a part that declared `needs` and `wants` gets to see.

        The view holds the rows for which every needed piece of evidence exists. Neighbours that are
        not among them become -1.
        """
        kinds = [need for need in needs if need not in ("labels", "rows")]
        if "labels" in needs and not self.snapshot.classes:
            raise NotApplicable("there is no class label", fix="name the label column with --label")
        evidence = {kind: self.get(kind) for kind in kinds}
        for kind in wants:
            try:
                evidence[kind] = self.get(kind)
            except NotApplicable:
                continue
        rows = np.arange(len(self.snapshot))
        for found in evidence.values():
            rows = np.intersect1d(rows, self.snapshot.positions(list(found.row_ids)))
        return View(
            row_ids=self.snapshot.row_ids[rows],
            items=self.snapshot.items[rows],
            labels=self.snapshot.labels[rows],
            classes=self.snapshot.classes,
            split=canonical_split(self.snapshot)[rows],
            groups=group_ids(self.snapshot)[rows],
            table=self.snapshot.table.take(rows).drop_columns(["position"]) if "rows" in needs else None,
            schema=self.snapshot.schema,
            evidence={kind: self._restrict(found, rows) for kind, found in evidence.items()},
        )

    def _restrict(self, evidence: Evidence, rows: npt.NDArray[np.int64]) -> Evidence:
        have = self.snapshot.positions(list(evidence.row_ids))
        if len(have) == len(rows) and bool(np.all(have == rows)):
            return evidence
        order = np.argsort(have)
        place = np.searchsorted(have[order], rows)
        if (missing := rows[np.append(have[order], -1)[place] != rows]).size:
            raise AlignmentError(
                f"there is no {evidence.kind} for a row that is asked about",
                where=f"row {self.snapshot.row_ids[missing[0]]!r}",
                found=f"{len(missing)} such rows",
                fix="give it for every row",
            )
        take = order[place]
        values = evidence.values[take]
        extra = {name: array[take] for name, array in evidence.extra.items()}
        if evidence.kind == "neighbors":
            new = np.full(len(have), -1, dtype=np.int64)
            new[take] = np.arange(len(take))
            values = new[values]
            extra["distances"] = np.where(values < 0, np.inf, extra["distances"]).astype(np.float32)
        return replace(evidence, row_ids=evidence.row_ids[take], values=values, extra=extra)


def _unit_scale(block: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A block of features with mean squared row length 1, so that no medium drowns another."""
    finite = block[np.isfinite(block).all(axis=1)]
    centred = finite - finite.mean(axis=0) if len(finite) else finite
    scale = float(np.sqrt((centred**2).sum(axis=1).mean())) if len(finite) else 0.0
    return block / np.float32(scale) if scale > 0 else block
