"""Reading a file of rules: Python, which is run, or YAML, which is only read."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from tilth.errors import NotApplicable, ParameterError, PartError, SourceError, TilthError
from tilth.plugin import Labeler, Shelf
from tilth.workflows.weak.rule_set import RuleSet, SlicingFunction, checked_classes, checked_rules

__all__ = ["rules_from_file"]


def rules_from_file(path: Path) -> RuleSet:
    """Rules of a .py or .yaml file; see `read_rules`."""
    if not path.is_file():
        raise SourceError("there is no such file of rules", where=str(path), fix="give a .py or .yaml file")
    if path.suffix == ".py":
        return checked_rules(_from_python(path), str(path))
    if path.suffix in (".yaml", ".yml"):
        return checked_rules(_from_yaml(path), str(path))
    raise SourceError("rules are read from .py and .yaml files", where=str(path), found=path.suffix or "no suffix")


def _from_python(path: Path) -> RuleSet:
    name = f"tilth_rules_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SourceError("this file cannot be loaded", where=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SystemExit as error:
        raise SourceError(
            "this file of rules ends the program when it is run", where=_place(error, path),
            found=f"SystemExit: {error.code}", fix="take sys.exit out, or put it under if __name__ == '__main__':",
        ) from error  # fmt: skip
    except TilthError as error:
        where = _place(error, path) + (f", {error.where}" if error.where else "")
        raise type(error)(error.what, where=where, found=error.found, fix=error.fix) from error
    except Exception as error:
        raise SourceError(
            "this file of rules fails when it is run", where=_place(error, path),
            found=" ".join(f"{type(error).__name__}: {error}".split()),
        ) from error  # fmt: skip
    held = list({id(value): value for value in vars(module).values()}.values())
    labelers = tuple(value for value in held if isinstance(value, Labeler))
    slices = tuple(value for value in held if isinstance(value, SlicingFunction))
    classes = checked_classes(getattr(module, "CLASSES", None), f"{path}, CLASSES")
    return RuleSet(labelers, tuple(map(str, classes)), slices, ((name, str(path.resolve())),))


def _place(error: BaseException, path: Path) -> str:
    """The file and, where it can be told, the line in it."""
    line = getattr(error, "lineno", None)
    at = error.__traceback__
    while at is not None:
        if Path(at.tb_frame.f_code.co_filename).resolve() == path.resolve():
            line = at.tb_lineno
        at = at.tb_next
    return f"{path}, line {line}" if line else str(path)


def _from_yaml(path: Path) -> RuleSet:
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SourceError("this is no YAML file", where=str(path), found=" ".join(str(error).split())[:200]) from error
    if not isinstance(data, Mapping) or not isinstance(data.get("rules"), list):
        raise SourceError("a file of rules holds a list called rules", where=str(path), found=type(data).__name__)
    unknown = [key for key in data if key not in ("rules", "classes")]
    if unknown:
        raise SourceError("unknown key", where=str(path), found=repr(unknown[0]), fix="use classes and rules")
    classes = tuple(str(c) for c in checked_classes(data.get("classes"), f"{path}, classes"))
    labelers = [_rule(entry, at, path, classes) for at, entry in enumerate(data["rules"])]
    return RuleSet(tuple(labelers), classes)


def _rule(entry: Any, at: int, path: Path, classes: tuple[str, ...]) -> Labeler:
    """One rule of a YAML file: the form's name with its main value, and the other parameters."""
    shelf = Shelf("labelers")
    where = f"{path}, rule {at + 1}"
    if not isinstance(entry, Mapping):
        raise SourceError("a rule is a mapping", where=where, found=repr(entry)[:80])
    where += f" ({entry['name']})" if entry.get("name") else ""
    form = _form(entry, shelf, where)
    cls = shelf.get(form)
    params: dict[str, Any] = {"rule": str(entry.get("name") or f"{form}_{at + 1}")}
    value = entry[form]
    params |= dict(value) if isinstance(value, Mapping) and cls.main != "entries" else {cls.main: value}
    params |= {key: given for key, given in entry.items() if key not in (form, "name")}
    for key, given in params.items():
        if isinstance(given, list):
            params[key] = tuple(given)
    known = [f.name for f in fields(cls)]
    wrong = [key for key in params if key not in known]
    if wrong:
        raise SourceError(
            f"{form} has no parameter {wrong[0]!r}", where=where, fix=f"its parameters are {', '.join(known)}"
        )
    if cls.labelled and params.get("label") in (None, ""):
        raise SourceError(
            f"a rule of the form {form} needs the class that it votes for", where=where, found="no label",
            fix=f"add label: {classes[-1] if classes else 'CLASS'}",
        )  # fmt: skip
    params.setdefault("label", None)  # a SQL condition may not vote for what nobody named
    if form == "prompt" and classes:
        params.setdefault("classes", classes)
    return _made(shelf, form, params, where)


def _form(entry: Mapping[Any, Any], shelf: Shelf, where: str) -> str:
    """The one form that a rule names; what is also a parameter of another form beside it, such as model, is that."""
    named = [key for key in entry if key in shelf.names()]
    forms = [
        one for one in named
        if all(other in {f.name for f in fields(shelf.get(one))} for other in named if other != one)
    ]  # fmt: skip
    if len(forms) != 1 or forms == ["function"]:
        raise SourceError(
            "a rule names one form", where=where, found=", ".join(map(str, entry)),
            fix=f"use one of {', '.join(name for name in shelf.names() if name != 'function')}",
        )  # fmt: skip
    return str(forms[0])


def _made(shelf: Shelf, form: str, params: dict[str, Any], where: str) -> Labeler:
    try:
        made: Labeler = shelf.make(form, **params)
        made.validate()
    except ParameterError as error:
        raise SourceError(error.what, where=where, found=error.found, fix=error.fix) from error
    except (PartError, NotApplicable, TypeError, ValueError) as error:
        raise SourceError("this rule cannot be made", where=where, found=" ".join(str(error).split())) from error
    return made
