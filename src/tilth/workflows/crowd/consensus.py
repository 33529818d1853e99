"""``consensus``: from many votes to one label an item, by the method that is shown to work on these votes.

Every label model on the shelf is fitted and printed beside majority vote. Without another word the labels are
majority's, unless a method is significantly better: on gold labels where there are enough, else at foretelling
votes that it did not see. Votes and labels enter the ledger as decisions, so that ``log``, ``prove`` and ``undo``
know them.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine import Resolver, ResolverOptions
from tilth.errors import Cancelled, NotApplicable, TilthError
from tilth.numerics.consensus.ask import AskNext, ask_next
from tilth.numerics.consensus.choice import Choice, choose_consensus, choose_numeric
from tilth.numerics.consensus.held_out import shrunk_confusions
from tilth.numerics.consensus.majority import NumericConsensus, majority_vote, numeric_consensus
from tilth.numerics.consensus.raters import RaterReport, rater_report
from tilth.numerics.consensus.result import Consensus
from tilth.numerics.consensus.votes import Votes
from tilth.plugin import Run, Shelf
from tilth.records import Decision, Findings, Outcome, Snapshot, apply
from tilth.sources import write_rows
from tilth.workflows.crowd.consensus_ledger import (
    class_words,
    dataset_of_items,
    find_dataset,
    record,
)
from tilth.workflows.crowd.consensus_tables import claim_folder, items_name, write_files
from tilth.workflows.crowd.rule_votes import read_any_votes
from tilth.workflows.crowd.settled import ConsensusOptions, Settled
from tilth.workflows.crowd.votes import VoteOptions, VoteTable
from tilth.workflows.models import model_identity
from tilth.workflows.predictions import read_probabilities, refuse_in_sample
from tilth.workflows.project import Dataset, RunOptions, opened

__all__ = ["ConsensusOptions", "Settled", "consensus", "publish_consensus"]

#: Beyond so many votes, slow methods run only where they are asked for.
MANY_VOTES = 2_000_000

Given = dict[str, npt.NDArray[Any]]

_NOT_RECORDED = "labels from votes of rules are not written to the ledger here: tilth weak label does that"


def consensus(
    target: Any,
    votes: VoteOptions | None = None,
    options: ConsensusOptions | None = None,
    *,
    name: str = "",
    run_options: RunOptions | None = None,
) -> Settled:
    """Settle one label an item from many votes.

    Parameters
    ----------
    target : str, Path or table
        Votes, as for `agree`; in-memory tables need `name`.
    votes : VoteOptions, optional
    options : ConsensusOptions, optional
    name : str
    run_options : RunOptions, optional

    Returns
    -------
    Settled

    Raises
    ------
    LabelError
        No votes, one class only, or a label that cannot be used.
    PartError
        An unknown method.
    NotApplicable
        The method asked for does not apply to these votes.
    ParameterError
        Files are in the way.
    """
    options, run_options = options or ConsensusOptions(), run_options or RunOptions()
    if options.method:
        Shelf("label_models").get(options.method)
    name = name or (Path(target).name if isinstance(target, (str, Path)) else "votes")
    table, ruled = read_any_votes(target, votes, options.workspace)
    folder = claim_folder(target, name, options)
    options = _on_rules(options, ruled)
    simple = simple_labels(table.votes)
    notes = [*table.notes, *([_NOT_RECORDED] if ruled is not None else [])]
    if options.dataset is not None:
        dataset, snapshot, more = find_dataset(options.dataset, table.votes, options.workspace, run_options)
        notes += more
    else:
        values = simple if not table.votes.numeric else [None if v is None else float(v) for v in simple]
        dataset, snapshot = dataset_of_items(table, values, folder / items_name(name), options.workspace, run_options)
    with opened(dataset) as store:
        run = run_options.run("consensus", store)
        given, why_not = _probabilities(table.votes, snapshot, options, run)
        fitted, outcomes = _fit_all(table.votes, given, why_not, run, options.method)
    choice = _compare(table, fitted, given, run, notes)
    method = _pick(options.method, table.votes, fitted, outcomes, choice, notes)
    labels = _labels_of(fitted[method], table.votes)
    raters, ask, findings = _reports(table.votes, fitted[method], labels)
    recorded = None
    if options.record:
        reasons = _reasons(method, fitted[method], table.votes)
        recorded = record(dataset, table.votes, labels, reasons, include_test=options.include_test, source=name)
        if recorded.spared:
            notes.append(f"{recorded.spared:,} labels of the test part are left alone (--include-test changes them)")
    settled = Settled(
        name, table, fitted, outcomes, choice, method, labels, raters, ask, findings, recorded, dataset, folder,
        notes=tuple(notes),
    )  # fmt: skip
    return write_files(settled, options)


def _on_rules(options: ConsensusOptions, ruled: Dataset | None) -> ConsensusOptions:
    """Options for votes of rules: about the rows that they voted on; `weak label` alone records labels by rules."""
    if ruled is None:
        return options
    return replace(options, dataset=ruled if options.dataset is None else options.dataset, record=False)


def simple_labels(votes: Votes) -> list[str | None]:
    """Majority vote, or for numbers the mean, of each item; None without votes."""
    seen = votes.votes_per_item > 0
    if votes.numeric:
        mean = numeric_consensus(votes, cutoff=1e12).values
        return [repr(float(v)) if s else None for v, s in zip(mean, seen, strict=True)]
    words = class_words(votes)
    chosen = majority_vote(votes).labels
    return [words[int(c)] if s else None for c, s in zip(chosen, seen, strict=True)]


def _probabilities(votes: Votes, snapshot: Snapshot, options: ConsensusOptions, run: Run) -> tuple[Given, str]:
    """Class probabilities of the items by a model cross-fitted on majority labels; or why there are none."""
    if votes.numeric or (options.method and options.method != "crowdlab" and options.probs is None):
        return {}, "no class probabilities were made: another method was asked for"
    words = class_words(votes)
    labelled = _with_labels(snapshot, votes, _training_labels(votes, run.rng))
    called, key = model_identity(options.model, options.model_name)
    chosen = ResolverOptions(embedder=options.embedder, model=options.model, model_name=called, model_key=key)
    resolver = Resolver(labelled, run, chosen)  # type: ignore[arg-type]
    try:
        if options.probs is not None:
            evidence = read_probabilities(options.probs, labelled)
            if labelled.schema.inputs:
                evidence = refuse_in_sample(evidence, resolver)
        elif not labelled.schema.inputs:
            raise NotApplicable("the items have no inputs to train a model on (give --dataset or --probs)")
        else:
            evidence = resolver.get("probs")
    except NotApplicable as answer:
        return {}, str(answer)
    place = {name: column for column, name in enumerate(evidence.classes)}
    probs = np.full((votes.n_items, votes.n_classes), 1e-6)
    rows = {str(row): at for at, row in enumerate(evidence.row_ids.tolist())}
    for item, name in enumerate(votes.item_names.tolist()):
        at = rows.get(str(name))
        if at is None:
            continue
        for column, word in enumerate(words):
            if word in place:
                probs[item, column] += float(evidence.values[at, place[word]])
    return {"probs": probs / probs.sum(axis=1, keepdims=True)}, ""


def _training_labels(votes: Votes, rng: np.random.Generator) -> list[str | None]:
    """Majority labels with ties broken at random: a rule that favours the commoner class would be learnt as a truth."""
    counts = votes.count_table()
    chosen = (counts + rng.random(counts.shape)).argmax(axis=1)
    words = class_words(votes)
    return [words[int(c)] if n else None for c, n in zip(chosen, votes.votes_per_item, strict=True)]


def _with_labels(snapshot: Snapshot, votes: Votes, simple: Sequence[str | None]) -> Snapshot:
    """The snapshot with other labels; nothing is stored."""
    known = set(snapshot.row_ids.tolist())
    decisions = [Decision("policy:majority", "now", "accept", (), f"class:{word}") for word in class_words(votes)]
    decisions += [
        Decision("policy:majority", "now", "relabel", (str(name),), label)
        for name, label in zip(votes.item_names.tolist(), simple, strict=True)
        if label is not None and str(name) in known
    ]
    return apply(snapshot, decisions)


def _fit_all(
    votes: Votes, given: Given, why_not: str, run: Any, asked: str
) -> tuple[dict[str, Any], tuple[Outcome, ...]]:
    """Every label model for crowds, and the one asked for, to exactly one outcome."""
    fitted: dict[str, Any] = {}
    outcomes: list[Outcome] = []
    for part in (cls() for cls in Shelf("label_models") if cls.default or cls.name == asked):
        start = time.perf_counter()
        outcome, reason = "ran", ""
        if votes.n_votes > MANY_VOTES and part.cost not in ("instant", "cheap") and part.name != asked:
            reason = f"slow on {votes.n_votes:,} votes; ask for it with --method {part.name}"
            outcomes.append(Outcome(part.name, "skipped", reason))
            continue
        try:
            missing = [kind for kind in part.needs if kind not in given]
            if missing and not votes.numeric:
                raise NotApplicable(
                    why_not if missing == ["probs"] else f"it needs {missing[0]}, which votes do not have"
                )
            with run.step(part.name) as step:
                fitted[part.name] = part.fit(votes, votes.n_classes, step, given=given)
        except NotApplicable as answer:
            outcome, reason = "not applicable", str(answer)
        except Cancelled:
            raise
        except TilthError as error:
            outcome, reason = "failed", f"{type(error).__name__}: {error}"
        except Exception:  # noqa: BLE001 - a part may break in any way; its traceback is its outcome
            outcome, reason = "failed", traceback.format_exc()
        outcomes.append(Outcome(part.name, outcome, reason, round(time.perf_counter() - start, 3)))
    if votes.numeric:
        fitted["mean"] = numeric_consensus(votes, cutoff=1e12)
    return fitted, tuple(outcomes)


def _compare(table: VoteTable, fitted: Mapping[str, Any], given: Given, run: Run, notes: list[str]) -> Choice | None:
    votes = table.votes
    shelf = Shelf("label_models")

    def fit_of(name: str) -> Callable[[Votes], Consensus]:
        part = shelf.make(name)

        def fit(some: Votes) -> Consensus:
            made: Consensus = part.fit(some, votes.n_classes, run.child(name), given=given)
            return made

        return fit

    try:
        if votes.numeric:
            return choose_numeric(votes, random_state=run.seed)
        fits = {name: fit_of(name) for name in fitted if name != "majority"}
        gold = table.gold if table.gold.size else None
        choice = choose_consensus(votes, fits, gold=gold, random_state=run.seed)
    except NotApplicable as answer:
        notes.append(f"methods cannot be compared: {answer}")
        return None
    notes += choice.notes
    return choice


def _pick(
    asked: str,
    votes: Votes,
    fitted: Mapping[str, Any],
    outcomes: Sequence[Outcome],
    choice: Choice | None,
    notes: list[str],
) -> str:
    """The method whose labels are taken."""
    trivial = "mean" if votes.numeric else "majority"
    if not asked:
        return choice.recommended if choice is not None else trivial
    if asked not in fitted:
        reason = next((o.reason for o in outcomes if o.part == asked), "")
        raise NotApplicable(f"{asked} does not apply to these votes", found=reason, fix="leave --method out")
    worse = [c for c in choice.contenders if c.name == asked and not c.better] if choice is not None else []
    if worse:
        notes.append(f"{asked} was asked for; it is not shown to be better than {trivial} here")
    return asked


def _labels_of(found: Any, votes: Votes) -> tuple[str | None, ...]:
    seen = votes.votes_per_item > 0
    if isinstance(found, NumericConsensus):
        return tuple(repr(float(v)) if s else None for v, s in zip(found.values, seen, strict=True))
    words = class_words(votes)
    return tuple(words[int(c)] if s else None for c, s in zip(found.labels, seen, strict=True))


def _reasons(method: str, found: Any, votes: Votes) -> list[str]:
    n = votes.votes_per_item.tolist()
    if isinstance(found, NumericConsensus):
        return [f"{method} of {count} votes" for count in n]
    return [f"{method} of {count} votes: {sure:.3f}" for count, sure in zip(n, found.confidence.tolist(), strict=True)]


def _reports(
    votes: Votes, found: Any, labels: Sequence[str | None]
) -> tuple[RaterReport | None, AskNext | None, Findings]:
    """Raters, whom to ask next, and the items as findings, least sure first."""
    names = [str(name) for name in votes.item_names.tolist()]
    n = votes.votes_per_item
    if isinstance(found, NumericConsensus):
        error = np.nan_to_num(found.standard_errors, nan=np.inf)
        usual = max(float(np.median(error[n > 0])), 1e-300)
        score = np.where(np.isfinite(error), error / (error + usual), 1.0)
        order = np.argsort(-score, kind="stable")
        why = [f"standard error {error[i]:.3g} from {n[i]} votes; {usual:.3g} is usual" for i in order]
        flags = score[order] > 2 / 3
        return None, None, Findings.build("low_confidence", [names[i] for i in order], score[order], flags, why)
    best = np.argsort(-found.quality, kind="stable")[: max(3, 40_000_000 // max(votes.n_items, 1))]
    careful = replace(found, confusions=shrunk_confusions(votes, found.beliefs))
    ask = ask_next(votes, careful, raters=None if best.size == votes.n_raters else best)
    confidence = found.confidence
    value, who = np.zeros(votes.n_items), np.full(votes.n_items, -1, dtype=np.int64)
    value[ask.items], who[ask.items] = ask.values, ask.raters
    order = np.lexsort((np.arange(votes.n_items), confidence))
    raters = votes.rater_names.tolist()
    why = []
    for item in order.tolist():
        told = (
            f"{labels[item]} is believed at {confidence[item]:.2f} from {n[item]} votes" if n[item] else "no votes yet"
        )
        asked = f"; a vote of {raters[who[item]]} is worth {value[item]:.2f} bits" if who[item] >= 0 else ""
        why.append(told + asked)
    score = np.clip(1 - confidence[order], 0.0, 1.0)
    flags = (confidence[order] < 0.9) & (value[order] >= 0.05) | (n[order] == 0)
    suggestion = [labels[i] for i in order.tolist()]
    rows = [names[i] for i in order.tolist()]
    return (
        rater_report(votes, found),
        ask,
        Findings.build("low_confidence", rows, score, flags, why, suggestion=suggestion),
    )


def publish_consensus(made: Settled, *, report: Path | None = None, csv: Path | None = None, seed: int = 0) -> Path:
    """Write the page, by default ``consensus.html`` in the folder of the files, and the methods as CSV where asked."""
    from tilth.workflows.crowd.consensus_page import report_consensus
    from tilth.workflows.crowd.consensus_tables import methods_table

    if csv is not None:
        write_rows(methods_table(made), csv)
    return report_consensus(made, report or made.folder / "consensus.html", seed=seed)
