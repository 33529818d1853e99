"""Prompt: votes of a prompted language model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import os
import string
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from tilth.errors import ParameterError, SourceError
from tilth.labelers._patterns import check_seconds
from tilth.plugin import Example, Labeler, Run
from tilth.records import Ballot, MemoryItems, RowBatch

__all__ = ["Prompt"]

_RETRIED = (408, 409, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Prompt(Labeler):
    """Ask a language model which class a row is of, and vote as it answers.

    Any endpoint that speaks OpenAI's chat format works, on this machine or elsewhere. Answers are kept by the text of
    the prompt, in the workspace or, without one, as long as the process lives: what was asked once is not paid for
    again. An answer that names no class is an abstention.

    Parameters
    ----------
    rule : str
        Name of this labelling function.
    label : str or int, default=1
        Not used: the answer names the class.
    column : str
        Not used: the template names its columns.
    template : str
        The question, with columns in braces, as in ``Is this comment spam or ham? {text}``.
    classes : tuple of str
        Answers that count, each a class. The first that stands in the answer, as a word and in any case, is taken.
    url : str
        Address up to and with ``/v1``.
    model : str
    key_variable : str, default="OPENAI_API_KEY"
        Environment variable with the key; without one none is sent. The key itself is never a parameter.
    budget : int, default=1000
        Different prompts asked at most; rows beyond abstain, and a note says how many.
    max_tokens : int, default=8
    timeout : float, default=60
        Seconds a request.
    retries : int, default=3

    Examples
    --------
    >>> Prompt(template="Spam or ham? {text}", classes=("ham", "spam")).question({"text": "hi"})
    'Spam or ham? hi'
    """

    template: str = ""
    classes: tuple[str, ...] = ()
    url: str = "http://127.0.0.1:8000/v1"
    model: str = ""
    key_variable: str = "OPENAI_API_KEY"
    budget: int = 1000
    max_tokens: int = 8
    timeout: float = 60.0
    retries: int = 3
    main: ClassVar[str] = "template"
    cost: ClassVar[str] = "network"
    extra: ClassVar[str] = "llm"
    whole: ClassVar[bool] = True

    def question(self, row: Any) -> str:
        """The prompt of one row: a mapping of column to value."""
        return self.template.format(**{name: row[name] for name in self._fields()})

    def validate(self) -> None:
        """The template must name columns; classes, address and numbers must be of use."""
        classes: Any = self.classes
        if not self._fields() or isinstance(classes, str) or not classes:
            raise ParameterError(
                "prompt needs a template with at least one {column}, and classes that its answers may name",
                where=self.title, found=f"template {self.template!r}, classes {self.classes!r}",
                fix="write, for instance, template 'Spam or ham? {text}' and classes [ham, spam]",
            )  # fmt: skip
        if not isinstance(self.url, str) or not self.url.startswith(("http://", "https://")):
            raise ParameterError("url is an address with http:// or https://", where=self.title, found=repr(self.url))
        for name, least in (("budget", 0), ("max_tokens", 1), ("retries", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ParameterError(
                    f"{name} is a whole number from {least} up; a budget is not negative" if name == "budget"
                    else f"{name} is a whole number from {least} up", where=self.title, found=repr(value),
                )  # fmt: skip
        check_seconds(self.timeout, f"{self.title}, timeout")

    def _fields(self) -> list[str]:
        """Columns that the template names."""
        fix = "write a column's name in braces, as in {text}, and a brace that is meant as such twice"
        if not isinstance(self.template, str):
            raise ParameterError("a template is text", where=self.title, found=repr(self.template), fix=fix)
        try:
            parsed = [piece[1:] for piece in string.Formatter().parse(self.template) if piece[1] is not None]
        except ValueError as error:
            raise ParameterError(
                f"the template cannot be read: {error}", where=self.title, found=repr(self.template), fix=fix
            ) from error
        for name, spec, conversion in parsed:
            if not name or any(c in name for c in ".[") or name.isdigit() or conversion not in (None, "r", "s", "a"):
                raise ParameterError(
                    "the template names something that is no column", where=self.title,
                    found=f"{{{name}{'!' + conversion if conversion else ''}}}", fix=fix,
                )  # fmt: skip
            if not any(_formats(probe, spec or "") for probe in ("x", 1, 1.0)):
                raise ParameterError(
                    "the template has a format that fits no value", where=self.title, found=f"{{{name}:{spec}}}",
                    fix=fix,
                )  # fmt: skip
        return [str(name) for name, _, _ in parsed]

    def _asked(self, rows: RowBatch, fields: list[str]) -> dict[str, list[int]]:
        """Each different prompt with its rows; rows with a gap in a column have none."""
        columns = {name: rows.values(name) for name in fields}
        asked: dict[str, list[int]] = {}
        for at in range(len(rows)):
            row = {name: columns[name][at] for name in fields}
            if any(value is None for value in row.values()):
                continue
            try:
                asked.setdefault(self.question(row), []).append(at)
            except (ValueError, TypeError) as error:
                raise ParameterError(
                    "the template does not fit the values of a row", where=f"{self.title}, row {rows.start + at}",
                    found=f"{self.template!r}: {error}", fix="leave the format after the colon out",
                ) from error  # fmt: skip
        return asked

    def vote(self, rows: RowBatch, run: Run) -> Ballot:
        """Classes that the model named."""
        self.validate()
        httpx = self.require("httpx")
        asked = self._asked(rows, self._fields())
        chosen = list(asked)[: self.budget]
        notes: tuple[str, ...] = ()
        if len(asked) > len(chosen):
            notes = (
                f"{self.title}: {len(asked) - len(chosen):,} prompts beyond the budget of {self.budget:,} not asked",
            )
        items = MemoryItems([text.encode() for text in chosen])
        maker = {"labeler": "prompt", "version": self.version, "url": self.url, "model": self.model,
                 "classes": list(self.classes), "max_tokens": self.max_tokens}  # fmt: skip
        headers = {}
        key = os.environ.get(self.key_variable, "") if self.key_variable else ""
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            with httpx.Client(timeout=self.timeout, headers=headers) as client:
                ask = partial(_ask, self._sender(client, httpx), self.classes)
                answers = run.map_items(ask, items, maker=maker)
        except httpx.HTTPError as error:
            raise SourceError(
                "the language model did not answer", where=f"{self.title}, {self.url}", found=_told(error, httpx),
                fix="check the address, the model's name and the key; answers so far are kept",
            ) from error  # fmt: skip
        codes = np.full(len(rows), -1, dtype=np.int64)
        for text, answer in zip(chosen, answers, strict=True):
            if not isinstance(answer, Exception):
                codes[asked[text]] = int(np.asarray(answer))
        return Ballot(codes, tuple(self.classes), notes=notes)

    def _sender(self, client: Any, httpx: Any) -> Callable[[str], str]:
        """A call that sends one prompt and gives back the text of the answer; it retries what may pass."""

        def send(text: str) -> str:
            body = {"model": self.model, "messages": [{"role": "user", "content": text}], "temperature": 0,
                    "max_tokens": self.max_tokens}  # fmt: skip
            for attempt in range(self.retries + 1):
                last = attempt == self.retries
                try:
                    reply = client.post(f"{self.url.rstrip('/')}/chat/completions", json=body)
                    if reply.status_code in _RETRIED and not last:
                        time.sleep(min(0.2 * 2**attempt, 10.0))
                        continue
                    reply.raise_for_status()
                    return str(reply.json()["choices"][0]["message"]["content"] or "")
                except httpx.TransportError:
                    if last:
                        raise
                    time.sleep(min(0.2 * 2**attempt, 10.0))
                except (KeyError, IndexError, TypeError, ValueError) as error:
                    raise httpx.DecodingError(f"no chat answer: {error!r}") from error
            raise httpx.TransportError("no answer")

        return send

    @classmethod
    def example(cls) -> Example:
        """With a budget of nothing nothing is asked, so every row abstains."""
        rows = RowBatch(pa.table({"text": ["win money", "nice"]}))

        def check(found: Ballot) -> str:
            right = found.codes.tolist() == [-1, -1] and "budget of 0" in found.notes[0]
            return "" if right else f"it said {found.codes.tolist()} {found.notes}"

        params = {"template": "Spam or ham? {text}", "classes": ("ham", "spam"), "budget": 0}
        return Example(rows, check, "Rows beyond the budget abstain, and a note says so.", params)


def _formats(value: Any, spec: str) -> bool:
    try:
        format(value, spec)
    except (ValueError, TypeError):
        return False
    return True


def _told(error: Any, httpx: Any) -> str:
    """What went wrong, on one line."""
    if isinstance(error, httpx.HTTPStatusError):
        reply = error.response
        said = " ".join(reply.text.split())[:120]
        return f"status {reply.status_code} {reply.reason_phrase}".rstrip() + (f": {said}" if said else "")
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _ask(send: Callable[[str], str], classes: tuple[str, ...], prompt: bytes) -> int:
    """Class index that the answer names, -1 for none."""
    import re

    answer = send(prompt.decode()).lower()
    places = []
    for code, name in enumerate(classes):
        found = re.search(rf"(?<!\w){re.escape(str(name).lower())}(?!\w)", answer)
        if found:
            places.append((found.start(), -len(str(name)), code))
    return min(places)[2] if places else -1
