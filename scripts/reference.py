"""Write docs/commands.md and docs/checks.md from the code: `make docs`. A test checks that they are up to date."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {
    "detectors": (
        "Checks",
        "What `tilth audit` looks for: `--issue NAME` runs one, `--set NAME.param=value` sets a parameter.",
    ),
    "sources": ("Sources", "What tilth reads. The right one is chosen by the file, folder or object that you give."),
    "embedders": (
        "Embedders",
        "Items to vectors. The default of each medium needs no download; `--embedder` names another.",
    ),
    "label_models": ("Label models", "Votes of people or rules to beliefs; see `tilth consensus --method`."),
    "labelers": ("Labelers", "Rows to votes; see `tilth weak`."),
    "generators": ("Generators", "New rows from rows, as steps of a policy; see `tilth augment --policy`."),
    "strategies": ("Strategies", "Which rows to label next; see `tilth select --strategy`."),
}


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _sections(doc: str) -> tuple[str, dict[str, str]]:
    """The prose before the first numpydoc section, and the parameters' descriptions by name."""
    lines = inspect.cleandoc(doc).splitlines()
    marks = [i for i, line in enumerate(lines) if re.fullmatch(r"-{3,}", line)]
    prose = "\n".join(lines[: marks[0] - 1] if marks else lines).strip()
    described: dict[str, str] = {}
    for at, mark in enumerate(marks):
        if lines[mark - 1] != "Parameters":
            continue
        end = marks[at + 1] - 1 if at + 1 < len(marks) else len(lines)
        name = ""
        for line in lines[mark + 1 : end]:
            if line and not line.startswith(" "):
                name = line.split(" : ")[0].strip()
                described[name] = ""
            elif name:
                described[name] += " " + line.strip()
    return prose, described


def _part(cls: type[Any]) -> str:
    prose, described = _sections(cls.__doc__ or "")
    facts = [f"needs {', '.join(cls.needs)}"] if cls.needs else []
    facts += [f"changes {cls.medium}"] if getattr(cls, "medium", "") else []
    facts += [f"accepts {', '.join(cls.accepts)}"] if cls.accepts else []
    facts += ["runs by default" if cls.default else "runs when named"] if cls.room == "detectors" else []
    facts += [f"extra `{cls.extra}`"] if cls.extra else []
    out = [f"### {cls.name}", "", re.sub(r"\n(?!\n)", " ", prose.replace("\n\n", "\0")).replace("\0", "\n\n")]
    out[2] = re.sub(r"\s*\[\d+\]_", "", re.sub(r"(?<=\S) {2,}", " ", out[2])).replace("``", "`")
    if facts:
        out += ["", f"*{'; '.join(facts).capitalize()}.*"]
    fields = dataclasses.fields(cls)
    if fields:
        out += ["", "| parameter | default | meaning |", "|---|---|---|"]
        for field in fields:
            default = "required" if field.default is dataclasses.MISSING else f"`{field.default!r}`"
            meaning = _plain(described.get(field.name, "")).replace("``", "`").replace("|", "\\|")
            out.append(f"| `{field.name}` | {default} | {meaning} |")
    return "\n".join(out)


def checks() -> str:
    """The page of all parts."""
    from tilth.plugin import Shelf

    out = [
        "# Checks and other parts",
        "",
        "Written from the code by `make docs`. Every part is one file in its room; see",
    ]
    out += ["[CONTRIBUTING](../CONTRIBUTING.md) for how to add one."]
    for room, (title, intro) in ROOMS.items():
        if not (ROOT / "src" / "tilth" / room).is_dir():
            continue
        out += ["", f"## {title}", "", intro]
        for cls in Shelf(room):
            out += ["", _part(cls)]
    return "\n".join(out) + "\n"


def _option(param: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*param.opts, *param.secondary_opts])
    required = param.required or param.default is None or callable(param.default)
    default = "" if required or param.default in ("", [], (), False) else f" (default `{param.default}`)"
    return f"| {names} | {_plain(param.help or '')}{default} |".replace("||", "|")


def _command(path: str, command: Any) -> list[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join([path, *(p.name.upper() if p.required else f"[{p.name.upper()}]" for p in arguments)])
    out = ["", f"## {path}", "", _plain(command.help or ""), "", f"    {usage}"]
    described = [f"- `{p.name.upper()}`: {_plain(getattr(p, 'help', '') or '')}" for p in arguments]
    out += ["", *described] if described else []
    options = [p for p in command.params if p.param_type_name == "option"]
    if options:
        out += ["", "| option | meaning |", "|---|---|", *(_option(p) for p in options)]
    return out


def commands() -> str:
    """The page of all commands."""
    from typer.main import get_command

    from tilth.cli import app

    out = [
        "# Commands",
        "",
        "Written from the code by `make docs`. Results go to standard output; bars, notes and errors go to standard",
        "error. Exit codes: 0 done; 1 a part failed; 2 bad input or usage; 3 a proof says that the change hurt, or an",
        "agreement is below what was asked; 130 stopped. With `--json`, one object is printed and nothing else; its",
        "form is in [output.schema.json](output.schema.json).",
    ]
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        out += _command(f"tilth {name}", command)
        for sub, inner in getattr(command, "commands", {}).items():
            out += _command(f"tilth {name} {sub}", inner)
    return "\n".join(out) + "\n"


PAGES = {"commands.md": commands, "checks.md": checks}


if __name__ == "__main__":
    for page, write in PAGES.items():
        (ROOT / "docs" / page).write_text(write(), encoding="utf-8")
    sys.exit(0)
