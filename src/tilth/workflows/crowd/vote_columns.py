"""Which column of a table of votes is what: guessed, said aloud, and overridable."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import SchemaError

__all__ = ["GOLD", "ITEM", "LABEL", "VoteColumns", "find_column", "settle_columns"]

ITEM = ("item", "task", "item_id", "task_id", "example", "example_id", "unit", "unit_id", "question", "row_id", "id")
RATER: tuple[str, ...] = (
    "rater",
    "worker",
    "annotator",
    "rater_id",
    "worker_id",
    "annotator_id",
    "labeler",
    "labeller",
)
RATER += ("coder", "labeler_id", "performer", "judge", "source", "reviewer", "user", "user_id")
LABEL: tuple[str, ...] = ("label", "vote", "answer", "response", "annotation", "labels", "class", "rating", "judgment")
LABEL += ("judgement", "category", "value", "score")
TIME = ("time", "timestamp", "date", "datetime", "created_at", "created", "submitted_at")
GOLD = ("gold", "truth", "true_label", "gold_label", "ground_truth")


@dataclass(frozen=True)
class VoteColumns:
    """The columns of a table of votes.

    Parameters
    ----------
    form : {"long", "wide"}
        One vote a row, or one item a row and one rater a column.
    item : str
        Column with item names; empty in a wide table without one, where rows are counted.
    raters : tuple of str
        The one column with rater names (long), or a column for each rater (wide).
    label, time, gold : str
        Empty where there is none; a wide table has no label column.
    extra : tuple of str
        Columns that are none of these.
    """

    form: str
    item: str
    raters: tuple[str, ...]
    label: str = ""
    time: str = ""
    gold: str = ""
    extra: tuple[str, ...] = ()

    def told(self) -> str:
        """One line on how the table is read."""
        rater = self.raters[0] if self.form == "long" else f"{len(self.raters)} columns, one a rater"
        said = [f"item: {self.item or 'row number'}", f"rater: {rater}"]
        said += [f"{name}: {value}" for name, value in (("label", self.label), ("time", self.time)) if value]
        if self.gold:
            said.append(f"gold: {self.gold}")
        if self.extra:
            listed = ", ".join(self.extra[:6]) + (", ..." if len(self.extra) > 6 else "")
            said.append(f"other: {listed}")
        return f"read as a {self.form} table of votes; {'; '.join(said)}"


def find_column(names: list[str], known: tuple[str, ...]) -> str:
    """The first column whose name is the most telling of the known ones."""
    by_name: dict[str, str] = {}
    for name in names:
        by_name.setdefault(name.lower().strip().replace(" ", "_").replace("-", "_"), name)
    return next((by_name[word] for word in known if word in by_name), "")


def settle_columns(
    table: pa.Table,
    *,
    item: str = "",
    raters: tuple[str, ...] = (),
    label: str = "",
    time: str = "",
    gold: str = "",
) -> VoteColumns:
    """The columns of a table of votes, guessed where they were not said.

    Parameters
    ----------
    table : pyarrow.Table
    item, label, time, gold : str
        Column names; empty to guess, "none" for none.
    raters : tuple of str
        One name: the column of raters of a long table. Several: the columns of a wide one.

    Raises
    ------
    SchemaError
        A named column is absent, or neither form fits.
    """
    names = list(table.column_names)
    for flag, value in (
        ("item", item),
        ("label", label),
        ("time", time),
        ("gold", gold),
        *(("rater", r) for r in raters),
    ):
        if value and value != "none" and value not in names:
            raise SchemaError(
                "no such column", where=f"--{flag} {value!r}", fix=f"the columns are {', '.join(names[:20])}"
            )
    free = [name for name in names if name not in (item, label, time, gold, *raters)]

    def take(said: str, known: tuple[str, ...]) -> str:
        if said:
            return "" if said == "none" else said
        found = find_column(free, known)
        if found:
            free.remove(found)
        return found

    rater = raters[0] if len(raters) == 1 else "" if raters else take("", RATER)
    if rater or label:
        return _long(names, take(item, ITEM), rater, take(label, LABEL), take(time, TIME), take(gold, GOLD))
    named = take(item, ITEM)
    gold_column = take(gold, GOLD)
    if not named and not item and not raters:
        named = _telling(table, free)
    columns = raters or _alike(table, [name for name in free if name != named and name.lower() not in TIME])
    if not columns:
        raise SchemaError(
            "this is no table of votes: it has no column of raters and no columns that could be raters",
            found=f"columns {', '.join(names[:12])}",
            fix="name them: --item, --rater and --label for one vote a row, or --rater NAME for each rater's column",
        )
    used = {named, gold_column, *columns}
    return VoteColumns("wide", named, columns, gold=gold_column, extra=tuple(n for n in names if n not in used))


def _long(names: list[str], item: str, rater: str, label: str, time: str, gold: str) -> VoteColumns:
    for flag, value in (("item", item), ("rater", rater), ("label", label)):
        if not value:
            raise SchemaError(
                f"a table with one vote a row needs a column for the {flag}",
                found=f"columns {', '.join(names[:12])}",
                fix=f"name it: --{flag} COLUMN",
            )
    if len({item, rater, label}) < 3:
        raise SchemaError("item, rater and label must be three columns", found=f"{item!r}, {rater!r}, {label!r}")
    used = {item, rater, label, time, gold}
    return VoteColumns("long", item, (rater,), label, time, gold, tuple(n for n in names if n not in used))


def _alike(table: pa.Table, names: list[str]) -> tuple[str, ...]:
    """The columns that could be raters and share labels: the largest group whose values overlap."""
    groups: list[tuple[list[str], set[str]]] = []
    for name in names:
        column = table.column(name)
        if not _could_be_rater(column):
            continue
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        whole = pa.types.is_floating(kind)
        values = {str(v).removesuffix(".0") if whole else str(v) for v in column.drop_null().unique().to_pylist()}
        if whole or pa.types.is_integer(kind):
            values.add("any number")
        joined = [group for group in groups if not group[1] or not values or group[1] & values]
        groups = [group for group in groups if all(group is not other for other in joined)]
        groups.append(([*(n for group in joined for n in group[0]), name], values.union(*(g[1] for g in joined))))
    best = max(groups, key=lambda group: len(group[0]), default=([], set()))[0]
    return tuple(name for name in names if name in best)


def _could_be_rater(column: pa.ChunkedArray) -> bool:
    """Few different, short values: votes, not texts or numbers of another kind."""
    valid = column.drop_null()
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or _flat(kind)):
        return False
    distinct = int(pc.count_distinct(valid).as_py()) if len(valid) else 0
    if pa.types.is_string(kind) and len(valid) and float(pc.mean(pc.utf8_length(valid)).as_py()) > 40:
        return False
    return distinct <= max(20, len(valid) // 2)


def _flat(kind: pa.DataType) -> bool:
    return bool(pa.types.is_boolean(kind) or pa.types.is_dictionary(kind) or pa.types.is_large_string(kind))


def _telling(table: pa.Table, names: list[str]) -> str:
    """The first column, where its values are all different words: the names of the items."""
    if not names:
        return ""
    column = table.column(names[0])
    words = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return names[0] if words and int(pc.count_distinct(column).as_py()) == len(column) > 1 else ""
