"""The command line: one thin command a verb.

Results go to standard output; bars, notes and errors go to standard error. Exit codes: 0 done, 1 a part
failed, 2 bad input or usage, 3 a proof says that the change hurt, 130 stopped.
"""

from __future__ import annotations

# importing them registers their commands, in this order
from tilth.cli import improve, ledger, about  # noqa: F401, I001
from tilth.cli.options import app

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="tilth")
