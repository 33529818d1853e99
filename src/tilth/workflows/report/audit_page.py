"""From an audit to files that people open: the HTML report and the findings as CSV."""

from __future__ import annotations

import csv
import io
import platform
from importlib.metadata import version
from pathlib import Path

from tilth.engine.inputs import media_files
from tilth.records import Proof
from tilth.workflows.audit import Audit
from tilth.workflows.report.map import lay_out
from tilth.workflows.report.page import ReportData, write_report

__all__ = ["report_audit", "write_findings_csv"]


def report_audit(found: Audit, path: Path | None = None, *, proof: Proof | None = None) -> Path:
    """Write the HTML report of an audit; default: ``reports/NAME.html`` in the workspace.

    Parameters
    ----------
    found : Audit
    path : Path, optional
    proof : Proof, optional
        Shown in the report where there is one.

    Returns
    -------
    Path
        Absolute path of the report.
    """
    target = path or found.dataset.workspace / "reports" / f"{found.dataset.name}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    files = {
        column.name: source
        for medium in ("image", "audio")
        for column, source in zip(
            [c for c in found.snapshot.schema.inputs if c.media == medium],
            media_files(found.snapshot, medium),
            strict=True,
        )
    }
    data = ReportData(
        snapshot=found.snapshot,
        findings=found.findings,
        outcomes=found.outcomes,
        quality=found.quality,
        actions=found.actions,
        proof=proof,
        notes=found.notes,
        meta={
            "dataset": found.dataset.name,
            "seed": str(found.seed),
            "tilth": version("tilth"),
            "python": platform.python_version(),
            "numpy": version("numpy"),
            "scikit-learn": version("scikit-learn"),
            "command": f"tilth audit {found.dataset.name}",
        },
        media=(lambda row, column: files[column][row]) if files else None,
        map=lay_out(found.snapshot, found.map_vectors, found.seed),
    )
    return write_report(data, target).resolve()


def write_findings_csv(found: Audit, path: Path) -> None:
    """All findings as CSV: the columns of the findings table, related rows joined by spaces."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["row_id", "issue", "score", "flagged", "suggestion", "why", "related"])
    for findings in found.findings.values():
        for row in findings.to_dicts():
            writer.writerow(
                [
                    row["row_id"],
                    row["issue"],
                    f"{row['score']:.6f}",
                    str(row["flagged"]).lower(),
                    row["suggestion"] or "",
                    row["why"],
                    " ".join(row["related"]),
                ]
            )
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_text(buffer.getvalue(), encoding="utf-8", newline="")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
