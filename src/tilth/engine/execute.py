"""Run parts one after the other, each to exactly one outcome."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tilth.engine.resolve import Resolver
from tilth.errors import Cancelled, NotApplicable, TilthError
from tilth.plugin import COSTS, Detector
from tilth.records import Findings, Outcome

__all__ = ["Execution", "run_detectors"]


@dataclass(frozen=True)
class Execution:
    """What came of running parts.

    Parameters
    ----------
    findings : dict of part name to Findings
        Only of the parts that ran.
    outcomes : tuple of Outcome
        One for each requested part, in the order asked.
    """

    findings: dict[str, Findings]
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The outcomes of parts that failed."""
        return tuple(outcome for outcome in self.outcomes if outcome.outcome == "failed")


def run_detectors(resolver: Resolver, parts: Sequence[Detector], *, max_cost: str = "model") -> Execution:
    """Run detectors on one snapshot.

    Parameters
    ----------
    resolver : Resolver
    parts : sequence of Detector
    max_cost : {"instant", "cheap", "model", "network"}
        Parts that cost more are skipped, and said to be.

    Returns
    -------
    Execution

    Raises
    ------
    Cancelled
        The user stopped the work. Finished evidence stays in the store.
    """
    findings: dict[str, Findings] = {}
    outcomes: list[Outcome] = []
    for part in parts:
        start = time.perf_counter()
        outcome, reason = "ran", ""
        if COSTS.index(part.cost) > COSTS.index(max_cost):
            outcome, reason = "skipped", f"it costs {part.cost}, more than {max_cost}"
        else:
            try:
                with resolver.run.step(part.name) as run:
                    view = resolver.view(part.needs, part.wants)
                    found = part.detect(view, run)
                findings[part.name] = replace(found, snapshot_id=resolver.snapshot.id, maker=part.spec())
            except NotApplicable as answer:
                outcome, reason = "not applicable", str(answer)
            except Cancelled:
                raise
            except TilthError as error:
                outcome, reason = "failed", f"{type(error).__name__}: {error}"
            except Exception:  # noqa: BLE001 - a part may break in any way; its traceback is its outcome
                outcome, reason = "failed", traceback.format_exc()
        outcomes.append(Outcome(part.name, outcome, reason, round(time.perf_counter() - start, 3)))
    return Execution(findings, tuple(outcomes))
