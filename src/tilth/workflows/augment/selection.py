"""Which rows of a dataset are augmented, and what a policy may say about them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine.augment import Augmenter
from tilth.engine.inputs import canonical_split, media_files
from tilth.engine.item_checks import readable_audio, readable_image
from tilth.engine.runs import EngineRun
from tilth.engine.sample_rows import SampleRows, medium_columns, sample_media
from tilth.errors import DataError, LeakError, NotApplicable, ParameterError
from tilth.records import AugmentationPolicy, Snapshot
from tilth.records.augmentation_policy import ANY_CLASS
from tilth.sources import MediaFiles
from tilth.workflows.augment.policies import PolicyLike, load_policy
from tilth.workflows.project import RunOptions

__all__ = [
    "check_arguments",
    "checked_epoch",
    "choose_medium",
    "limited",
    "passed_over",
    "readable_rows",
    "ready",
    "training_rows",
]


def choose_medium(snapshot: Snapshot, medium: str, policy: PolicyLike) -> str:
    """The medium that a policy changes in a dataset: the one named, the policy's own, or the dataset's first."""
    media = sample_media(snapshot)
    if not media:
        raise NotApplicable("there are no inputs to change", fix="name an input column, such as --text COLUMN")
    if medium:
        medium_columns(snapshot, medium)
        return medium
    if policy is not None:
        made = load_policy(policy, media[0])
        said = made.medium or (Augmenter(made).medium if made.operations() else "")
        if said:
            medium_columns(snapshot, said)
            return said
    return media[0]


def training_rows(
    snapshot: Snapshot, part: str, made: Mapping[str, Any], *, labelled: bool = True
) -> npt.NDArray[np.int64]:
    """Positions of the rows that may be augmented: those of the training part that were not made from others.

    Raises
    ------
    LeakError
        The test or validation part was asked for.
    ParameterError
        There is no such part.
    NotApplicable
        There are no such rows.
    """
    split = canonical_split(snapshot)
    if part in ("test", "val", "validation"):
        raise LeakError(
            f"the {part} part is not augmented: it measures the model, and a change would move the measure",
            fix="leave --part out, which takes the training part",
        )
    if part not in ("", "train"):
        raise ParameterError("no such part", found=repr(part), fix="only the part train is augmented")
    rows = np.flatnonzero((split != "test") & (split != "val"))
    label = snapshot.schema.label
    has_label = snapshot.table.column(label).is_valid().to_numpy() if label and labelled else None
    kept = [r for r in rows if snapshot.row_ids[r] not in made and (has_label is None or has_label[r])]
    if not kept:
        raise NotApplicable(
            "there are no labelled training rows to augment",
            found=f"{len(snapshot)} rows, {len(rows)} of them in the training part",
            fix="label some rows, name the label column with --label, or take the samples from tilth.stream"
            if len(rows)
            else "see how the split column names its parts: every row is called test or validation",
        )
    return np.asarray(kept, dtype=np.int64)


def readable_rows(
    snapshot: Snapshot, places: npt.NDArray[np.int64], medium: str, columns: Sequence[str], run: EngineRun
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Those of some positions whose files can be read, and the row ids of the others; looked up where it is known.

    Raises
    ------
    NotApplicable
        None can be read.
    """
    test = {"image": readable_image, "audio": readable_audio}.get(medium)
    bad: dict[int, None] = {}
    if test is not None:
        names = [column.name for column in snapshot.schema.inputs if column.media == medium]
        for name, files in zip(names, media_files(snapshot, medium), strict=True):
            if name in columns:
                own = MediaFiles(files.root, [files.paths[i] for i in places], [files.keys[i] for i in places])
                with run.step(f"reading {name}") as step:
                    found = step.map_items(test, own, maker={"kind": "readable", "version": 1, "medium": medium})
                bad |= {
                    at: None for at, one in enumerate(found) if isinstance(one, Exception) and _fails(test, own, at)
                }
    if len(bad) == len(places):
        raise NotApplicable(f"not one {medium} of the training part can be read", fix="tilth audit says why")
    left_out = tuple(str(snapshot.row_ids[places[at]]) for at in sorted(bad))
    return np.delete(places, sorted(bad)), left_out


