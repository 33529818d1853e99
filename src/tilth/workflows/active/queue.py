"""Queue files: rows to be labelled, written for people and tools, and read back with labels."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tilth.errors import DataError, ParameterError, SourceError, StoreError
from tilth.sources import resolve_inside
from tilth.workflows.outputs import check_output

__all__ = ["QUEUE_FORMATS", "Answers", "QueueRow", "check_queue_path", "read_queue", "write_queue"]

QUEUE_FORMATS = (".csv", ".jsonl", ".json")
#: Columns that say where a row belongs; the same on every row.
_ORIGIN = ("strategy", "dataset", "workspace", "snapshot")
#: Name of the choice control of Label Studio that holds the label.
CONTROL = "label"
_OWN = ("row_id", "rank", "score", "label", "given", "suggestion", "why")


@dataclass(frozen=True)
class QueueRow:
    """One row to be labelled.

    Parameters
    ----------
    row_id : str
    rank : int
        1 is asked first.
    score : float
    why : str
    given : str
        The label it has, where it is asked again.
    suggestion : str
    label : str
        Empty until somebody answers.
    inputs : dict of column to cell
        What a person needs to see; media as paths.
    line : int
        Line or item number in the file it was read from.
    """

    row_id: str
    rank: int = 0
    score: float = 0.0
    why: str = ""
    given: str = ""
    suggestion: str = ""
    label: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True)
class Answers:
    """A queue as read: its rows, the dataset they belong to (empty where the file does not say), and its columns."""

    rows: tuple[QueueRow, ...]
    strategy: str = ""
    dataset: str = ""
    workspace: str = ""
    snapshot: str = ""
    columns: tuple[str, ...] = ()

    @property
    def answered(self) -> tuple[QueueRow, ...]:
        """The rows with a label."""
        return tuple(row for row in self.rows if row.label)


def check_queue_path(path: Path, *, force: bool = False) -> None:
    """Whether a queue can be written here; asked before the work, not after it."""
    if path.suffix.lower() not in QUEUE_FORMATS:
        raise ParameterError(
            "the ending names no queue format",
            where=str(path),
            found=path.suffix or "no ending",
            fix=f"use one of {', '.join(QUEUE_FORMATS)} (.json is for Label Studio)",
        )
    check_output(path, force=force)


def write_queue(
    path: Path,
    rows: Sequence[QueueRow],
    origin: dict[str, str],
    media: dict[str, str],
    root: str,
    *,
    force: bool = False,
) -> Path:
    """Write a queue; its ending names the format: ``.csv``, ``.jsonl``, or ``.json`` for Label Studio.

    Parameters
    ----------
    path : Path
    rows : sequence of QueueRow
    origin : dict
        ``strategy``, ``dataset``, ``workspace`` (a folder; written relative to the file) and ``snapshot``.
    media : dict of input column to medium
    root : str
        Folder that media paths are relative to.
    force : bool
        Overwrite what is there.
    """
    check_queue_path(path, force=force)
    origin = {**origin, "workspace": _relative(origin["workspace"], path)}
    writers: dict[str, Callable[[], str]] = {
        ".csv": lambda: _csv_text(rows, origin),
        ".jsonl": lambda: "".join(json.dumps(_flat(row, origin), ensure_ascii=False) + "\n" for row in rows),
        ".json": lambda: json.dumps(
            [_task(row, origin, media, root) for row in rows], ensure_ascii=False, indent=1, default=str
        ),
    }
    text = writers[path.suffix.lower()]()
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    except OSError as error:
        if part.parent.is_dir():
            part.unlink(missing_ok=True)
        raise StoreError(
            "the queue cannot be written",
            where=str(path),
            found=error.strerror or str(error),
            fix="choose another path that you may write to, or free some space",
        ) from error
    return path


def _relative(folder: str, path: Path) -> str:
    try:
        return Path(os.path.relpath(folder, path.parent.absolute())).as_posix()
    except ValueError:  # another drive
        return folder


def _flat(row: QueueRow, origin: dict[str, str]) -> dict[str, Any]:
    taken = {*_OWN, *_ORIGIN}
    inputs = {f"{name}_" if name in taken else name: value for name, value in row.inputs.items()}
    own = {
        "row_id": row.row_id,
        "rank": row.rank,
        "score": round(row.score, 6),
        "label": row.label,
        "given": row.given,
        "suggestion": row.suggestion,
        "why": row.why,
    }
    shown = {name: value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
             for name, value in inputs.items()}  # fmt: skip
    return {**own, **shown, **origin}


def _csv_text(rows: Sequence[QueueRow], origin: dict[str, str]) -> str:
    out = io.StringIO()
    flat = [_flat(row, origin) for row in rows]
    writer = csv.DictWriter(out, fieldnames=list(flat[0]) if flat else list(_OWN), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return out.getvalue()


def _place(root: str, path: str) -> Path:
    """Where a file is; added rows have folders of their own."""
    return resolve_inside(root, path) if "\n" in root else Path(root) / path


def _task(row: QueueRow, origin: dict[str, str], media: dict[str, str], root: str) -> dict[str, Any]:
    """One task of Label Studio; media as paths for its local-files storage."""
    data = _flat(row, origin)
    del data["label"]
    for name, medium in media.items():
        if medium in ("image", "audio") and data.get(name):
            data[name] = f"/data/local-files/?d={_place(root, str(data[name])).as_posix().lstrip('/')}"
    task: dict[str, Any] = {"data": data}
    if row.suggestion:
        result = {"from_name": CONTROL, "to_name": "item", "type": "choices", "value": {"choices": [row.suggestion]}}
        task["predictions"] = [{"model_version": origin["strategy"], "score": row.score, "result": [result]}]
    return task


def read_queue(path: str | Path) -> Answers:
    """Read a queue, or labels in the same form: CSV, JSONL, Label Studio's JSON with or without annotations.

    Only ``row_id`` is needed; a row without ``label`` is unanswered.

    Raises
    ------
    SourceError
        The file cannot be read, with line or item.
    DataError
        No rows, a row without ``row_id``, or one row twice.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError("cannot read this queue", where=str(path), found=str(error)) from error
    readers = {".csv": _read_csv, ".jsonl": _read_jsonl, ".json": _read_tasks}
    if path.suffix.lower() not in readers:
        raise ParameterError(
            "the ending names no queue format", where=str(path), fix=f"use one of {', '.join(QUEUE_FORMATS)}"
        )
    found = readers[path.suffix.lower()](text, str(path))
    if not found:
        raise DataError("this file has no rows", where=str(path), fix="give it the column row_id, and a line a row")
    rows: list[QueueRow] = []
    seen: dict[str, int] = {}
    for line, cells in found:
        row = _row(cells, line, str(path))
        if row.row_id in seen:
            raise DataError(
                "one row stands twice",
                where=f"{path}, lines {seen[row.row_id]} and {line}",
                found=repr(row.row_id),
                fix="leave one of them",
            )
        seen[row.row_id] = line
        rows.append(row)
    first = found[0][1]
    origin = {name: str(first.get(name) or "") for name in _ORIGIN}
    workspace = origin["workspace"]
    if workspace and not Path(workspace).is_absolute():
        origin["workspace"] = os.path.normpath(path.parent.absolute() / workspace)
    columns = tuple(dict.fromkeys(str(name) for _, cells in found for name in cells))
    return Answers(tuple(rows), **origin, columns=columns)


