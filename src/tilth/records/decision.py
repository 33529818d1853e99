"""Decision: one append-only entry of the ledger, and the pure function that applies entries to rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from tilth.errors import ConflictError, ParameterError, SchemaError
from tilth.records.hashing import digest
from tilth.records.snapshot import FAMILIES, ROOTS, SYSTEM_COLUMNS, Snapshot, sort_class_names

__all__ = ["ACTIONS", "Decision", "added_rows", "apply", "effective", "is_policy"]

#: An ``accept`` of this and a name declares a class.
CLASS = "class:"
ACTIONS = ("relabel", "drop", "keep", "merge", "add", "vote", "unsure", "undo", "accept")


@dataclass(frozen=True)
class Decision:
    """Who decided what about which rows, when and why.

    Parameters
    ----------
    who : str
        A person's name, ``policy:NAME`` for a rule, ``user:ID`` for a production user.
    when : str
        ISO 8601 time in UTC; given by the caller, since records know no clock.
    action : str
        ``relabel`` (value: class name), ``drop``, ``keep`` (the row is right as it is), ``merge``
        (value: the row id that stays; the others go), ``add`` (value: a row as JSON, or a list of rows; counts
        only once accepted; a row that names ``parents`` stands and falls with them), ``accept`` (value: id of
        the ``add``; or ``class:NAME``, which declares a class that the rows as read did not hold), ``vote``
        (value: class name; an opinion that changes nothing by itself), ``unsure``, ``undo`` (value: id of the
        decision taken back).
    rows : tuple of str
        Row ids.
    value : str
    because : str
        Id of the finding that led to it, or a short reason.
    snapshot_id : str
        The snapshot it was decided on.
    dataset : str
    """

    who: str
    when: str
    action: str
    rows: tuple[str, ...]
    value: str = ""
    because: str = ""
    snapshot_id: str = ""
    dataset: str = ""

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ParameterError("unknown action", found=repr(self.action), fix=f"use one of {', '.join(ACTIONS)}")
        if not self.who:
            raise ParameterError("a decision has no author", fix="give a name, or policy:NAME for a rule")

    @property
    def id(self) -> str:
        """Identity: 16 hexadecimal digits over everything the entry says."""
        return digest(asdict(self))[:16]

    def to_dict(self) -> dict[str, Any]:
        """JSON-like form with the id, as written to a patch file."""
        return {"id": self.id, **asdict(self), "rows": list(self.rows)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Decision:
        """Inverse of `to_dict`; a given id that does not fit the content raises `ParameterError`."""
        fields = {name: value for name, value in data.items() if name != "id"}
        decision = cls(**{**fields, "rows": tuple(fields["rows"])})
        if data.get("id", decision.id) != decision.id:
            raise ParameterError(
                "a decision's id does not fit its content",
                found=f"{data['id']}, computed {decision.id}",
                fix="do not edit a ledger entry; write a new one",
            )
        return decision


def is_policy(who: str) -> bool:
    """Whether an author is a rule rather than a person."""
    return who.startswith("policy:")


def effective(decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions that still stand: undone ones and the undo entries themselves left out.

    An undo can itself be undone, which brings the decision back.
    """
    listed = list(decisions)
    undone: set[str] = set()
    for decision in reversed(listed):
        if decision.action == "undo" and decision.id not in undone:
            undone.add(decision.value)
    return [d for d in listed if d.action != "undo" and d.id not in undone]


def _verdicts(decisions: Sequence[Decision]) -> dict[str, tuple[str, str, Decision]]:
    """The verdict on each row: (action, value, decision). A person overrules a policy; two people conflict."""
    verdicts: dict[str, tuple[str, str, Decision]] = {}
    for decision in decisions:
        if decision.action not in ("relabel", "drop", "keep", "merge"):
            continue
        for row in decision.rows:
            if decision.action == "merge":
                new = ("keep", "", decision) if row == decision.value else ("drop", "", decision)
            else:
                new = (decision.action, decision.value, decision)
            old = verdicts.get(row)
            if old is not None and old[:2] != new[:2] and old[2].who != decision.who:
                new = _overrule(row, old, new)
            verdicts[row] = new
    return verdicts


def _overrule(row: str, old: tuple[str, str, Decision], new: tuple[str, str, Decision]) -> tuple[str, str, Decision]:
    old_rule, new_rule = is_policy(old[2].who), is_policy(new[2].who)
    if old_rule and not new_rule:
        return new
    if new_rule and not old_rule:
        return old
    if old_rule and new_rule:  # two rules never conflict: a dropped row is not relabelled, else the later one counts
        return old if old[0] == "drop" and new[0] == "relabel" else new
    raise ConflictError(
        f"{old[2].who} decided {old[0]} {old[1]!r} and {new[2].who} decided {new[0]} {new[1]!r}",
        where=f"row {row!r}",
        found=f"decisions {old[2].id} and {new[2].id}",
        fix=f"take one of them back: tilth undo --id {new[2].id}",
    )


def added_rows(decisions: Iterable[Decision], *, accepted: bool = True) -> dict[str, dict[str, Any]]:
    """Rows that decisions add, by row id: cells by column name, and for a generated row its ``parents`` and ``recipe``.

    Parameters
    ----------
    decisions : iterable of Decision
    accepted : bool
        Only rows that were accepted.

    Returns
    -------
    dict of row id to row
        In ledger order; of two rows with one id the first.
    """
    listed = list(decisions)
    taken = {d.value for d in listed if d.action == "accept"}
    rows: dict[str, dict[str, Any]] = {}
    for decision in listed:
        if decision.action == "add" and (decision.id in taken or not accepted):
            said = json.loads(decision.value)
            for row in said if isinstance(said, list) else [said]:
                rows.setdefault(row["row_id"], row)
    return rows


