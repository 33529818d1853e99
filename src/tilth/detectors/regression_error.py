"""Numeric labels that are probably wrong, as cross-fitted predictions see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.targets.regression import find_regression_errors
from tilth.plugin import Detector, Example, Run, View
from tilth.records import Column, Evidence, Findings, Schema

__all__ = ["RegressionError"]


@dataclass(frozen=True)
class RegressionError(Detector):
    """Find numbers in the label column that lie too far from what the other rows let expect.

    Models predict every row without its own label; the residual is divided by the spread to be expected of the
    row. The score is |z| / (|z| + cut), so 0.5 is the cut, from which rows are flagged. Rows without a number are
    left out. See `tilth.find_regression_errors`.

    Parameters
    ----------
    fdr : float
        Share of wrong alarms among the flagged rows that is tolerated if the noise is normal, in (0, 1).

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> found = RegressionError().detect(RegressionError.example().given, Run()).flagged().to_dicts()
    >>> [(row["row_id"], row["why"]) for row in found]
    [('r3', 'price is 900, expected 100 ± 5 from the other rows: 160.0 spreads too high')]
    """

    fdr: float = 0.05

    needs: ClassVar[tuple[str, ...]] = ("rows", "predictions")
    cost: ClassVar[str] = "model"

    def __post_init__(self) -> None:
        if not 0 < self.fdr < 1:
            raise ParameterError("must lie between 0 and 1", where="fdr", found=repr(self.fdr))

    def detect(self, view: View, run: Run) -> Findings:
        """Findings about every row with a number."""
        name = view.schema.label
        if not name or view.table is None or view.schema.column(name).media != "number":
            raise NotApplicable("the label is not a number")
        values = view.evidence_of("predictions").require_out_of_sample().values
        given = np.asarray(view.table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False))
        rows = np.flatnonzero(np.isfinite(given) & (values[:, 1] > 0))
        if not len(rows):
            raise NotApplicable("no row has a number")
        y, expected, spread = given[rows], values[rows, 0], values[rows, 1]
        found = find_regression_errors(y, expected, uncertainty=spread, fdr=self.fdr)
        run.check()
        why = [""] * len(rows)
        for place in np.flatnonzero(found.issues):
            side = "high" if found.z[place] > 0 else "low"
            why[place] = (
                f"{name} is {y[place]:.6g}, expected {expected[place]:.6g} ± {spread[place]:.3g} from the other rows: "
                f"{abs(found.z[place]):.1f} spreads too {side}"
            )
        residual = y - expected
        total = float(((y - y.mean()) ** 2).sum())
        return Findings.build(
            self.name or "regression_error",
            view.row_ids[rows],
            found.scores,
            found.issues,
            why,
            threshold=0.5,
            summary={
                "labelled": len(rows),
                "flagged": int(found.issues.sum()),
                "cut_in_spreads": round(found.cut, 3),
                "median_absolute_residual": float(np.median(np.abs(residual))),
                "r2_out_of_sample": round(1 - float((residual**2).sum()) / total, 4) if total > 0 else None,
            },
        )

    @classmethod
    def example(cls) -> Example:
        """Six prices; one has a digit too many."""
        ids = np.array([f"r{i}" for i in range(6)], dtype=object)
        price = [98.0, 103.0, 99.0, 900.0, None, 104.0]
        values = np.column_stack([np.full(6, 100.0), np.full(6, 5.0)])
        evidence = Evidence("predictions", "", ids, values, out_of_sample=True)
        view = View(
            ids,
            ids,
            np.full(6, -1),
            table=pa.table({"row_id": ids.tolist(), "price": pa.array(price, pa.float64())}),
            schema=Schema((Column("price", "label", "number"),)),
            evidence={"predictions": evidence},
        )

        def check(found: Findings) -> str:
            rows = [row["row_id"] for row in found.flagged().to_dicts()]
            return "" if rows == ["r3"] else f"flagged {rows}, expected ['r3']"

        return Example(view, check, "A number far from what is expected of its row is flagged.")
