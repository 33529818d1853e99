"""Augmented rows on disk: media files, a manifest that a killed run goes on from, and the rows for the ledger."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.engine.annotations import Annotations, boxes_text
from tilth.engine.augment import Augmenter
from tilth.engine.augment_runs import changed_samples
from tilth.engine.sample_rows import ENDINGS, SampleRows, encode_sample, sample_rows
from tilth.errors import ParameterError, SourceError
from tilth.numerics.media.masks import encode_mask
from tilth.plugin import Run
from tilth.records import Sample, Snapshot, digest, hash_item_rows
from tilth.sources import hash_bytes

__all__ = ["Job", "MadeRows", "check_writable", "job_of", "make_rows"]

MANIFEST = "rows.jsonl"
#: Rows between two writes to the manifest: what a kill can cost at the most.
CHUNK = 64


@dataclass(frozen=True)
class Job:
    """What is made of which rows: equal jobs make equal rows.

    Parameters
    ----------
    id : str
        12 hexadecimal digits over rows, policy, seed and times.
    folder : pathlib.Path
        Where the manifest and media files go.
    medium : str
    columns : tuple of str
        Columns that are changed; those of a table together, others one by one.
    rows : (n,) int64
        Positions in the snapshot.
    times : int
    follow : Annotations
        Columns of boxes and masks that follow the images.
    """

    id: str
    folder: Path
    medium: str
    columns: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    times: int
    follow: Annotations = field(default_factory=Annotations)

    @property
    def manifest(self) -> Path:
        """Its list of rows."""
        return self.folder / MANIFEST


def job_of(
    snapshot: Snapshot,
    augmenter: Augmenter,
    rows: npt.NDArray[np.int64],
    times: int,
    columns: tuple[str, ...],
    folder: Callable[[str], Path],
    given: SampleRows | None = None,
) -> Job:
    """The job that a policy is on some rows of a snapshot; `folder` is told its id, `given` says what follows."""
    shelf_versions = [[part.name, part.version] for part in augmenter.parts()]
    label = snapshot.schema.label
    labels = snapshot.table.column(label).take(pa.array(rows)).to_pylist() if label else []
    said = [
        snapshot.row_ids[rows].tolist(), snapshot.items[rows].tolist(), [str(v) for v in labels],
        augmenter.policy.key, augmenter.seed, times, augmenter.medium, list(columns), shelf_versions,
    ]  # fmt: skip
    follow = given.follow if given is not None else Annotations()
    if given is not None and follow.columns:
        said.append([list(follow.columns), given.annotation_marks()])
    made = digest(said)[:12]
    return Job(made, folder(made), augmenter.medium, columns, rows, times, follow)


@dataclass(frozen=True)
class MadeRows:
    """What a job made.

    Parameters
    ----------
    rows : tuple of dict
        Cells by column name, with ``row_id``, ``item``, ``parents``, ``recipe``, ``epoch`` and, for files, ``folder``.
    unchanged : int
        Samples that came out like a row that is there already, and were left out.
    resumed : int
        Rows that an earlier run had made.
    """

    rows: tuple[dict[str, Any], ...]
    unchanged: int
    resumed: int


def _whole(path: Path, data: bytes) -> None:
    """A file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _read_manifest(job: Job) -> list[dict[str, Any]]:
    """What an earlier run of the same job wrote, up to the first line that is torn or damaged.

    Raises
    ------
    ParameterError
        The folder holds something else.
    """
    path = job.manifest
    if not path.exists():
        if job.folder.exists() and any(job.folder.iterdir()):
            raise ParameterError(
                "there is something else in this folder", where=str(job.folder), fix="name a new or an empty folder"
            )
        return []
    lines: list[dict[str, Any]] = []
    for text in path.read_bytes().splitlines(keepends=True):
        try:
            line = json.loads(text) if text.endswith(b"\n") else None
        except ValueError:
            line = None
        if not isinstance(line, dict):
            break
        lines.append(line)
    if path.stat().st_size and (not lines or lines[0] != {"job": job.id}):
        raise ParameterError(
            "this folder holds rows of another augmentation",
            where=str(job.folder),
            found=f"job {lines[0].get('job', 'unknown') if lines else 'unknown'}, wanted {job.id}",
            fix="name another folder, or remove this one",
        )
    return lines[1:]