def _fails(test: Callable[[bytes], Any], files: MediaFiles, at: int) -> bool:
    """Whether a file fails now, whatever was known of it."""
    try:
        test(files[at])
    except DataError:
        return True
    return False


def passed_over(unreadable: Sequence[str]) -> tuple[str, ...]:
    """A note on rows that cannot be read; none where there are none."""
    if not unreadable:
        return ()
    rows = "1 training row" if len(unreadable) == 1 else f"{len(unreadable)} training rows"
    more = f" and {len(unreadable) - 5} more" if len(unreadable) > 5 else ""
    return (f"{rows} cannot be read and passed over: {', '.join(unreadable[:5])}{more}; tilth audit says why",)


def limited(policy: AugmentationPolicy, limits: Any, snapshot: Snapshot) -> AugmentationPolicy:
    """A policy with further limits; all of them must speak of classes of the dataset.

    Raises
    ------
    ParameterError
        A class that the dataset does not have (with the nearest names), or limits of another form.
    """
    made = policy.with_limits({} if limits is None else limits)
    for name in made.limits:
        if name != ANY_CLASS and name not in snapshot.classes:
            near = difflib.get_close_matches(name, snapshot.classes, n=3, cutoff=0.4)
            raise ParameterError(
                "a limit speaks of an unknown class",
                where="limits",
                found=repr(name),
                fix=f"did you mean {' or '.join(near)}? {ANY_CLASS} means all classes"
                if near
                else f"the classes are {', '.join(snapshot.classes[:10])}; {ANY_CLASS} means all of them"
                if snapshot.classes
                else f"this dataset has no classes: use {ANY_CLASS}",
            )
    return made


def ready(augmenter: Augmenter, rows: SampleRows) -> Augmenter:
    """The augmenter, with operations that know the training rows where they want to."""
    return augmenter.fit([rows[at] for at in range(len(rows))]) if augmenter.wants_fit else augmenter


def checked_epoch(epoch: Any) -> int:
    """An epoch as int; `ParameterError` where it is no whole number from 0."""
    whole = isinstance(epoch, (int, np.integer)) and not isinstance(epoch, bool)
    if not whole or not 0 <= epoch < 2**63:
        raise ParameterError("an epoch is a whole number from 0", found=repr(epoch))
    return int(epoch)


def check_arguments(**given: Any) -> None:
    """Raise `ParameterError` for arguments of another kind than the verbs of augmentation take.

    Parameters
    ----------
    **given
        Any of times, write, check, shuffle, follow, out, model, embedder and options, by name.
    """
    for name, value in given.items():
        fits, kind = _KINDS[name]
        if not fits(value):
            raise ParameterError(f"{name} is {kind}", found=repr(value)[:80])


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "times": (lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 1, "a whole number from 1"),
    "write": (lambda v: isinstance(v, bool), "True or False"),
    "check": (lambda v: isinstance(v, bool), "True or False"),
    "follow": (lambda v: isinstance(v, bool), "True or False"),
    "shuffle": (lambda v: isinstance(v, bool), "True or False"),
    "out": (lambda v: v is None or isinstance(v, (str, Path)), "the path of a folder"),
    "embedder": (lambda v: isinstance(v, str), "the name of an embedder; tilth parts embedders lists them"),
    "options": (lambda v: v is None or isinstance(v, RunOptions), "a tilth.RunOptions, such as RunOptions(seed=1)"),
    "model": (
        lambda v: v is None or (not isinstance(v, type) and all(hasattr(v, verb) for verb in ("fit", "predict_proba"))),
        "a scikit-learn classifier with fit and predict_proba",
    ),
}
