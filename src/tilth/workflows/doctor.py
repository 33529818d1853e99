"""``doctor``: what is installed, what is missing, and the line that installs it."""

from __future__ import annotations

import importlib.metadata as metadata
import json
import platform
import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["Checkup", "Requirement", "doctor"]

_NAME = re.compile(r"^[A-Za-z0-9_.\-]+")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


@dataclass(frozen=True)
class Requirement:
    """One library that tilth can use.

    Parameters
    ----------
    name, wanted, installed : str
        `installed` is empty where it is missing.
    extra : str
        The extra it belongs to; empty for the core.
    """

    name: str
    wanted: str
    installed: str
    extra: str = ""


@dataclass(frozen=True)
class Checkup:
    """What is installed.

    Parameters
    ----------
    tilth, python, system : str
    requirements : tuple of Requirement
    free_gb : float
        Free space in the current folder, in GB.
    """

    tilth: str
    python: str
    system: str
    requirements: tuple[Requirement, ...]
    free_gb: float

    @property
    def missing_core(self) -> tuple[Requirement, ...]:
        """Core libraries that are not installed."""
        return tuple(r for r in self.requirements if not r.extra and not r.installed)

    def extras(self) -> dict[str, bool]:
        """Whether each extra is complete."""
        names = sorted({r.extra for r in self.requirements if r.extra})
        return {name: all(r.installed for r in self.requirements if r.extra == name) for name in names}

    def install_line(self, extra: str) -> str:
        """The command that installs an extra; torch alone first, so that nothing pulls another build of it."""
        torch = [r.wanted for r in self.requirements if r.extra == extra and r.name == "torch" and not r.installed]
        first = f"pip install torch{torch[0]} && " if torch else ""
        return f"{first}pip install 'tilth[{extra}]'"


def doctor() -> Checkup:
    """Look at what is installed; imports nothing of it."""
    found: list[Requirement] = []
    for line in _requires():
        name = _NAME.match(line)
        extra = _EXTRA.search(line)
        if name is None:
            continue
        try:
            installed = metadata.version(name.group())
        except metadata.PackageNotFoundError:
            installed = ""
        wanted = line.partition(";")[0].strip()[len(name.group()) :].strip()
        found.append(Requirement(name.group(), wanted, installed, extra.group(1) if extra else ""))
    return Checkup(
        metadata.version("tilth"),
        platform.python_version(),
        platform.platform(),
        tuple(found),
        round(shutil.disk_usage(".").free / 1e9, 1),
    )


def _requires() -> list[str]:
    """Requirements, each with its extra; of a checkout that is installed in place, those that it has now."""
    place = metadata.distribution("tilth").read_text("direct_url.json")
    source = json.loads(place) if place else {}
    if source.get("dir_info", {}).get("editable"):
        page = Path(unquote(urlsplit(source["url"]).path)) / "pyproject.toml"
        try:
            project = tomllib.loads(page.read_text(encoding="utf-8"))["project"]
        except (OSError, tomllib.TOMLDecodeError, KeyError):  # the checkout has gone, or is something else by now
            return metadata.requires("tilth") or []
        extras = project.get("optional-dependencies", {})
        return [*project["dependencies"], *(f"{one}; extra == '{name}'" for name in extras for one in extras[name])]
    return metadata.requires("tilth") or []