def _resume(job: Job, writer: _Writer, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Lines of an earlier run, as far as their files are what was written; the list is cut after them."""
    there = _read_manifest(job)
    done = [line for line, _ in itertools.takewhile(lambda each: writer.sound(*each), zip(there, ids, strict=False))]
    text = "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in [{"job": job.id}, *done]).encode()
    if not job.manifest.exists() or job.manifest.read_bytes() != text:
        _whole(job.manifest, text)
    return done


def _append(job: Job, lines: Sequence[dict[str, Any]]) -> None:
    job.folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in lines)
    with job.manifest.open("ab") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def _file_name(row_id: str, epoch: int, job: Job, medium: str, column: str) -> str:
    stem = re.sub(r"[^\w\-]", "_", Path(row_id).stem)[:60] or "row"
    mark = digest([job.id, row_id, epoch, column])[:8]
    return f"{stem}-{epoch + 1}-{mark}{ENDINGS[medium]}"


def _row_id(job: Job, parent: str, epoch: int, number: int, batch: bool) -> str:
    return f"~{job.id[:6]}.{number + 1}" if batch else f"{parent}~{job.id[:6]}.{epoch + 1}"


def _finish(sample: Sample) -> tuple[Any, tuple[str, ...], str, Any, dict[str, float], Any, bytes | None]:
    """What a worker sends back: media as encoded bytes."""
    value = encode_sample(sample) if sample.medium in ENDINGS else sample.value
    boxes = None if sample.boxes is None else (sample.boxes.tolist(), sample.box_labels)
    mask = None if sample.mask is None else encode_mask(sample.mask)
    return value, sample.parents, sample.recipe, sample.label, dict(sample.soft), boxes, mask


@dataclass
class _Writer:
    """Turns finished samples into rows of the snapshot."""

    snapshot: Snapshot
    job: Job
    base_folder: str

    def __post_init__(self) -> None:
        self.names = [column.name for column in self.snapshot.schema.columns]
        self.index = {row: at for at, row in enumerate(self.snapshot.row_ids)}
        self.types = {field.name: field.type for field in self.snapshot.table.schema}

    def row(
        self, values: dict[str, Any], finished: Sequence[Any], epoch: int, number: int, batch: bool
    ) -> tuple[dict[str, Any], dict[str, bytes]]:
        """A new row, with the cells of its first parent where nothing changed, and the files that it names."""
        _, parents, recipe, label, soft, boxes, mask = finished
        above = self.snapshot.table.slice(self.index[parents[0]], 1)
        cells = {name: above.column(name)[0].as_py() for name in self.names}
        row_id = _row_id(self.job, parents[0], epoch, number, batch)
        hashes: dict[str, str] = {}
        files: dict[str, bytes] = {}
        for name, value in values.items():
            if isinstance(value, bytes):
                file = _file_name(row_id if batch else parents[0], epoch, self.job, self.job.medium, name)
                files[file] = value
                cells[name], hashes[name] = file, hash_bytes(value)
            else:
                cells[name] = _cell(value, self.types[name])
        self._annotations(cells, files, parents, boxes, mask)
        self._labels(cells, label, soft, batch, parents)
        for column in self.snapshot.schema.columns:
            if column.role == "id":
                cells[column.name] = row_id if pa.types.is_string(self.types[column.name]) else None
        made = {"row_id": row_id, "item": self._item(cells, hashes), **{n: _plain(v) for n, v in cells.items()}}
        made |= {"parents": list(parents), "recipe": recipe, "epoch": epoch}
        return ({**made, "folder": self.base_folder} if hashes else made), files

    def _annotations(
        self, cells: dict[str, Any], files: dict[str, bytes], parents: Sequence[str], boxes: Any, mask: bytes | None
    ) -> None:
        """The cells of boxes and mask, and the file of the mask, named after the image and its own content."""
        if self.job.follow.boxes:
            above = self.snapshot.table.column(self.job.follow.boxes)
            told = [above[int(self.index[parent])].as_py() for parent in parents]
            cells[self.job.follow.boxes] = boxes_text(boxes[0], boxes[1], told) if boxes is not None else None
        if self.job.follow.mask:
            name = None if mask is None else f"{Path(next(iter(files))).stem}-mask-{hash_bytes(mask)[:12]}.png"
            cells[self.job.follow.mask] = name
            if name and mask is not None:
                files[name] = mask

    def sound(self, line: dict[str, Any], row_id: str) -> bool:
        """Whether a line of the list is of this row, and its cells and files are still what was written."""
        if line.get("left_out") == row_id:
            return True
        if line.get("row_id") != row_id or not isinstance(line.get("item"), str):
            return False
        try:
            media = self.job.columns if self.job.medium in ENDINGS else ()
            hashes = {name: hash_bytes((self.job.folder / line[name]).read_bytes()) for name in media}
            mask = line[self.job.follow.mask] if self.job.follow.mask else None
            if mask and f"-{hash_bytes((self.job.folder / mask).read_bytes())[:12]}.png" != mask[-17:]:
                return False
            return bool(self._item(line, hashes) == line["item"])
        except (OSError, KeyError, TypeError, ValueError, pa.ArrowException):
            return False

    def _labels(
        self, cells: dict[str, Any], label: Any, soft: dict[str, float], batch: bool, parents: Sequence[str]
    ) -> None:
        schema = self.snapshot.schema
        if soft and max(soft.values()) < 1 - 1e-9:
            raise ParameterError(
                "a mixed label cannot be written into a column of classes",
                where=f"row made of {', '.join(parents)}",
                found=", ".join(f"{name} {share:.2f}" for name, share in soft.items()),
                fix="use --stream or tilth.stream, whose samples carry it, or a recipe that keeps labels whole",
            )
        if batch and schema.label:
            cells[schema.label] = next(iter(soft)) if soft else label
        group = schema.one("group")
        if group and len({self.snapshot.table.column(group)[self.index[p]].as_py() for p in parents}) > 1:
            cells[group] = None

    def _item(self, cells: dict[str, Any], hashes: dict[str, str]) -> str:
        """Content hash, as `ingest` would give the row."""
        inputs = [column.name for column in self.snapshot.schema.inputs]
        if len(inputs) == 1 and inputs[0] in hashes:
            return hashes[inputs[0]]
        columns: list[Any] = []
        for column in self.snapshot.schema.inputs:
            if column.media in ENDINGS:
                columns.append([hashes.get(column.name, str(cells[column.name]))])
            else:
                columns.append(pa.chunked_array([pa.array([cells[column.name]], self.types[column.name])]))
        return hash_item_rows(columns)[0]


def _cell(value: Any, kind: pa.DataType) -> Any:
    """A value in the type of its column: whole numbers rounded, gaps kept."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    if pa.types.is_integer(kind):
        return round(float(value))
    if pa.types.is_floating(kind):
        return float(value)
    if pa.types.is_boolean(kind):
        return bool(value)
    return str(value) if pa.types.is_string(kind) or pa.types.is_large_string(kind) else value


def _plain(value: Any) -> Any:
    """A cell that JSON can hold: times as text; bytes are left out."""
    if isinstance(value, (bytes, bytearray)):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


def _finished(
    snapshot: Snapshot, job: Job, augmenter: Augmenter, tasks: Sequence[tuple[int, int]], run: Run, jobs: int
) -> Iterator[tuple[dict[str, Any], tuple[Any, ...]]]:
    """(changed cells, last finished sample) of each task, in order."""
    if job.medium == "table":
        rows = sample_rows(snapshot, "table", job.rows)
        for finished in changed_samples(augmenter, rows, tasks, run, jobs=jobs, finish=_finish):
            yield dict(finished[0]), finished
        return
    streams = [
        changed_samples(
            augmenter, sample_rows(snapshot, job.medium, job.rows, column, bool(job.follow.columns)), tasks,
            run if at == 0 else Run(run.seed), jobs=jobs, finish=_finish,
            prefix=f"{column}/" if len(job.columns) > 1 else "",
        )
        for at, column in enumerate(job.columns)
    ]  # fmt: skip
    for made in zip(*streams, strict=True):
        yield {column: one[0] for column, one in zip(job.columns, made, strict=True)}, made[0]


def _generated(
    snapshot: Snapshot, job: Job, augmenter: Augmenter, run: Run
) -> Iterator[tuple[dict[str, Any], tuple[Any, ...]]]:
    column = "" if job.medium == "table" else job.columns[0]
    rows = sample_rows(snapshot, job.medium, job.rows, column, bool(job.follow.columns))
    given = [rows[at] for at in range(len(rows))]
    run.expect(job.times * len(given))
    for sample in augmenter.generate(given, job.times * len(given), run):
        finished = _finish(sample)
        yield (dict(finished[0]) if job.medium == "table" else {job.columns[0]: finished[0]}), finished
        run.advance()


def check_writable(augmenter: Augmenter) -> None:
    """Raise `ParameterError` where a step makes floats of images, which no file holds: before anything is written."""
    if any(part.name == "normalize" for part in augmenter.parts()):
        raise ParameterError(
            "a normalised image cannot be written as a file",
            where="policy",
            found="normalize",
            fix="leave it out here, or take the samples from tilth.stream in Python, which carry floats",
        )


def make_rows(snapshot: Snapshot, job: Job, augmenter: Augmenter, run: Run, *, jobs: int = 1) -> MadeRows:
    """Make the rows of a job, going on where an earlier run of it was stopped.

    Rows of that run whose files are missing or are not what was written are made again, with all that follow. A sample
    that comes out like a row of the snapshot or like an earlier one is left out.
    """
    check_writable(augmenter)
    batch = augmenter.recipe is not None
    tasks = [(at, epoch) for epoch in range(job.times) for at in range(len(job.rows))]
    base = os.path.realpath(snapshot.root.partition("\n")[0] or ".")
    writer = _Writer(snapshot, job, os.path.relpath(os.path.realpath(job.folder), base))
    above = snapshot.row_ids[job.rows]
    done = _resume(job, writer, [_row_id(job, above[at], epoch, n, batch) for n, (at, epoch) in enumerate(tasks)])
    resumed = len(done)
    known = set(snapshot.items.tolist()) | {line["item"] for line in done if "item" in line}
    fresh: list[dict[str, Any]] = []
    lines = _generated(snapshot, job, augmenter, run) if batch else None
    if lines is None:
        lines = _finished(snapshot, job, augmenter, tasks[resumed:], run, jobs)
    try:
        for number, (values, finished) in enumerate(lines):
            if batch and number < resumed:
                continue
            epoch = 0 if batch else tasks[resumed + number][1]
            made, files = writer.row(values, finished, epoch, number, batch)
            if made["item"] in known:
                made = {"left_out": made["row_id"]}
            else:
                known.add(made["item"])
                for file, data in files.items():
                    _whole(job.folder / file, data)
            fresh.append(made)
            if len(fresh) >= CHUNK:
                _append(job, fresh)
                done += fresh
                fresh = []
    except OSError as error:
        raise SourceError(
            "cannot write augmented rows", where=str(job.folder), found=error.strerror or str(error)
        ) from error
    _append(job, fresh)
    done += fresh
    rows = tuple(line for line in done if "item" in line)
    return MadeRows(rows, len(done) - len(rows), resumed)
