"""``weak``: write rules, not labels.

Rules vote on rows, or abstain. ``apply`` makes them vote; ``analyze`` says what each rule hits, gets wrong and adds,
and which words could become rules; ``fit`` joins the votes to beliefs by the method that is shown to work on them,
beside majority vote, and trains a model on the beliefs; ``label`` writes votes and labels to the ledger, where `agree`,
`consensus`, `prove` and `undo` know them. Labels that came with the data or from people are the gold that judges all
this; rows of the test part are never fitted on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.engine import EngineRun
from tilth.engine.inputs import canonical_split
from tilth.engine.labelling import Applied, apply_labelers
from tilth.errors import AlignmentError, LabelError, NotApplicable, ParameterError, SchemaError
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.weak_supervision.analysis import analyze_functions, most_disputed
from tilth.numerics.weak_supervision.choice import auto_label_model, fit_label_model
from tilth.numerics.weak_supervision.dependency import find_dependence
from tilth.numerics.weak_supervision.matrix import select_rows
from tilth.numerics.weak_supervision.suggest import Suggestion, suggest_keywords
from tilth.records import RoleOverrides, Snapshot
from tilth.workflows.ingest import dataset_of
from tilth.workflows.project import RunOptions, head_snapshot, opened
from tilth.workflows.weak.end_model import end_model as train_end_model
from tilth.workflows.weak.end_model import scores_of, slices_of
from tilth.workflows.weak.judging import one_class_note, plan_of
from tilth.workflows.weak.ledger import gold_labels, own_labels, record_weak
from tilth.workflows.weak.results import WeakAnalysis, WeakFit, WeakLabels, WeakOptions, WeakVotes
from tilth.workflows.weak.rule_set import RuleSet
from tilth.workflows.weak.rules import read_rules

_UNMEASURED = (
    "majority vote, since nothing can be measured: fewer than 30 rows outside the test part have a label, and too few "
    "rows have two votes. Label 30 such rows by hand, or write rules that vote on the same rows"
)

__all__ = [
    "WeakAnalysis", "WeakFit", "WeakLabels", "WeakOptions", "WeakVotes", "weak_analyze", "weak_apply", "weak_fit",
    "weak_label",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]


def weak_apply(
    target: Any,
    rules: Any,
    options: WeakOptions | None = None,
    *,
    name: str = "",
    overrides: RoleOverrides | None = None,
    encoding: str = "utf-8",
    run_options: RunOptions | None = None,
) -> WeakVotes:
    """Let rules vote on every row of a dataset.

    Parameters
    ----------
    target : str, Path, table or Dataset
    rules : path, RuleSet, or sequence of labelers
        As `read_rules` takes them.
    options : WeakOptions, optional
    name : str
    overrides : RoleOverrides, optional
    encoding : str
        Of text files.
    run_options : RunOptions, optional

    Returns
    -------
    WeakVotes

    Raises
    ------
    DataError
        A rule failed on a row and failures are not tolerated.
    LabelError
        A rule names a class that does not exist, or no rule fired on any row.
    """
    options, run_options = options or WeakOptions(), run_options or RunOptions()
    said = read_rules(rules)
    dataset, told = dataset_of(
        target, workspace=options.workspace, name=name, overrides=overrides, encoding=encoding, options=run_options
    )
    with opened(dataset) as store:
        snapshot = head_snapshot(store, dataset)
        run = run_options.run("weak", store)
        seen = (
            snapshot.classes if len(snapshot.classes) > 1 else ()
        )  # labels of one class do not say what else there is
        classes = options.classes or said.classes or seen
        own = own_labels(store, dataset, snapshot)
        found = _vote(said, snapshot, classes, own, options, run, run_options.jobs)
        votes = found.votes
        gold, unnamed = gold_labels(own, [str(c) for c in votes.classes])
    if not votes.n_votes:
        failed = "".join(f"; {f.function} failed on {f.count:,} of them, first on {f.first}" for f in found.faults[:3])
        raise LabelError(
            "no labelling function fired on any row",
            found=f"{votes.n_items} rows, {votes.n_raters} functions{failed}",
            fix="check the words or patterns that the rules look for, on a few rows",
        )  # fmt: skip
    held_out = canonical_split(snapshot) == "test"
    warned = one_class_note(np.where(held_out, -1, gold), [str(c) for c in votes.classes])
    notes = tuple(note for note in (*told, *found.notes, *unnamed, *warned) if note)
    return WeakVotes(dataset, snapshot, said, votes, found.faults, gold, held_out, notes)


def _vote(
    rules: RuleSet, snapshot: Snapshot, classes: Sequence[str], own: Sequence[str | None], options: WeakOptions,
    run: EngineRun, jobs: int,
) -> Applied:  # fmt: skip
    """Votes on the user's columns without labels.

    Rules that ask labelled neighbours, and they alone, also see the labels: those that came with the data or from
    people, outside the test and validation part.
    """
    columns = [c.name for c in snapshot.schema.columns if c.role != "label"]
    if not columns:
        raise SchemaError("there is no column for rules to read", fix="ingest data with more than labels")
    table = snapshot.table.select(columns)
    name = snapshot.schema.label
    asking = [one.title for one in rules.labelers if name and one.whole and getattr(one, "labels", "") == name]
    tables = {}
    if asking:
        hidden = np.isin(canonical_split(snapshot), ["test", "val"])
        shown = [None if hide else label for hide, label in zip(hidden.tolist(), own, strict=True)]
        tables = dict.fromkeys(asking, table.append_column(name, pa.array(shown, pa.string())))
    with run.step("apply") as step:
        step.jobs = 1  # a prompt is asked over one connection; other rules take `jobs` below
        return apply_labelers(
            rules.labelers, table, step, classes=classes, fault_tolerant=options.fault_tolerant, jobs=jobs,
            files=rules.files, row_names=snapshot.row_ids, tables=tables,
        )  # fmt: skip


def weak_analyze(said: WeakVotes, *, suggestions: int = 10, disputed: int = 12) -> WeakAnalysis:
    """Say what each rule does, and which words could become rules.

    Parameters
    ----------
    said : WeakVotes
    suggestions, disputed : int
        At most so many.

    Returns
    -------
    WeakAnalysis
    """
    if suggestions < 0 or disputed < 0:
        raise ParameterError("suggestions and disputed must not be negative", found=f"{suggestions}, {disputed}")
    votes, gold = said.votes, said.development
    functions = tuple(analyze_functions(votes, gold))
    rows, entropy = most_disputed(votes, max(disputed, 1))
    shown = tuple((str(votes.item_names[row]), _told(votes, int(row))) for row in rows.tolist())
    covered = votes.votes_per_item > 0
    missed = np.bincount(gold[(gold >= 0) & ~covered], minlength=votes.n_classes)
    return WeakAnalysis(
        said, functions, find_dependence(votes), shown, tuple(entropy.tolist()), _suggested(said, suggestions),
        missed,
    )  # fmt: skip


def _told(votes: Votes, row: int) -> str:
    one = select_rows(votes, [row])
    names = votes.rater_names[one.raters].tolist()
    return ", ".join(f"{n}: {votes.classes[int(v)]}" for n, v in zip(names, one.values.tolist(), strict=True))


def _suggested(said: WeakVotes, most: int) -> tuple[Suggestion, ...]:
    gold = said.development
    texts = [c.name for c in said.snapshot.schema.columns if c.role == "input" and c.media == "text"]
    if most < 1 or not texts or (gold >= 0).sum() < 20:
        return ()
    column = said.snapshot.table.column(texts[0]).to_pylist()
    found = suggest_keywords(column, gold, n_classes=said.votes.n_classes, votes=said.votes, n=3 * most)
    return tuple([one for one in found if one.adds > 0][:most])  # the others say what a rule says already


def weak_fit(
    said: WeakVotes,
    options: WeakOptions | None = None,
    *,
    end_model: bool = True,
    ask: int = 50,
    embedder: str = "",
    model: Any = None,
    run_options: RunOptions | None = None,
) -> WeakFit:
    """Join the votes to beliefs, train a model on them, and score both on the test part.

    Parameters
    ----------
    said : WeakVotes
    options : WeakOptions, optional
    end_model : bool
        Whether to train a model on the beliefs.
    ask : int
        Rows named for people at most.
    embedder : str
        What the end model reads; default one that needs no download.
    model : scikit-learn classifier, optional
        The end model; it gets each row once for every class that it may be, weighed by the belief. Default: the
        noise-aware logistic model.
    run_options : RunOptions, optional

    Returns
    -------
    WeakFit

    Raises
    ------
    ParameterError
        An unknown method, a class balance that is none, or an end model without probabilities.
    """
    options, run_options = options or WeakOptions(), run_options or RunOptions()
    if ask < 0:
        raise ParameterError("ask must not be negative", found=str(ask), fix="0 names no rows")
    if model is not None and end_model and not hasattr(model, "predict_proba"):
        raise ParameterError(
            "the end model must give probabilities", where="classifier", found=f"{_named(model)} without predict_proba",
            fix="take another, such as sklearn.linear_model:LogisticRegression, or wrap it in CalibratedClassifierCV",
        )  # fmt: skip
    train = np.flatnonzero(~said.held_out)
    votes = select_rows(said.votes, train)
    gold = said.development[train]
    balance = options.class_balance or None
    if options.method == "auto":
        auto = auto_label_model(votes, class_balance=balance, gold=gold, random_state=run_options.seed)
        fitted, choice, why = auto.model, auto.choice, auto.why
        if choice is None:
            why = _UNMEASURED
    else:
        known = gold if (gold >= 0).any() else None
        fitted = fit_label_model(options.method, votes, class_balance=balance, gold=known)
        choice, why = None, f"{options.method}, as asked for"
    beliefs = fitted.predict_proba(said.votes)
    plan = plan_of(said, beliefs, ask)
    notes = [*said.notes, *fitted.notes]
    end = np.empty(0)
    if end_model:
        try:
            end = train_end_model(said, beliefs, plan, embedder, run_options, model)
        except (NotApplicable, LabelError) as answer:
            notes.append(f"no end model: {answer}")
    scores = scores_of(said, beliefs, end)
    slices = slices_of(said, end if end.size else beliefs)
    return WeakFit(said, fitted, choice, why, beliefs, plan, end, scores, slices, tuple(dict.fromkeys(notes)))


def _named(model: Any) -> str:
    return model.__name__ if isinstance(model, type) else type(model).__name__


def weak_label(fit: WeakFit, options: WeakOptions | None = None) -> WeakLabels:
    """Write votes and labels to the ledger as decisions; the dataset's next snapshot holds the labels.

    Parameters
    ----------
    fit : WeakFit
    options : WeakOptions, optional

    Returns
    -------
    WeakLabels

    Raises
    ------
    SchemaError
        The data have no column of class labels.
    NotApplicable
        Labels of the end model are wanted and there is none.
    """
    options = options or WeakOptions()
    said = fit.said
    if options.model == "end" and not fit.end.size:
        raise NotApplicable("there is no end model", fix="fit it, or write the label model's labels")
    scores = fit.end if options.model == "end" else fit.beliefs
    if len(scores) != len(said.snapshot):
        raise AlignmentError("the fit belongs to other rows", found=f"{len(scores)} and {len(said.snapshot)}")
    best = np.sort(scores, axis=1)
    sure = (best[:, -1] >= options.threshold) & (best[:, -1] - best[:, -2] > 1e-9)
    if options.model == "label":
        sure &= said.votes.votes_per_item > 0
    chosen = scores.argmax(axis=1)
    labels = [said.classes[int(c)] if ok else None for c, ok in zip(chosen, sure, strict=True)]
    kind = "model trained on" if options.model == "end" else "votes of"
    because = f"{fit.model.method}: {kind} {said.votes.n_raters} rules"
    recorded = record_weak(
        said.dataset, said.votes, labels, because, include_test=options.include_test, relabel=options.relabel
    )
    return WeakLabels(fit, recorded)
