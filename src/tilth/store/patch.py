"""The ledger as a text file: one decision a line, keys sorted, so that it can be diffed and merged."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tilth.errors import ParameterError, SourceError, StoreError
from tilth.records import Decision
from tilth.store.depot import replace_file
from tilth.store.faults import guarded

__all__ = ["read_patch", "write_patch"]


def write_patch(path: Path, decisions: Iterable[Decision]) -> None:
    """Write the whole file or nothing."""
    lines = [json.dumps(d.to_dict(), sort_keys=True, ensure_ascii=False) + "\n" for d in decisions]
    with guarded(str(path)):
        replace_file(path, "".join(lines).encode("utf-8"))


def read_patch(path: Path, dataset: str) -> list[Decision]:
    """The decisions of a patch file.

    Raises
    ------
    SourceError
        A line that is no decision, was edited by hand, or is about another dataset; with its number.
    StoreError
        There is no such file, or it cannot be read.
    """
    if not path.is_file():
        raise StoreError(
            "no such patch file", where=str(path), fix="write one with `tilth export TARGET FILE --decisions`"
        )
    decisions: list[Decision] = []
    with guarded(str(path)):
        content = path.read_bytes()
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            decision = Decision.from_dict(json.loads(line.decode("utf-8-sig")))
        except ParameterError as error:
            raise SourceError(error.what, where=where, found=error.found, fix=error.fix) from error
        except (UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SourceError(
                "this line is no decision",
                where=where,
                found=repr(line[:80].decode("utf-8", "replace")),
                fix="one JSON object a line, as a patch export writes it",
            ) from error
        if decision.dataset != dataset:
            raise SourceError(
                "this decision is about another dataset",
                where=where,
                found=f"{decision.dataset!r}, wanted {dataset!r}",
                fix=f"import it into {decision.dataset!r}",
            )
        decisions.append(decision)
    return decisions
