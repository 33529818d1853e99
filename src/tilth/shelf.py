"""Where parts are found: by folder and by entry point, imported only when taken. Exported by `tilth.plugin`."""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tilth.errors import ParameterError, PartError

if TYPE_CHECKING:
    from tilth.plugin import Part

__all__ = ["Shelf"]


class Shelf:
    """The parts of one room: found by folder and entry point, imported only when taken.

    Parameters
    ----------
    room : str
        Name of a sub-package of ``tilth``.

    Examples
    --------
    >>> "outlier" in Shelf("detectors").names()
    True
    """

    def __init__(self, room: str) -> None:
        self.room = room
        self._found = self._scan()

    def _scan(self) -> dict[str, str]:
        found: dict[str, str] = {}
        package = importlib.import_module(f"tilth.{self.room}")
        for module in pkgutil.walk_packages(package.__path__, f"tilth.{self.room}."):
            stem = module.name.rpartition(".")[2]
            if module.ispkg or stem.startswith("_"):
                continue
            self._add(found, stem, module.name)
        from importlib.metadata import entry_points

        for point in entry_points(group=f"tilth.{self.room}"):
            self._add(found, point.name, point.value)
        return dict(sorted(found.items()))

    def _add(self, found: dict[str, str], name: str, target: str) -> None:
        if name in found:
            raise PartError(
                f"two parts of {self.room} have the same name",
                found=f"{name!r} in {found[name]} and {target}",
                fix="rename one of them",
            )
        found[name] = target

    def names(self) -> tuple[str, ...]:
        """Names of all parts, sorted; imports none of them."""
        return tuple(self._found)

    def get(self, name: str) -> type[Any]:
        """The class of a part; `PartError` with the nearest names where there is none."""
        if name not in self._found:
            near = difflib.get_close_matches(name, self._found, n=3, cutoff=0.4)
            raise PartError(
                f"no such part in {self.room}",
                found=repr(name),
                fix=f"did you mean {' or '.join(near)}?" if near else f"the parts are {', '.join(self._found)}",
            )
        target = self._found[name]
        module_name, _, attribute = target.partition(":")
        module = importlib.import_module(module_name)
        made = getattr(module, attribute) if attribute else self._only_part(module)
        made.name = name
        made.room = self.room
        return made

    def _only_part(self, module: ModuleType) -> type[Part]:
        from tilth.plugin import Part

        parts = [
            value
            for value in vars(module).values()
            if inspect.isclass(value) and issubclass(value, Part) and value.__module__ == module.__name__
        ]
        if len(parts) != 1:
            raise PartError(
                "a part's file must hold exactly one part",
                where=module.__name__,
                found=", ".join(part.__name__ for part in parts) or "none",
            )
        return parts[0]

    def make(self, name: str, **params: Any) -> Any:
        """A part with parameters; an unknown parameter raises `PartError` with the known ones."""
        cls = self.get(name)
        known = [f.name for f in dataclasses.fields(cls)]
        unknown = [param for param in params if param not in known]
        if unknown:
            raise PartError(
                f"{name} has no parameter {unknown[0]!r}",
                fix=f"its parameters are {', '.join(known) or 'none'}",
            )
        return cls(**params)

    def parse(self, text: str) -> Any:
        """A part written as ``name`` or ``name:param=value,param=value``, as on the command line.

        Examples
        --------
        >>> Shelf("embedders").parse("tfidf:dimensions=64").dimensions
        64
        """
        name, _, rest = text.partition(":")
        said = dict(piece.partition("=")[::2] for piece in rest.split(",") if piece)
        return self.make(name, **self.typed(name, said))

    def typed(self, name: str, said: Mapping[str, str]) -> dict[str, Any]:
        """Parameter values given as text, in the types of the part's fields; an unknown parameter is left to `make`."""
        kinds = {f.name: str(f.type) for f in dataclasses.fields(self.get(name))}
        return {param: _typed(value, kinds.get(param, "str"), f"{name}.{param}") for param, value in said.items()}

    def __iter__(self) -> Iterator[type[Any]]:
        """The classes of all parts, in the order of their names."""
        for name in self._found:
            yield self.get(name)


def _typed(text: str, kind: str, where: str) -> Any:
    if kind == "bool":
        if text.lower() in ("true", "yes", "1", "false", "no", "0"):
            return text.lower() in ("true", "yes", "1")
    elif kind in ("int", "float"):
        try:
            return int(text) if kind == "int" else float(text)
        except ValueError:
            pass
    else:
        return text
    raise ParameterError(f"this parameter takes a {kind}", where=where, found=repr(text))
