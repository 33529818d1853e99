"""Policy files: read, written, and the ones that come with tilth, one a medium."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tilth.errors import ParameterError, SourceError
from tilth.records import AugmentationPolicy
from tilth.records.augmentation_policy import JOINERS

__all__ = ["default_policy", "load_policy", "parse_limits", "policy_from_yaml", "policy_to_yaml", "save_policy"]

FOLDER = Path(__file__).parent / "policy_files"
#: What a user may give as a policy.
PolicyLike = AugmentationPolicy | Mapping[str, Any] | list[Any] | str | Path | None


def policy_from_yaml(text: str, where: str = "policy") -> AugmentationPolicy:
    """A policy from the text of a YAML (or JSON) file.

    Examples
    --------
    >>> policy_from_yaml("policy: [random_swap, {random_deletion: {p: 0.5, magnitude: 0.2}}]").operations()
    ('random_swap', 'random_deletion')
    """
    import yaml

    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}, line {mark.line + 1}" if mark is not None else where
        raise SourceError(
            "this is no YAML", where=place, found=str(getattr(error, "problem", "") or error).splitlines()[0]
        ) from error
    return AugmentationPolicy.from_dict(data)


def policy_to_yaml(policy: AugmentationPolicy) -> str:
    """A policy as YAML text; `policy_from_yaml` gives an equal one back."""
    import yaml

    text: str = yaml.safe_dump(policy.to_dict(), sort_keys=False, allow_unicode=True, default_flow_style=None)
    return text


def save_policy(policy: PolicyLike, path: str | Path) -> Path:
    """Write a policy file, whole or not at all.

    Parameters
    ----------
    policy : AugmentationPolicy, mapping, list or str
        As for `load_policy`.
    path : str or Path

    Raises
    ------
    ParameterError
        No policy, or no path.
    SourceError
        The file cannot be written.
    """
    if not isinstance(path, (str, Path)) or policy is None:
        raise ParameterError(
            "save_policy takes a policy and the path of a file", found=f"{policy!r} and {path!r}"[:120]
        )
    policy, target = load_policy(policy), Path(path)
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_text(policy_to_yaml(policy), encoding="utf-8")
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SourceError("cannot write the policy", where=str(target), found=error.strerror or str(error)) from error
    return target


def _shipped() -> dict[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


def default_policy(medium: str) -> AugmentationPolicy:
    """The mild policy that comes with tilth for a medium."""
    path = _shipped().get(medium)
    if path is None:
        raise ParameterError("there is no default policy for this medium", found=repr(medium))
    return policy_from_yaml(path.read_text(encoding="utf-8"), path.name)


def load_policy(given: PolicyLike, medium: str = "") -> AugmentationPolicy:
    """A policy from whatever names one.

    Parameters
    ----------
    given : AugmentationPolicy, mapping, list, str, Path or None
        A policy or its dictionary; the path of a YAML file; the name of a policy that comes with tilth; YAML text such
        as ``"[rotate, {noise: 0.3}]"``; None for the default policy of `medium`.
    medium : str

    Raises
    ------
    SourceError
        No such file, or no YAML in it.
    ParameterError
        What is wrong in the policy, with its place.
    """
    if isinstance(given, AugmentationPolicy):
        return given
    if given is None:
        return default_policy(medium)
    if isinstance(given, (Mapping, list, tuple)):
        return AugmentationPolicy.from_dict(given)
    text, shipped = str(given), _shipped()
    if isinstance(given, Path) or Path(text).suffix.lower() in (".yaml", ".yml", ".json"):
        return _from_file(Path(text))
    if text in shipped:
        return policy_from_yaml(shipped[text].read_text(encoding="utf-8"), shipped[text].name)
    if text in JOINERS and medium:
        return AugmentationPolicy.from_dict({"medium": medium, "policy": [text]})
    return policy_from_yaml(text, "--policy")


def _from_file(path: Path) -> AugmentationPolicy:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        folder = path.parent if path.parent.is_dir() else Path()
        names = [p.name for p in folder.iterdir() if p.suffix in (".yaml", ".yml", ".json")]
        near = difflib.get_close_matches(path.name, names, n=2, cutoff=0.5)
        raise SourceError(
            "cannot read this policy file",
            where=str(path),
            found=str(getattr(error, "strerror", "") or "not text in UTF-8"),
            fix=f"did you mean {' or '.join(near)}?" if near else f"or name one of {', '.join(_shipped())}",
        ) from error
    return policy_from_yaml(text, path.name)


def parse_limits(said: Sequence[str]) -> dict[str, dict[str, float]]:
    """Limits written as ``CLASS:OPERATION=HIGHEST``.

    Examples
    --------
    >>> parse_limits(["6:rotate=0.2", "*:horizontal_flip=0"])
    {'6': {'rotate': 0.2}, '*': {'horizontal_flip': 0.0}}
    """
    limits: dict[str, dict[str, float]] = {}
    for text in said:
        place, equals, value = text.rpartition("=")
        label, colon, operation = place.rpartition(":")
        try:
            limits.setdefault(label, {})[operation] = float(value)
        except ValueError:
            equals = ""
        if not equals or not colon or not label or not operation:
            raise ParameterError(
                "a limit is written CLASS:OPERATION=HIGHEST", found=repr(text), fix="for instance --limit 6:rotate=0.2"
            )
    return limits
