"""What to do first, and why: sentences from findings, the most valuable first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tilth.records import Findings, Outcome, Snapshot

__all__ = ["advise"]


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def advise(snapshot: Snapshot, findings: Mapping[str, Findings], failed: Sequence[Outcome] = ()) -> tuple[str, ...]:
    """Sentences on what to do, ordered by how much harm the issue does to training and testing.

    Checks that failed come first, since what they look for is not known. Then unreadable rows, since nothing else
    sees them; then duplicates that straddle train and test, since they make every later figure wrong; then wrong
    labels, conflicting duplicates, outliers, imbalance and missing values. Any other part's flagged rows follow.
    """
    said: list[str] = []
    for outcome in failed:
        reason = outcome.reason.strip().splitlines()[-1] if outcome.reason.strip() else "no reason given"
        said.append(f"Mend the check {outcome.part}, which failed, so that nothing is known of it: {reason}")
    n = max(len(snapshot), 1)

    def flagged(name: str) -> int:
        return findings[name].n_flagged if name in findings else 0

    if unreadable := flagged("unreadable"):
        said.append(f"Restore or drop {_count(unreadable, 'unreadable file')}: nothing else could look at them.")
    duplicates = findings["near_duplicate"].summary if "near_duplicate" in findings else {}
    if straddling := int(duplicates.get("straddling_splits", 0)):
        said.append(
            f"Remove {_count(straddling, 'group')} of duplicates that straddle train and test before you trust any "
            "test score: the test set is partly the training set."
        )
    if wrong := flagged("label_error"):
        said.append(
            f"Review {_count(wrong, 'suspect label')} ({wrong / n:.1%} of the rows), worst first: "
            + _worst_pair(findings["label_error"], snapshot)
            + _how_many(findings["label_error"])
        )
    if conflicting := int(duplicates.get("conflicting_labels", 0)):
        said.append(f"Settle {_count(conflicting, 'group')} of duplicates whose labels contradict each other.")
    if copies := int(duplicates.get("surplus_rows", flagged("near_duplicate"))):
        said.append(f"Drop or keep on purpose the surplus copies of other rows: {_count(copies, 'row')}.")
    if strange := flagged("outlier"):
        said.append(f"Look at {_count(strange, 'outlier')}: rows unlike all others are often foreign or broken.")
    if rare := flagged("class_imbalance"):
        said.append(f"Collect more of the rare classes, which hold {_count(rare, 'row')}.")
    if gaps := flagged("missing_values"):
        said.append(f"Fill or drop {_count(gaps, 'row')} with missing values.")
    if flagged("underperforming_group"):
        groups = findings["underperforming_group"].summary["weak_groups"]
        said.append(
            f"Collect rows like those of {_count(len(groups), 'weak group')}: the model is right on "
            f"{min(group['accuracy'] for group in groups):.0%} of the worst one."
        )
    if flagged("non_iid"):
        said.append("Shuffle the rows before you split or sample by position: alike rows stand together in the file.")
    known = {"unreadable", "near_duplicate", "label_error", "outlier", "class_imbalance", "missing_values"}
    known |= {"non_iid", "underperforming_group"}
    said += [
        f"Look at {_count(found.n_flagged, 'row')} flagged by {name}."
        for name, found in findings.items()
        if name not in known and found.n_flagged
    ]
    return tuple(said) or ("Nothing stands out: no check flagged a row.",)


def _how_many(found: Findings) -> str:
    """The estimated number of label errors with its interval, where it was made."""
    counted = found.summary.get("error_count")
    if not counted:
        return ""
    low, high = counted["low"], counted["high"]
    about = counted["estimate"]
    verb = "label is" if about == 1 else "labels are"
    return f" About {about:,} {verb} wrong (95% interval {low:,} to {high:,})."


def _worst_pair(found: Findings, snapshot: Snapshot) -> str:
    """The class pair that is confused most among the flagged rows."""
    rows = found.flagged().table
    if not rows.num_rows:
        return ""
    names = dict(zip(snapshot.row_ids, snapshot.labels, strict=True))
    given = [snapshot.classes[names[row]] for row in rows.column("row_id").to_pylist()]
    pairs = Counter(zip(given, rows.column("suggestion").to_pylist(), strict=True))
    (old, new), n = min(pairs.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return f"{old!r} looks like {new!r} {'once' if n == 1 else f'{n} times'}."
