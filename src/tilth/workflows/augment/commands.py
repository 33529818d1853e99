"""The line for a shell that asks for the same augmentation."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tilth.workflows.augment.policies import PolicyLike, load_policy

__all__ = ["augment_command", "subject_of"]


def subject_of(target: Any, name: str) -> str:
    """What a command names a dataset by: the file or folder that was given, else its name."""
    return shlex.quote(str(target) if isinstance(target, (str, Path)) else name)


def augment_command(
    subject: str,
    policy: PolicyLike,
    *,
    times: int,
    seed: int,
    limits: Mapping[str, Mapping[str, float]] | None = None,
    more: Mapping[str, Any] | None = None,
    check: bool = True,
    follow: bool = True,
) -> str:
    """A command for a shell.

    Parameters
    ----------
    subject : str
        Of `subject_of`.
    policy : as for `load_policy`
        One that was made in Python is written out.
    times, seed : int
    limits : mapping of class to mapping of operation to float, optional
    more : mapping, optional
        Other options by name; empty ones are left out.
    check, follow : bool

    Examples
    --------
    >>> augment_command("scans", ["rotate"], times=2, seed=0, limits={"6": {"rotate": 0.2}})
    'tilth augment scans --policy \\'{"policy": ["rotate"]}\\' --limit 6:rotate=0.2 --times 2'
    """
    words = ["tilth augment", subject]
    if policy is not None:
        plain = isinstance(policy, (str, Path))
        said = str(policy) if plain else json.dumps(load_policy(policy).to_dict(), ensure_ascii=False)
        words += ["--policy", shlex.quote(said)]
    for label, own in (limits or {}).items():
        words += [f"--limit {shlex.quote(f'{label}:{name}={limit:g}')}" for name, limit in own.items()]
    words += ["--times", str(times)]
    words += [f"--{name} {shlex.quote(str(value))}" for name, value in (more or {}).items() if value]
    if seed:
        words += ["--seed", str(seed)]
    if not check:
        words.append("--no-check")
    if not follow:
        words.append("--no-follow")
    return " ".join(words)
