"""``augment --search`` on a terminal and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tilth.cli import terminal
from tilth.errors import LeakError

if TYPE_CHECKING:
    from tilth.workflows.augment.search import AugmentationSearch
    from tilth.workflows.project import RunOptions

__all__ = ["search_first", "show_search"]


def search_first(
    target: Any,
    budget: str,
    times: int,
    part: str,
    model: dict[str, Any],
    chosen: dict[str, Any],
    options: RunOptions,
) -> AugmentationSearch:
    """The search that stands before an augmentation, with what the command was told."""
    from tilth.workflows.augment.search import SearchSettings, search_augmentation

    if part != "train":
        raise LeakError(f"a search never sees the {part} part", fix="leave out --part")
    more = {key: value for key, value in chosen.items() if key not in ("part", "limits")}
    return search_augmentation(
        target, budget=budget, settings=SearchSettings(times=times), **model, **more, options=options
    )


def show_search(found: AugmentationSearch, save: Path | None, *, as_json: bool, quiet: bool) -> None:
    """The return of each operation, the policies that came furthest, and the verdict; writes the policy file."""
    from tilth.workflows.augment.policies import policy_to_yaml, save_policy

    if save is not None and found.policy is not None:
        save_policy(found.policy, save)
    if as_json:
        terminal.print_json({"verb": "augment", "summary": found.to_dict()})
        return
    out = terminal.out()
    columns: list[Any] = [(name, "left") for name in found.COLUMNS]
    out.print(terminal.table("Return of each operation by itself", columns, found.table()))
    ranked = [
        (name, str(repeats), f"{gain:+.3f}", "best" if name == found.choice.best else "")
        for name, repeats, gain in found.candidates[:8]
    ]
    if ranked:
        columns = [("policy", "left"), ("repeats", "right"), (f"{found.metric} gained", "right"), ("", "left")]
        out.print(terminal.table("Policies", columns, ranked))
        if any(gain > found.candidates[0][2] for _, _, gain in found.candidates):
            out.print(
                "The best is chosen by the metric and the probability of the right class together; a policy with a "
                "higher gain lost by that, or was dropped after fewer repeats.",
                markup=False,
            )
    out.print(f"\nWithout: {found.baseline:.3f}; every row repeated unchanged: {found.placebo:.3f}", markup=False)
    out.print(found.verdict[0].upper() + found.verdict[1:] + ".", markup=False, style="bold")
    if found.policy is not None:
        out.print(f"\n{policy_to_yaml(found.policy)}", markup=False)
    if save is not None:
        out.print(f"Policy: {save}" if found.policy is not None else "No policy file was written.", markup=False)
    terminal.notes([*found.notes, f"{found.trials} trials, {found.resumed} of them from an earlier search"], quiet)