def _row(cells: dict[str, Any], line: int, where: str) -> QueueRow:
    row_id = cells.get("row_id")
    if row_id is None or str(row_id) == "":
        raise DataError(
            "a row has no row_id",
            where=f"{where}, line {line}",
            found=f"columns {', '.join(map(str, list(cells)[:8]))}",
            fix="keep the column row_id of the queue",
        )
    text = {name: "" if cells.get(name) is None else str(cells[name]).strip() for name in _OWN}
    inputs = {k: v for k, v in cells.items() if k not in _OWN and k not in _ORIGIN}
    rank = int(float(text["rank"])) if text["rank"].replace(".", "", 1).isdigit() else 0
    try:
        score = float(text["score"] or 0)
    except ValueError:
        score = 0.0
    return QueueRow(
        str(row_id), rank, score, text["why"], text["given"], text["suggestion"], text["label"], inputs, line
    )


def _read_csv(text: str, where: str) -> list[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise SourceError(
            "this CSV cannot be read", where=f"{where}, line {reader.line_num}", found=str(error)
        ) from error
    for line, row in rows:
        if None in row or None in row.values():
            raise SourceError(
                "a line has another number of cells than the header",
                where=f"{where}, line {line}",
                fix="put cells with commas in quotes",
            )
    return rows


def _read_jsonl(text: str, where: str) -> list[tuple[int, dict[str, Any]]]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            rows.append((number, _object(_parsed(line, f"{where}, line {number}"), f"{where}, line {number}")))
    return rows


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SourceError("this is no JSON", where=where, found=str(error)) from error


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SourceError("this is no JSON object", where=where, found=type(value).__name__)
    return value


def _read_tasks(text: str, where: str) -> list[tuple[int, dict[str, Any]]]:
    tasks = _parsed(text, where)
    if not isinstance(tasks, list):
        raise SourceError("Label Studio's file is a list of tasks", where=where, found=type(tasks).__name__)
    rows = []
    for number, task in enumerate(tasks, 1):
        place = f"{where}, task {number}"
        cells = dict(_object(_object(task, place).get("data"), place))
        labels = _choices(task.get("annotations"), place)
        if len(set(labels)) > 1:
            raise DataError(
                "a task has different labels", where=place, found=", ".join(map(repr, labels)), fix="settle on one"
            )
        rows.append((number, {**cells, "label": labels[0] if labels else ""}))
    return rows


def _listed(value: Any, what: str, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise SourceError(f"{what} is no list", where=where, found=repr(value)[:60], fix="export as JSON, not by hand")
    return value


def _choices(annotations: Any, where: str) -> list[str]:
    """Choices of the control named ``label`` (a result that names no control counts, too)."""
    labels: list[str] = []
    for annotation in _listed(annotations, "annotations", where):
        said = _object(annotation, f"{where}, annotations")
        if said.get("was_cancelled"):
            continue
        for result in _listed(said.get("result"), "result", where):
            answer = _object(result, f"{where}, result")
            if answer.get("from_name", CONTROL) != CONTROL:
                continue
            value = {} if answer.get("value") is None else _object(answer["value"], f"{where}, value")
            labels += [str(choice) for choice in _listed(value.get("choices"), "choices", where)]
    return labels
