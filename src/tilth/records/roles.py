"""Which column is what: guessed, said aloud, and overridable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import SchemaError
from tilth.records.cells import SPLIT_WORDS
from tilth.records.rows import Rows
from tilth.records.schema import Column

__all__ = ["BOXES_NAME", "MASK_NAME", "RoleOverrides", "guess_schema"]

LABEL_NAMES = ("label", "labels", "class", "target", "y", "category", "intent", "sentiment", "species", "income")
#: Names of what a row says, never of what it is: a few short texts that repeat look like classes.
TEXT_NAMES = (
    *("text", "sentence", "review", "comment", "content", "message", "title", "body", "description", "question"),
    *("answer", "query", "utterance", "document", "prompt", "tweet", "headline", "abstract"),
)
#: Of the names of ids, those that are never a feature.
SURE_IDS = ("id", "row_id", "rowid", "uuid", "guid")
ID_NAMES = ("id", "row_id", "rowid", "uuid", "guid", "index", "key")
SPLIT_NAMES = ("split", "subset", "fold", "partition")
GROUP_NAMES = ("group", "group_id", "speaker", "patient", "patient_id", "user", "user_id", "subject", "subject_id")
#: What is said of an image pixel by pixel, beside a column of images: neither a label nor an input.
BOXES_NAME, MASK_NAME = "boxes", "mask"
TIME_NAMES = ("time", "timestamp", "date", "datetime", "created_at", "created")


@dataclass(frozen=True)
class RoleOverrides:
    """What the user said about columns; an empty field means "guess".

    Parameters
    ----------
    label, id, group, split, time : str
        One column name each.
    text, image, audio, drop : tuple of str
        Column names; the first three fix the medium of inputs, `drop` leaves columns out.
    """

    label: str = ""
    id: str = ""
    group: str = ""
    split: str = ""
    time: str = ""
    text: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    audio: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> RoleOverrides:
        """From flag values: a missing string is None or empty, several columns are a list or tuple."""
        many = {name: tuple(value) for name, value in said.items() if isinstance(value, (list, tuple))}
        one = {name: str(value or "") for name, value in said.items() if name not in many}
        return replace(replace(cls(), **many), **one)  # type: ignore[arg-type]

    def over(self, earlier: RoleOverrides) -> RoleOverrides:
        """These, and what `earlier` said where they say nothing; a column named here has no earlier role.

        Examples
        --------
        >>> said = RoleOverrides(label="size").over(RoleOverrides(label="kind", id="nr"))
        >>> said.label, said.id
        ('size', 'nr')
        """
        mine = set(self.named())
        merged: dict[str, Any] = {}
        for f in fields(self):
            own, old = getattr(self, f.name), getattr(earlier, f.name)
            kept = tuple(name for name in old if name not in mine) if isinstance(old, tuple) else old
            merged[f.name] = own or ("" if isinstance(kept, str) and kept in mine else kept)
        return RoleOverrides(**merged)

    def named(self) -> dict[str, str]:
        """Every named column with the flag that named it; ``none``, which says that there is none, left out."""
        out: dict[str, str] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            for name in (value,) if isinstance(value, str) else value:
                if name and name != "none":
                    if name in out and f.name != "drop":
                        raise SchemaError(
                            "one column was given two roles",
                            where=f"column {name!r}",
                            found=f"--{out[name]} and --{f.name}",
                            fix="name it once",
                        )
                    out[name] = f.name
        return out


@dataclass(frozen=True)
class _Facts:
    """What a column looks like: n values that are not missing, how many distinct, longest text."""

    n: int
    distinct: int
    kind: str
    mean_length: float
    words: float


def _facts(column: pa.ChunkedArray) -> _Facts:
    valid = column.drop_null()
    distinct = int(pc.count_distinct(valid).as_py()) if len(valid) else 0
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        valid = valid.cast(kind)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        lengths = pc.utf8_length(valid)
        spaces = pc.count_substring(valid, " ")
        mean = float(pc.mean(lengths).as_py() or 0)
        return _Facts(len(valid), distinct, "string", mean, float(pc.mean(spaces).as_py() or 0) + 1)
    if pa.types.is_boolean(kind):
        return _Facts(len(valid), distinct, "boolean", 0, 1)
    if pa.types.is_integer(kind):
        return _Facts(len(valid), distinct, "integer", 0, 1)
    if pa.types.is_floating(kind):
        whole = bool(len(valid)) and bool(pc.all(pc.equal(pc.floor(valid), valid)).as_py())
        return _Facts(len(valid), distinct, "integer" if whole else "float", 0, 1)
    if pa.types.is_temporal(kind):
        return _Facts(len(valid), distinct, "time", 0, 1)
    return _Facts(len(valid), distinct, "other", 0, 1)


def _could_be_label(facts: _Facts) -> bool:
    if facts.kind == "float" or facts.n == 0:
        return False
    most = max(2, min(1000, facts.n // 2))
    return 2 <= facts.distinct <= most and facts.mean_length <= 60 and facts.words <= 6


def _guess_label(table: pa.Table, facts: Mapping[str, _Facts], taken: set[str]) -> str:
    free: list[str] = [name for name in table.column_names if name not in taken]
    exact = [name for name in free if name.lower() in LABEL_NAMES]
    if len(exact) == 1:
        return exact[0]
    if len(exact) > 1:
        raise _ambiguous("label", exact)
    near = [
        name
        for name in free
        if any(piece in LABEL_NAMES for piece in name.lower().replace("-", "_").split("_"))
        and _could_be_label(facts[name])
    ]
    if len(near) == 1:
        return near[0]
    if len(near) > 1:
        raise _ambiguous("label", near)
    candidates = [name for name in free if name.lower() not in TEXT_NAMES and _could_be_label(facts[name])]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        return ""
    raise _ambiguous("label", candidates)


def _ambiguous(role: str, names: list[str]) -> SchemaError:
    listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return SchemaError(
        f"several columns could be the {role}",
        found=listed,
        fix=f"name one: --{role} {names[-1]!r}, or say that there is none: --{role} none",
    )


def _medium(name: str, facts: _Facts, rows: Rows) -> str:
    if name in rows.media:
        return str(rows.media[name])
    if facts.kind in ("integer", "float", "time"):
        return "number"
    if facts.kind == "string" and name.lower() in TEXT_NAMES:
        return "text"
    if facts.kind == "string" and (facts.words >= 3 or facts.mean_length >= 30) and facts.distinct > 0.2 * facts.n:
        return "text"
    return "category"


def _annotations(rows: Rows) -> set[str]:
    """Columns of boxes and masks beside a column of images."""
    found = {name for name in rows.table.column_names if name.lower() in (BOXES_NAME, MASK_NAME)}
    return found if any(medium == "image" and name not in found for name, medium in rows.media.items()) else set()


def _settle(rows: Rows, overrides: RoleOverrides, facts: Mapping[str, _Facts]) -> dict[str, str]:
    """Roles that are known or guessed; columns left out are inputs or meta."""
    table = rows.table
    said = overrides.named()
    missing = [name for name in said if name not in table.column_names]
    if missing:
        raise SchemaError(
            "no such column",
            where=f"--{said[missing[0]]} {missing[0]!r}",
            fix=f"the columns are {', '.join(table.column_names)}",
        )
    roles = {name: flag for name, flag in said.items() if flag in ("label", "id", "group", "split", "time", "drop")}
    refused = {f.name for f in fields(overrides) if getattr(overrides, f.name) == "none"}
    known = {name: role for name, role in rows.roles.items() if name not in said and role not in refused}
    roles.update({name: role for name, role in known.items() if role not in roles.values()})
    taken = set(roles) | set(overrides.text) | set(overrides.image) | set(overrides.audio) | set(rows.media)
    taken |= _annotations(rows)
    for role, names in (("id", ID_NAMES), ("split", SPLIT_NAMES), ("group", GROUP_NAMES), ("time", TIME_NAMES)):
        if role in roles.values() or role in refused:
            continue
        hits = [n for n in table.column_names if n.lower() in names and n not in taken]
        if role == "id":
            _refuse_repeated(hits, facts, len(table))
        hits = [n for n in hits if _fits(role, table.column(n), facts[n], len(table))]
        if len(hits) == 1:
            roles[hits[0]] = role
            taken.add(hits[0])
        elif len(hits) > 1:
            raise _ambiguous(role, hits)
    if "label" not in roles.values() and "label" not in refused:
        label = _guess_label(table, facts, taken)
        if label:
            roles[label] = "label"
    return roles


def _refuse_repeated(hits: list[str], facts: Mapping[str, _Facts], n: int) -> None:
    """A column called ``id`` that repeats a value is an error, not a feature."""
    for name in hits:
        if name.lower() in SURE_IDS and facts[name].kind in ("string", "integer") and facts[name].distinct < n:
            raise SchemaError(
                "a column that is called an id repeats or lacks a value",
                where=f"column {name!r}",
                found=f"{facts[name].distinct} different values in {n} rows",
                fix=f"mend the ids, say that there are none with --id none, or leave the column out with --drop {name}",
            )


def _fits(role: str, column: pa.ChunkedArray, facts: _Facts, n: int) -> bool:
    if role == "id":
        return facts.distinct == n and facts.kind in ("string", "integer")
    if role == "split":
        return {str(v).lower() for v in column.drop_null().unique().to_pylist()[:50]} <= set(SPLIT_WORDS)
    return facts.kind != "float"


def guess_schema(rows: Rows, overrides: RoleOverrides | None = None) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Columns with roles and media, guessed where the user did not say.

    Parameters
    ----------
    rows : Rows
    overrides : RoleOverrides, optional

    Returns
    -------
    columns : tuple of Column
        In table order, dropped columns left out.
    notes : tuple of str
        One line for each guess, to be shown to the user.

    Raises
    ------
    SchemaError
        A named column is absent, or several columns fit one role; the candidates are listed.
    """
    overrides = overrides or RoleOverrides()
    facts = {name: _facts(rows.table.column(name)) for name in rows.table.column_names}
    roles = _settle(rows, overrides, facts)
    columns: list[Column] = []
    guessed: list[str] = []
    said = overrides.named()
    for name in rows.table.column_names:
        role = roles.get(name, "input")
        if role == "drop":
            continue
        medium = (
            said.get(name, "") if said.get(name) in ("text", "image", "audio") else _medium(name, facts[name], rows)
        )
        if role == "label":
            medium = "number" if facts[name].kind == "float" else "category"
        elif role in ("id", "group", "split"):
            medium = "category"
        elif role == "input" and facts[name].kind == "other":
            role, medium = "meta", "category"
        if role == "input" and rows.media and name not in rows.media and name not in said:
            role = "meta"
        if role in ("input", "meta") and name in _annotations(rows) and name not in said:
            role, medium = "meta", "image" if name.lower() == MASK_NAME and facts[name].kind == "string" else "category"
        columns.append(Column(name, role, medium))
        if name not in said:
            guessed.append(f"{name}: {role}" + (f" ({medium})" if role == "input" else ""))
    notes = (f"guessed columns: {'; '.join(guessed)}",) if guessed else ()
    return tuple(columns), notes
