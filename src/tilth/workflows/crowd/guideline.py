"""A guideline to write, drafted from the disagreement: which classes are mixed up, on which items, by whom.

Raters disagree where the guideline is silent. The draft puts a question where the votes show a gap, with the items
to settle it on, and leaves the answer to people.
"""

from __future__ import annotations

from tilth.workflows.crowd.agree import Agreed
from tilth.workflows.crowd.agreement_tables import pair_items

__all__ = ["draft_guideline"]

_BLANK = "> _(answer here)_"


def _safe(text: object) -> str:
    """A name that cannot become markup."""
    plain = " ".join(str(text).split())[:120].replace("`", "'")
    return f"`{plain}`" if plain else "(empty)"


def draft_guideline(found: Agreed, *, most_pairs: int = 5, most_items: int = 10) -> str:
    """The draft as Markdown.

    Parameters
    ----------
    found : Agreed
    most_pairs, most_items : int
        How many confused pairs and split items to list.

    Returns
    -------
    str
    """
    votes = found.table.votes
    lines = [
        f"# Labelling guideline for {_safe(found.name)}: draft",
        "",
        f"Drafted from {votes.n_votes:,} votes of {votes.n_raters:,} raters on {votes.n_items:,} items. "
        f"Agreement now: {found.rule.why}.",
        "",
        "Settle each question with the raters, write the answer, label 50 to 100 items again, and measure again.",
        "",
    ]
    lines += _classes(found)
    lines += _pairs(found, most_pairs)
    lines += _items(found, most_items)
    lines += _raters(found)
    return "\n".join(lines).rstrip() + "\n"


def _classes(found: Agreed) -> list[str]:
    if found.classed is None or found.classes is None:
        return ["## The number", "", "What is measured, in which unit, and to which precision?", "", _BLANK, ""]
    lines = ["## Classes", ""]
    for index, name in enumerate(found.classed.classes[:60]):
        share = found.classes.agreement[index]
        seen = f"{int(found.classes.n_votes[index]):,} votes"
        agreed = f"; a second rater confirms it in {share:.0%} of cases" if share == share else ""
        lines += [
            f"### {_safe(name)}",
            "",
            f"{seen}{agreed}. What belongs here, in one sentence? What does not?",
            "",
            _BLANK,
            "",
        ]
    return lines


def _pairs(found: Agreed, most: int) -> list[str]:
    if found.confused is None or found.classed is None or not len(found.confused.first):
        return []
    lines = ["## Classes that raters mix up", ""]
    pairs = found.confused
    for index in range(min(most, len(pairs.first))):
        first, second = int(pairs.first[index]), int(pairs.second[index])
        a, b = _safe(found.classed.classes[first]), _safe(found.classed.classes[second])
        lines += [
            f"### {a} or {b}?",
            "",
            f"{pairs.share[index]:.0%} of all disagreement; {pairs.lift[index]:.2f} times what chance would give.",
            "What decides between them? What if both fit?",
            "",
            _BLANK,
            "",
            "Settle it on these items, and put them here as examples: "
            + ", ".join(_safe(item) for item in pair_items(found, first, second)),
            "",
        ]
    return lines


def _items(found: Agreed, most: int) -> list[str]:
    rows = found.findings.to_dicts()[:most]
    if not rows:
        return []
    lines = ["## Items that split the raters", "", "| item | votes | decision and reason |", "|---|---|---|"]
    for row in rows:
        said = row["why"].replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
        lines.append(f"| {_safe(row['row_id']).replace('|', chr(92) + '|')} | {said} | |")
    return [*lines, ""]


def _raters(found: Agreed) -> list[str]:
    if found.raters is None or found.classed is None:
        return []
    names = found.table.votes.rater_names
    constant = [
        _safe(names[i]) for i in range(len(names)) if found.raters.n_answers[i] == 1 and found.raters.n_votes[i] >= 5
    ]
    unsteady = [_safe(names[i]) for i in range(len(names)) if found.table.contradictions[i]]
    lines = []
    if constant and found.classed.n_classes > 1:
        lines += [f"- Always the same answer: {', '.join(constant[:10])}. Did they understand the task?"]
    if unsteady:
        lines += [f"- Answered the same item twice, differently: {', '.join(unsteady[:10])}. Ask what changed."]
    return ["## To ask the raters", "", *lines, ""] if lines else []
