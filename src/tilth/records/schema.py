"""Schema: the role and the medium of every column, and the declared class names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tilth.errors import SchemaError

__all__ = ["MEDIA", "ROLES", "Column", "Schema"]

ROLES = ("input", "label", "group", "time", "split", "id", "meta")
MEDIA = ("text", "image", "audio", "number", "category")


@dataclass(frozen=True)
class Column:
    """One column: its name, what it is for, and what it holds.

    Parameters
    ----------
    name : str
    role : {"input", "label", "group", "time", "split", "id", "meta"}
    media : {"text", "image", "audio", "number", "category"}
        For image and audio the cell holds a path relative to the snapshot's root.
    """

    name: str
    role: str
    media: str

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise SchemaError(
                "unknown role",
                where=f"column {self.name!r}",
                found=repr(self.role),
                fix=f"use one of {', '.join(ROLES)}",
            )
        if self.media not in MEDIA:
            raise SchemaError(
                "unknown media type",
                where=f"column {self.name!r}",
                found=repr(self.media),
                fix=f"use one of {', '.join(MEDIA)}",
            )


@dataclass(frozen=True)
class Schema:
    """The columns of a snapshot and its declared classes.

    Parameters
    ----------
    columns : tuple of Column
    classes : tuple of str
        Declared class names, in the order of the columns of any probability matrix. Empty where
        there is no class label.
    """

    columns: tuple[Column, ...]
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SchemaError("a column name stands twice", found=", ".join(twice), fix="rename one of them")
        for role in ("label", "split", "time", "id", "group"):
            having = self.names(role)
            if len(having) > 1:
                raise SchemaError(
                    f"only one column can be the {role}", found=", ".join(having), fix=f"name one with --{role}"
                )

    def names(self, role: str) -> tuple[str, ...]:
        """Names of the columns of one role, in table order."""
        return tuple(column.name for column in self.columns if column.role == role)

    def one(self, role: str) -> str:
        """Name of the only column of a role, or an empty string."""
        names = self.names(role)
        return names[0] if names else ""

    @property
    def label(self) -> str:
        """Name of the label column, or an empty string."""
        return self.one("label")

    @property
    def inputs(self) -> tuple[Column, ...]:
        """The input columns, in table order."""
        return tuple(column for column in self.columns if column.role == "input")

    @property
    def media(self) -> tuple[str, ...]:
        """The media types of the inputs, each once, in a fixed order."""
        present = {column.media for column in self.inputs}
        return tuple(medium for medium in MEDIA if medium in present)

    def column(self, name: str) -> Column:
        """The column of that name; raises `SchemaError` where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(
            "no such column",
            where=f"column {name!r}",
            fix=f"the columns are {', '.join(c.name for c in self.columns)}",
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-like form; `from_dict` gives an equal schema back."""
        return {
            "columns": [{"name": c.name, "role": c.role, "media": c.media} for c in self.columns],
            "classes": list(self.classes),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Schema:
        """Inverse of `to_dict`."""
        return cls(tuple(Column(**column) for column in data["columns"]), tuple(data["classes"]))