def _standing_rows(
    added: dict[str, dict[str, Any]],
    verdicts: dict[str, tuple[str, str, Decision]],
    known: set[str],
    label: str,
) -> list[dict[str, Any]]:
    """The added rows that stand: a generated one goes with its parents, and takes the new label of its only parent."""
    kept: list[dict[str, Any]] = []
    here = set(known)
    for row_id, row in added.items():
        parents, own = row.get("parents") or [], verdicts.get(row_id, ("keep", "", None))
        if row_id in known or own[0] == "drop" or not set(parents) <= here:
            continue
        of_parents = [verdicts[p][1] for p in parents if p in verdicts and verdicts[p][0] == "relabel"]
        if own[0] == "relabel":
            row = {**row, label: own[1]}
        elif of_parents and len(parents) > 1:
            continue
        elif of_parents and label:
            row = {**row, label: of_parents[0]}
        kept.append(row)
        here.add(row_id)
    return kept


def _table_of(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table; times were written as text."""
    arrays = [
        pa.array([row.get(field.name) for row in rows], pa.string()).cast(field.type)
        if pa.types.is_temporal(field.type)
        else pa.array([row.get(field.name) for row in rows], field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def apply(snapshot: Snapshot, decisions: Iterable[Decision]) -> Snapshot:
    """The snapshot that decisions make of another one. Pure: equal inputs, equal id.

    Parameters
    ----------
    snapshot : Snapshot
        The base; decisions about rows that it does not hold are ignored.
    decisions : iterable of Decision
        In ledger order. Undone entries do not count. Of one author's decisions on a row the
        latest counts; a person overrules a policy; among policies ``drop`` overrules
        ``relabel``, else the latest counts; two people who disagree raise.

    Returns
    -------
    Snapshot
        `snapshot` itself where nothing changes.

    Raises
    ------
    ConflictError
        Two authors contradict each other; both are named.
    SchemaError
        A relabel names a class that is not declared, or there is no label column.
    """
    base, standing = snapshot, effective(decisions)
    verdicts = _verdicts(standing)
    index = {row_id: row for row, row_id in enumerate(snapshot.row_ids)}
    dropped = {index[r] for r, v in verdicts.items() if v[0] == "drop" and r in index}
    relabelled = {index[r]: v[1] for r, v in verdicts.items() if v[0] == "relabel" and r in index}
    added = added_rows(standing)
    if not dropped and not relabelled and not added:
        return snapshot
    snapshot = _declare(snapshot, standing, relabelled)
    table = _relabel(snapshot, relabelled)
    keep = np.asarray([row for row in range(len(snapshot)) if row not in dropped], dtype=np.int64)
    table = table.take(pa.array(keep)) if dropped else table
    new = _standing_rows(added, verdicts, set(table.column("row_id").to_pylist()), snapshot.schema.label)
    table = pa.concat_tables([table, _table_of(new, table.schema)]) if new else table
    recipe: dict[str, Any] = {
        "verb": "apply",
        "decisions": len(standing),
        "relabelled": len(relabelled),
        "dropped": len(dropped),
        "added": len(new),
    }
    families = {row["row_id"]: row["parents"][0] for row in new if row.get("parents")}
    recipe |= {FAMILIES: families} if families else {}
    folders = dict.fromkeys(f"{base.root}/{row['folder']}" for row in new if row.get("folder"))
    root = ROOTS.join([base.root, *folders])
    made = replace(snapshot, table=table, root=root, parents=(base.id,), recipe=recipe)
    return base if made.id == base.id else made


def _declare(snapshot: Snapshot, decisions: Sequence[Decision], relabelled: dict[int, str]) -> Snapshot:
    """The snapshot with the classes that were declared later and that some row now has."""
    declared = {d.value.removeprefix(CLASS) for d in decisions if d.action == "accept" and d.value.startswith(CLASS)}
    new = (declared & set(relabelled.values())) - set(snapshot.classes)
    if not new:
        return snapshot
    classes = sort_class_names({*snapshot.classes, *new})
    return replace(snapshot, schema=replace(snapshot.schema, classes=classes))


def _number(value: str, row: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise SchemaError(
            "a relabel of a numeric target names no number",
            where=f"row {row!r}",
            found=repr(value),
            fix="give a number",
        ) from None


def _relabel(snapshot: Snapshot, relabelled: dict[int, str]) -> pa.Table:
    if not relabelled:
        return snapshot.table
    name = snapshot.schema.label
    if not name:
        raise SchemaError("a relabel needs a label column", fix="ingest the data again with --label COLUMN")
    values = snapshot.table.column(name).to_pylist()
    numeric = snapshot.schema.column(name).media == "number"
    for row, value in relabelled.items():
        if not numeric and value not in snapshot.classes:
            raise SchemaError(
                "a relabel names a class that is not declared",
                where=f"row {snapshot.row_ids[row]!r}",
                found=repr(value),
                fix=f"the classes are {', '.join(snapshot.classes[:20])}",
            )
        values[row] = _number(value, snapshot.row_ids[row]) if numeric else value
    place = len(SYSTEM_COLUMNS) + [c.name for c in snapshot.schema.columns].index(name)
    field = snapshot.table.schema.field(place)
    return snapshot.table.set_column(place, field, pa.array(values, field.type))
