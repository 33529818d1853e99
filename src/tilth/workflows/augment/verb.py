"""``augment``: more training rows from the training rows that are there, repeatable to the bit.

A policy says which operations change a sample, how often and how strongly. Only rows of the training part are
changed; a row that was made from others carries them as its parents, and stands and falls with them. Before anything
is written, rules and a cross-fitted model say which magnitudes would make another class of a row: those are left out.
Without ``write`` nothing changes: the plan, its class counts and how far the samples move are shown. With it, media
files go to a folder of their own and the rows enter the ledger as decisions of ``policy:augment``, so that log,
undo, export and prove work on them. A killed run goes on where it stopped, with any number of workers.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine.annotations import annotation_columns
from tilth.engine.augment import Augmenter
from tilth.engine.runs import EngineRun
from tilth.engine.sample_rows import SampleRows, medium_columns, sample_rows
from tilth.errors import ParameterError
from tilth.records import AugmentationPolicy, Decision, RoleOverrides, Sample, Snapshot, added_rows, effective
from tilth.store import Workspace
from tilth.workflows.augment.commands import augment_command, subject_of
from tilth.workflows.augment.guard import FeatureShift, LabelCheck, check_labels, measure_shift, preview
from tilth.workflows.augment.policies import PolicyLike, load_policy, save_policy
from tilth.workflows.augment.rows import Job, MadeRows, job_of, make_rows
from tilth.workflows.augment.selection import (
    check_arguments,
    choose_medium,
    limited,
    passed_over,
    readable_rows,
    ready,
    training_rows,
)
from tilth.workflows.ingest import dataset_of
from tilth.workflows.project import Dataset, RunOptions, head_snapshot, opened, record_decisions
from tilth.workflows.proof.descendants import AUGMENTER, parents_of

__all__ = ["Augmentation", "augment"]

#: Rows that one entry of the ledger adds.
ROWS_AN_ENTRY = 500


@dataclass(frozen=True, eq=False)
class Augmentation:
    """What an augmentation would make, or made.

    Parameters
    ----------
    dataset : Dataset
    before : Snapshot
    after : Snapshot or None
        None where nothing was written.
    policy : AugmentationPolicy
        With the limits that the label check found.
    medium : str
    times : int
    seed : int
    job : str
        Id of the work: equal for equal rows, policy, seed and times.
    folder : Path
        Where the manifest and media files are, or would go.
    added, unchanged, resumed : int
        Rows that were added; samples that came out like a row that is there already and were left out; rows that an
        earlier, stopped run had made.
    counts : mapping of class to (before, after)
        Labelled training rows; where nothing was written, `after` is what is to come at the most.
    check : LabelCheck
    shifts : tuple of FeatureShift
        Original rows against changed ones, on a sample of at most 300 rows.
    vectors : (2m, d) float32
        Embeddings of those rows: first as they are, then changed.
    examples : tuple of (Sample, Sample)
        Some of those rows, as they are and changed.
    notes : tuple of str
    subject, command : str
        What a shell names the dataset by, and the command that makes the same plan.
    """

    dataset: Dataset
    before: Snapshot
    after: Snapshot | None
    policy: AugmentationPolicy
    medium: str
    times: int
    seed: int
    job: str
    folder: Path
    added: int
    unchanged: int
    resumed: int
    counts: Mapping[str, tuple[int, int]]
    check: LabelCheck
    shifts: tuple[FeatureShift, ...]
    vectors: npt.NDArray[np.float32]
    examples: tuple[tuple[Sample, Sample], ...]
    notes: tuple[str, ...] = ()
    subject: str = ""
    command: str = ""

    @property
    def written(self) -> bool:
        """Whether rows were added."""
        return self.after is not None


def augment(
    target: Any,
    *,
    policy: PolicyLike = None,
    times: int = 4,
    write: bool = False,
    out: str | Path | None = None,
    part: str = "train",
    medium: str = "",
    column: str = "",
    limits: Mapping[str, Mapping[str, float]] | None = None,
    check: bool = True,
    follow: bool = True,
    model: Any = None,
    embedder: str = "",
    workspace: str | Path | None = None,
    name: str = "",
    overrides: RoleOverrides | None = None,
    encoding: str = "",
    options: RunOptions | None = None,
) -> Augmentation:
    """Augment the training part of a dataset.

    Parameters
    ----------
    target : str, Path, object or Dataset
        As for `ingest`.
    policy : AugmentationPolicy, mapping, list, str, Path or None
        A policy, its dictionary, a YAML file or YAML text; default: the policy that comes with tilth for the medium.
    times : int
        New rows for each training row; for a batch recipe, as many in all.
    write : bool
        Write files and decisions. Otherwise only the plan comes back. Rows whose file cannot be read are passed over
        either way, and counted in the notes.
    out : str or Path, optional
        Folder for media files and the list of rows; default: one in the workspace.
    part : {"train"}
        The test and validation part are refused.
    medium : {"", "image", "text", "audio", "table"}
        What to change, where the dataset holds several.
    column : str
        Which of several columns of the medium; default: all of them.
    limits : mapping of class to mapping of operation to float
        Rules of your own: the highest magnitude of an operation for a class, 0 for never.
    check : bool
        Let rules and a cross-fitted model find which magnitudes keep labels true.
    follow : bool
        Let the boxes and masks that stand in columns called ``boxes`` and ``mask`` beside an image go where its pixels
        go; False leaves them as they are.
    model : scikit-learn classifier, optional
        The model of that check; default logistic regression.
    embedder : str
        As for `audit`.
    workspace, name, overrides, encoding, options
        As for `ingest`; `options` holds the seed and the number of worker processes, which change no result.

    Returns
    -------
    Augmentation

    Raises
    ------
    LeakError
        The test or validation part was asked for.
    PartError, ParameterError
        The policy cannot work; says where.
    """
    check_arguments(times=times, write=write, check=check, follow=follow, out=out, model=model)
    check_arguments(embedder=embedder, options=options)
    options = options or RunOptions()
    dataset, _ = dataset_of(
        target, overrides=overrides, workspace=workspace, name=name, encoding=encoding, options=options
    )
    subject = subject_of(target, dataset.name)
    with opened(dataset) as store:
        snapshot = head_snapshot(store, dataset)
        made_before = parents_of(store.decisions(dataset.name))
        run = options.run("augment", store)
        chosen = choose_medium(snapshot, medium, policy)
        names = _columns(snapshot, chosen, column)
        places = training_rows(snapshot, part, made_before)
        places, unreadable = readable_rows(snapshot, places, chosen, names, run)
        beside = annotation_columns(snapshot, chosen, names, follow)
        rows = sample_rows(snapshot, chosen, places, "" if chosen == "table" else names[0], bool(beside.columns))
        loaded = limited(load_policy(policy, chosen), limits, snapshot)
        augmenter = Augmenter(loaded, options.seed, chosen)
        rows.annotation_marks()  # a row that is wrong is told of now, not in the middle of the work
        found = LabelCheck(note="The check was not asked for, so nothing is known about it.")
        augmenter = ready(augmenter, rows)
        if check:
            with run.step("checking labels") as step:
                found = check_labels(augmenter, rows, snapshot.classes, step, model=model, embedder=embedder)
            loaded = loaded.with_limits(found.limits)
            augmenter = ready(Augmenter(loaded, options.seed, chosen), rows)
        shifts, vectors, examples = _shown(augmenter, rows, run, embedder)
        job = job_of(snapshot, augmenter, places, times, names, lambda job: _folder(dataset, out, job), rows)
        plan = Augmentation(
            dataset,
            snapshot,
            None,
            loaded,
            chosen,
            times,
            options.seed,
            job.id,
            job.folder,
            times * len(places),
            0,
            0,
            _counts(snapshot, places, times),
            found,
            shifts,
            vectors,
            examples,
            (*_notes(snapshot, places), *beside.note(), *passed_over(unreadable), *_part_notes(augmenter, rows)),
            subject,
            augment_command(
                subject, policy, times=times, seed=options.seed, limits=limits, check=check, follow=follow,
                more={"medium": medium, "column": column, "embedder": embedder, "out": out or ""},
            ),
        )  # fmt: skip
        return _written(store, plan, job, augmenter, run, options.jobs) if write else plan


def _columns(snapshot: Snapshot, medium: str, column: str) -> tuple[str, ...]:
    names = medium_columns(snapshot, medium)
    if not column:
        return names
    if column not in names:
        raise ParameterError(f"this column holds no {medium}", found=repr(column), fix=f"use {', '.join(names)}")
    return (column,)


def _folder(dataset: Dataset, out: str | Path | None, job: str) -> Path:
    return Path(out).absolute() if out is not None else (dataset.workspace / "augmented" / f"{dataset.name}-{job}")


def _shown(augmenter: Augmenter, rows: SampleRows, run: EngineRun, embedder: str) -> tuple[Any, ...]:
    """Shifts, vectors and examples of a preview."""
    with run.step("comparing distributions") as step:
        old, new = preview(augmenter, rows, step)
        shifts, vectors = measure_shift(old, new, step, embedder)
    by_id = {sample.row_id: sample for sample in old}
    pairs = [(by_id[sample.parents[0]], sample) for sample in new]
    return shifts, vectors, tuple(pairs)


def _counts(snapshot: Snapshot, places: npt.NDArray[np.int64], times: int) -> dict[str, tuple[int, int]]:
    counts = Counter(snapshot.labels[places].tolist())
    return {name: (counts[i], (times + 1) * counts[i]) for i, name in enumerate(snapshot.classes)}


def _notes(snapshot: Snapshot, places: npt.NDArray[np.int64]) -> tuple[str, ...]:
    notes = []
    counts = Counter(snapshot.labels[places].tolist())
    present = [name for i, name in enumerate(snapshot.classes) if counts[i]]
    if snapshot.classes and len(present) < 2:
        notes.append("the training part holds one class only: more rows of it teach a classifier nothing")
    single = [name for i, name in enumerate(snapshot.classes) if counts[i] == 1]
    if single:
        notes.append(f"one row only of {', '.join(single[:5])}: its changed copies stay close to it")
    if snapshot.values("split") is None:
        notes.append("there is no test part: prove holds out rows, and leaves out what was made from them")
    return tuple(notes)


def _part_notes(augmenter: Augmenter, rows: SampleRows) -> tuple[str, ...]:
    """What the parts have to say of the training rows, such as how many lie outside of declared ranges."""
    notes: dict[str, None] = {}
    for part in augmenter.parts():
        say = getattr(part, "notes", None)
        if say is not None and getattr(part, "ranges", None):
            notes.update(dict.fromkeys(say([rows[at] for at in range(len(rows))])))
    return tuple(notes)


def _written(
    store: Workspace, plan: Augmentation, job: Job, augmenter: Augmenter, run: EngineRun, jobs: int
) -> Augmentation:
    """Make the rows, then write them to the ledger: all or none."""
    name = plan.dataset.name
    if _stands(store.decisions(name), job.id):
        raise ParameterError(
            "these very rows are in the dataset already",
            where=f"augmentation {job.id}",
            fix="take them back with: tilth undo; or use another seed, policy or number of times",
        )
    with run.step("augmenting") as step:
        made = make_rows(plan.before, job, augmenter, step, jobs=jobs)
    if not made.rows:
        raise ParameterError(
            "no sample came out other than a row that is there already",
            where="policy",
            found=f"{made.unchanged} unchanged samples",
            fix="raise p or the magnitudes",
        )
    with store.write_lock():
        after = record_decisions(store, plan.dataset, _decisions(store, plan, job, made))[1]
    save_policy(plan.policy, job.folder / "policy.yaml")
    notes = plan.notes
    if made.unchanged:
        notes = (*notes, f"{made.unchanged} samples came out like a row that is there already, and were left out")
    if made.resumed:
        notes = (*notes, f"{made.resumed} samples were there from a run that was stopped")
    label = plan.before.schema.label
    new = Counter(str(row.get(label)) for row in made.rows)
    counts = {name: (n, n + new[name]) for name, (n, _) in plan.counts.items()}
    return replace(
        plan, after=after, added=len(made.rows), unchanged=made.unchanged, resumed=made.resumed, counts=counts,
        notes=notes,
    )  # fmt: skip


def _because(job: str) -> str:
    return f"augmentation {job}"


def _stands(decisions: Sequence[Decision], job: str) -> bool:
    """Whether rows of this job stand in the dataset."""
    standing = effective(decisions)
    ours = [d for d in standing if d.action == "add" and d.because == _because(job)]
    return bool(added_rows([*ours, *(d for d in standing if d.action == "accept")]))


def _decisions(store: Workspace, plan: Augmentation, job: Job, made: MadeRows) -> list[Decision]:
    first = int(np.max(plan.before.table.column("position").to_numpy(), initial=-1)) + 1
    when, head, name = store.now(), plan.before.id, plan.dataset.name
    entries: list[Decision] = []
    for start in range(0, len(made.rows), ROWS_AN_ENTRY):
        chunk = [
            {**row, "position": first + start + i} for i, row in enumerate(made.rows[start : start + ROWS_AN_ENTRY])
        ]
        ids = tuple(row["row_id"] for row in chunk)
        text = json.dumps(chunk, ensure_ascii=False)
        add = Decision(AUGMENTER, when, "add", ids, text, _because(job.id), head, name)
        entries += [add, Decision(AUGMENTER, when, "accept", ids, add.id, _because(job.id), head, name)]
    return entries
