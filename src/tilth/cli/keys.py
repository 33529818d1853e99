"""Labelling in the terminal: one key a row."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tilth.cli import terminal
from tilth.errors import ConflictError, LabelError

if TYPE_CHECKING:
    from tilth.workflows.active.label import Labelling
    from tilth.workflows.active.queue import QueueRow

#: More columns than this stand in one paragraph.
MANY = 8
_ENDS = ("", "\x03", "\x04", "\x1b")


@contextmanager
def _single_keys() -> Iterator[None]:
    """Keys arrive one by one, without Enter; the terminal is as before afterwards."""
    if not sys.stdin.isatty() or os.name != "posix":
        yield
        return
    import termios
    import tty

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    tty.setcbreak(fd)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _read_key() -> str:
    """One character; of several bytes where the terminal sends one."""
    if not sys.stdin.isatty():
        key = sys.stdin.read(1)
        while key in ("\n", "\r"):
            key = sys.stdin.read(1)
        return key
    data = os.read(sys.stdin.fileno(), 1)
    while data and len(data) < 4:
        try:
            return data.decode()
        except UnicodeDecodeError:
            data += os.read(sys.stdin.fileno(), 1)
    return data.decode("utf-8", "replace")


def _read_line(prompt: str) -> str:
    """A line, with echo and backspace; empty where it was given up."""
    err = sys.stderr
    err.write(prompt)
    err.flush()
    text = ""
    while True:
        key = _read_line_key()
        if key in ("\n", "\r"):
            break
        if key in _ENDS:
            text = ""
            break
        text = text[:-1] if key in ("\x7f", "\b") else text + key
        if sys.stdin.isatty():
            err.write(f"\r{prompt}{text} \b")
            err.flush()
    err.write("\n")
    return text


def _read_line_key() -> str:
    return _read_key() if sys.stdin.isatty() else sys.stdin.read(1)


def _show(session: Labelling, row: QueueRow) -> None:
    from rich.markup import escape
    from rich.text import Text

    out = terminal.err()
    done = session.total - session.left + 1
    out.print()
    out.print(Text(f"{done} of {session.total}  row {row.row_id}", style="bold"))
    cells = [(name, _visible(value)) for name, value in row.inputs.items()]
    if len(cells) > MANY:
        out.print(Text("  " + "  ".join(f"{name}={value}" for name, value in cells)))
    else:
        for name, value in cells:
            out.print(Text(f"  {name}: ", style="dim"), Text(value), sep="")
    if row.given:
        out.print(f"  has the label {escape(row.given)}", style="yellow")
    out.print(Text(f"  why: {_visible(row.why)}", style="dim"))
    keys = [f"{key} {name}" for key, name in session.keys().items()]
    more = len(session.classes) - len(keys)
    said = "   ".join([*map(_visible, keys), *([f"= and {more} more by name"] if more > 0 else [])])
    out.print(Text(said or "no classes yet: press + to name one"))
    enter = f"Enter {row.suggestion}   " if row.suggestion in session.classes and row.suggestion else ""
    out.print(Text(f"{enter}. skip   ? unsure   ! drop   < back   + new class   = by name   q stop", style="dim"))


def _visible(value: Any) -> str:
    """Text without control characters, which could drive the terminal."""
    return "".join(c if c.isprintable() else " " for c in str(value if value is not None else ""))[:2000]


def talk(session: Labelling) -> None:
    """Show rows and read keys until the rows or the person's patience end."""
    with _single_keys():
        while (row := session.current) is not None:
            _show(session, row)
            if not _step(session, row):
                return


def _step(session: Labelling, row: QueueRow) -> bool:
    """Read keys until one of them answers the row; False to stop."""
    while True:
        sys.stderr.write("> ")
        sys.stderr.flush()
        key = _read_key()
        if key in _ENDS or key == "q":
            return False
        sys.stderr.write(f"{_visible(key)}\n")
        try:
            if _answer(session, row, key):
                return True
        except (LabelError, ConflictError) as error:
            terminal.fail(str(error))


def _answer(session: Labelling, row: QueueRow, key: str) -> bool:
    """Do what a key means; False where another key is needed."""
    classes = session.keys()
    if key in classes:
        session.give(classes[key])
    elif key in "\r\n" and row.suggestion in session.classes:
        session.give(row.suggestion)
    elif key in ".?!":
        session.act({".": "skip", "?": "unsure", "!": "drop"}[key])
    elif key == "<":
        if not session.back():
            terminal.fail("there is no answer to take back")
            return False
    elif key == "+":
        name = _read_line("new class: ")
        if not name.strip():
            return False
        session.declare(name)
        session.give(name.strip())
    elif key == "=":
        session.give(session.match(_read_line("class: ").strip()))
    else:
        terminal.fail(f"the key {key!r} means nothing here")
        return False
    return True
