"""Folders of images or sounds: what is in them, and what their names say."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tilth.errors import SourceError
from tilth.sources import resolve_inside
from tilth.sources._media import medium_of

__all__ = ["SPLITS", "UNLABELLED", "Layout", "Listing", "lay_out", "leading_medium", "list_folder"]

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
#: Names of folders whose files have no label.
UNLABELLED = ("unlabelled", "unlabeled", "unsup")
_MOST = 20_000


@dataclass(frozen=True)
class Listing:
    """Files below a folder, as sorted paths relative to it; hidden ones are left out.

    Parameters
    ----------
    media : list of str
        Files of the wanted medium.
    others : list of str
        All other files.
    links : list of str
        Links to folders inside; not followed, for their files are listed already.
    """

    media: list[str]
    others: list[str]
    links: list[str]


@dataclass(frozen=True)
class Layout:
    """Label and split of each file, None where it has none."""

    labels: list[str | None]
    splits: list[str | None]
    notes: tuple[str, ...] = field(default=())


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def leading_medium(folder: Path) -> str:
    """ "image" or "audio", whichever most of the first 20,000 files are; empty where neither is there."""
    counts = {"image": 0, "audio": 0}
    seen = 0
    for _, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _hidden(name))
        for name in files:
            medium = medium_of(name)
            if medium and not _hidden(name):
                counts[medium] += 1
        seen += len(files)
        if seen > _MOST:
            break
    if not any(counts.values()):
        return ""
    return "image" if counts["image"] >= counts["audio"] else "audio"


def list_folder(folder: Path, medium: str) -> Listing:
    """All files below a folder.

    Raises
    ------
    SourceError
        A link leads outside the folder, a folder cannot be read, or a name is not valid Unicode.
    """
    root = os.path.realpath(folder)
    media: list[str] = []
    others: list[str] = []
    links: list[str] = []
    waiting = [""]
    while waiting:
        at = waiting.pop()
        try:
            entries = list(os.scandir(Path(root, at)))
        except OSError as error:
            raise SourceError(
                "cannot read this folder", where=str(folder / at), found=error.strerror or str(error)
            ) from error
        for entry in entries:
            if _hidden(entry.name):
                continue
            relative = f"{at}/{entry.name}" if at else entry.name
            _check_unicode(relative)
            if entry.is_symlink():
                resolve_inside(root, relative)
                if _is(stat.S_ISDIR, entry):
                    links.append(relative)
                    continue
            elif _is(stat.S_ISDIR, entry):
                waiting.append(relative)
                continue
            wanted = medium_of(entry.name) == medium and (entry.is_symlink() or _is(stat.S_ISREG, entry))
            (media if wanted else others).append(relative)
    return Listing(sorted(media), sorted(others), sorted(links))


def _is(kind: Callable[[int], bool], entry: os.DirEntry[str]) -> bool:
    """Whether an entry, or what it links to, is of a kind; a link to itself or to nothing is of none."""
    try:
        return kind(entry.stat().st_mode)
    except OSError:
        return False


def _check_unicode(relative: str) -> None:
    try:
        relative.encode()
    except UnicodeEncodeError as error:
        raise SourceError("a file name is not valid Unicode", where=ascii(relative), fix="rename the file") from error


def lay_out(paths: list[str]) -> Layout:
    """What the folders of some files say.

    1. One folder that wraps all others is stepped into, unless it is a split.
    2. Where all first folders are called train, training, val, valid, validation, dev, test or
       testing, they are the split. One such name among others is a class like the others; two or
       more among others are refused.
    3. The next folder is the class. Folders below it do not count. Files outside a class folder, or
       in one called unlabelled, unlabeled or unsup, are unlabelled.

    Raises
    ------
    SourceError
        Splits stand beside other folders.
    """
    pieces = [path.split("/") for path in paths]
    notes: list[str] = []
    depth = 0
    while _wraps(pieces, depth):
        notes.append(f"all files are below {pieces[0][depth]!r}: its folders are taken")
        depth += 1
    tops = sorted({piece[depth] for piece in pieces if len(piece) > depth + 1})
    named = [top for top in tops if top.lower() in SPLITS]
    rest = [top for top in tops if top.lower() not in SPLITS]
    split = bool(named) and not rest
    if rest and len({SPLITS[top.lower()] for top in named}) > 1:
        raise SourceError(
            "some folders are splits and some are not",
            found=f"{', '.join(named)} beside {', '.join(rest[:8])}",
            fix="move the other folders elsewhere, or into a split",
        )
    start = depth + 1 if split else depth
    splits = [SPLITS[p[depth].lower()] if split and len(p) > depth + 1 else None for p in pieces]
    labels = [p[start] if len(p) > start + 1 else None for p in pieces]
    deep = [path for path, piece in zip(paths, pieces, strict=True) if len(piece) > start + 2]
    if deep:
        notes.append(f"folders below a class folder do not count: {len(deep)} files, the first is {deep[0]}")
    nameless = [label is not None and label.lower() in UNLABELLED for label in labels]
    labels = [None if none else label for none, label in zip(nameless, labels, strict=True)]
    missing = sum(label is None for label in labels)
    if missing and missing < len(labels):
        notes.append(f"{missing} files are unlabelled: they stand outside the class folders")
    return Layout(labels, splits, tuple(notes))


def _wraps(pieces: list[list[str]], depth: int) -> bool:
    """Whether all files are below one folder at this depth, and below further folders in it."""
    return (
        len({piece[depth] for piece in pieces}) == 1
        and pieces[0][depth].lower() not in SPLITS
        and all(len(piece) > depth + 2 for piece in pieces)
    )
