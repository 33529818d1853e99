"""The command line: one thin command a verb.

Results go to standard output; bars, notes and errors go to standard error. Exit codes: 0 done, 1 a part
failed, 2 bad input or usage, 3 a proof says that the change hurt, 130 stopped.
"""

from __future__ import annotations

from importlib import import_module

from tilth.cli.options import app

__all__ = ["app", "main"]

# importing a module registers its commands; `tilth --help` lists them in this order
for module in ("improve", "augment", "review", "active", "crowd", "weak", "ledger", "about"):
    import_module(f"tilth.cli.{module}")


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="tilth")
