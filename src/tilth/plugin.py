"""How parts are written, found and run: `Part`, `View`, `Run` and `Shelf`.

A part is one file in one room. Its file stem is its name, its fields are its parameters, and nothing
else has to be edited: shelves scan their folder, without importing it, and installed packages can add
parts through the entry-point group ``tilth.ROOM``.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.errors import AlignmentError, MissingExtraError, ParameterError, PartError
from tilth.records import Ballot, Evidence, Findings, Items, RowBatch, Rows, Sample, Schema, digest
from tilth.run import Run, sample_rng
from tilth.shelf import Shelf

__all__ = [
    "Detector",
    "Embedder",
    "Example",
    "Generator",
    "Items",
    "LabelModel",
    "Labeler",
    "Operation",
    "Part",
    "Run",
    "Shelf",
    "Source",
    "Strategy",
    "View",
    "sample_rng",
]

COSTS = ("instant", "cheap", "model", "network")


@dataclass(frozen=True)
class Example:
    """A tiny input of a part and what it must answer: test, documentation and demo in one.

    Parameters
    ----------
    given : object
        The argument of the part's verb: a `View`, items, or a uri.
    check : callable
        Takes the verb's answer; returns an empty string where it is right, else what is wrong.
    shows : str
        One sentence on what the example shows.
    params : mapping
        Parameters of the part for this example; empty for the defaults.
    """

    given: Any
    check: Callable[[Any], str]
    shows: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """Base of every interchangeable part: a frozen dataclass whose fields are its parameters.

    Class facts
    -----------
    name : str
        The file stem; set when the class is made, for parts of other packages by the shelf.
    needs : tuple of str
        What the verb wants to see: ``labels``, ``rows``, ``embeddings``, ``probs``, ``neighbors``,
        ``perceptual``, ``readable``, ``predictions``. The engine makes it, the part only reads it.
    wants : tuple of str
        Evidence that the part uses where the engine can make it for this dataset; else it is
        absent from the view. Ask ``kind in view.evidence`` before reading it.
    accepts : tuple of str
        Media types it has something to say about; empty for any.
    cost : {"instant", "cheap", "model", "network"}
    default : bool
        Whether it runs when the user names no parts.
    version : int
        Raised whenever equal inputs would give another answer; part of every cache key.
    extra : str
        Extra of the package that installs what it needs; empty for none.
    """

    name: ClassVar[str] = ""
    room: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    wants: ClassVar[tuple[str, ...]] = ()
    accepts: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[str] = "cheap"
    default: ClassVar[bool] = True
    version: ClassVar[int] = 1
    extra: ClassVar[str] = ""

    def __init_subclass__(cls, **more: Any) -> None:
        """Name a part of ours after its file at once: what it draws must not hang on who imported it first."""
        super().__init_subclass__(**more)
        place = cls.__module__.split(".")
        if place[0] == "tilth" and len(place) > 2 and not place[-1].startswith("_"):
            cls.room, cls.name = place[1], place[-1]

    def spec(self) -> dict[str, Any]:
        """Room, name, version and parameters: enough to build an equal part, and its cache key."""
        params = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {"room": self.room, "part": self.name, "version": self.version, "params": params}

    @property
    def key(self) -> str:
        """Hash of `spec`."""
        return digest(self.spec())

    def require(self, module: str) -> ModuleType:
        """Import an optional library, or raise `MissingExtraError` with the line that installs it."""
        try:
            return importlib.import_module(module)
        except ImportError as error:
            line = f"pip install 'tilth[{self.extra}]'" if self.extra else f"pip install {module.split('.')[0]}"
            raise MissingExtraError(
                f"{self.name or type(self).__name__} needs the library {module.split('.')[0]!r}, which is missing",
                fix=f"run: {line}",
            ) from error

    @classmethod
    def example(cls) -> Example:
        """A tiny input with its expected answer; every shipped part overrides this."""
        raise PartError("this part has no example", where=cls.__name__, fix="add a classmethod example()")


@dataclass(frozen=True)
class View:
    """What a detector or strategy sees of a snapshot: only what it declared in ``needs`` and ``wants``.

    All arrays have n rows in the same order. Rows that lack a needed piece of evidence (an
    unreadable image has no embedding) are not in the view.

    Parameters
    ----------
    row_ids : (n,) array of str
    items : (n,) array of str
        Content hashes of the inputs.
    labels : (n,) int64
        Class index, -1 where unlabelled.
    classes : tuple of str
    split : (n,) array of str
        Canonical "train", "val" or "test"; empty strings where there is no split.
    groups : (n,) int64
        Group index, -1 where there is none.
    table : pyarrow.Table or None
        The user's columns, where ``rows`` is needed.
    schema : Schema
    evidence : mapping of kind to Evidence
    """

    row_ids: npt.NDArray[np.object_]
    items: npt.NDArray[np.object_]
    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...] = ()
    split: npt.NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, dtype=object))
    groups: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    table: pa.Table | None = None
    schema: Schema = field(default_factory=lambda: Schema(()))
    evidence: Mapping[str, Evidence] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.row_ids)
        for name in ("items", "labels", "split", "groups"):
            length = len(getattr(self, name))
            if length not in (n, 0):
                raise AlignmentError(f"{name} and row ids have different lengths", found=f"{length} and {n}")
        if len(self.split) != n:
            object.__setattr__(self, "split", np.full(n, "", dtype=object))
        if len(self.groups) != n:
            object.__setattr__(self, "groups", np.full(n, -1, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.row_ids)

    def __getitem__(self, kind: str) -> npt.NDArray[Any]:
        """Values of one kind of evidence, shape (n, ...)."""
        return self.evidence_of(kind).values

    def evidence_of(self, kind: str) -> Evidence:
        """One kind of evidence; `PartError` where the part did not declare it."""
        if kind not in self.evidence:
            raise PartError(
                f"a part asked for {kind!r} without declaring it",
                fix=f"add {kind!r} to its needs, or to its wants where it can do without",
            )
        return self.evidence[kind]

    def class_name(self, index: int) -> str:
        """Name of a class index; "unlabelled" for -1."""
        return self.classes[index] if index >= 0 else "unlabelled"


@dataclass(frozen=True)
class Source(Part):
    """Outside world to rows. Verb: ``read``.

    The ``given`` of its example is a function of an empty folder that returns the uri or object to read.
    """

    room: ClassVar[str] = "sources"

    @classmethod
    def claims(cls, uri: object) -> bool:
        """Whether this source reads such a uri or object, judged without reading it whole."""
        return False

    def read(self, uri: Any, run: Run) -> Rows:
        """Rows of `uri`; raises `SourceError` with file and line where they cannot be read."""
        raise PartError("this source cannot read", where=self.name)


@dataclass(frozen=True)
class Embedder(Part):
    """Items to vectors. Verb: ``embed``.

    `items` is, by the part's ``accepts``: for ``text`` a list of str or None, length n; for
    ``image`` and ``audio`` an `Items` of encoded bytes; for ``number`` and ``category`` a
    pyarrow.Table of n rows. The answer is (n, d) float32; a row that cannot be read is all NaN.
    """

    room: ClassVar[str] = "embedders"

    def embed(self, items: Any, run: Run) -> npt.NDArray[np.float32]:
        """Vectors of `items`, shape (n, d)."""
        raise PartError("this embedder cannot embed", where=self.name)


@dataclass(frozen=True)
class Detector(Part):
    """Evidence to findings. Verb: ``detect``; raises `NotApplicable` where it has nothing to say."""

    room: ClassVar[str] = "detectors"

    def detect(self, view: View, run: Run) -> Findings:
        """Findings about the rows of `view`; rows with nothing to say may be left out."""
        raise PartError("this detector cannot detect", where=self.name)


@dataclass(frozen=True)
class Strategy(Part):
    """Evidence and a budget to picks. Verb: ``pick``.

    The pool is the rows of the view whose label is -1. Picks are findings: one for each row to be labelled,
    flagged, the one to ask first with the highest score. It works from zero labels on: evidence that
    needs a trained model (``probs``, ``committee``) belongs in its ``wants``.
    """

    room: ClassVar[str] = "strategies"

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """At most `budget` rows of `view` to be labelled next."""
        raise PartError("this strategy cannot pick", where=self.name)


@dataclass(frozen=True)
class LabelModel(Part):
    """Votes of people or of rules to beliefs about each item. Verb: ``fit``.

    `votes` are sparse triples (`tilth.numerics.consensus.votes.Votes`): a source that abstains simply has no triple; an
    item may have one vote or none. `given` holds what the part declared in ``needs`` or ``wants``, one row an item:
    ``probs`` (n, k), ``embeddings`` (n, d) or ``labels`` (n,) with -1 where the truth is unknown. The answer is a
    `tilth.numerics.consensus.result.Consensus` over k classes, for numeric votes (k = 0) a ``NumericConsensus``.
    """

    room: ClassVar[str] = "label_models"

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Any:
        """Beliefs about all items of `votes`; `NotApplicable` for votes of a kind that it cannot read."""
        raise PartError("this label model cannot fit", where=self.name)


@dataclass(frozen=True)
class Labeler(Part):
    """Rows to votes: one labelling function. Verb: ``vote``.

    Its answer is a `tilth.records.Ballot` over the rows of the batch, -1 where it abstains. A class is named by its
    name or its index. It looks at each row by itself, so that any batches give the same answer, unless ``whole``
    says that it must see all rows at once.

    Parameters
    ----------
    rule : str
        Name of this labelling function; names must differ. Default: the part's name.
    label : str or int
        The class that it votes for.
    column : str
        The column that it reads; empty for the only text column.
    """

    room: ClassVar[str] = "labelers"
    #: The field that a rule file gives beside the part's name, as in ``regex: pattern``.
    main: ClassVar[str] = ""
    whole: ClassVar[bool] = False
    #: Whether it reads rows one by one, so that few are made at a time.
    by_row: ClassVar[bool] = False
    #: Whether it votes for `label`, so that a rule file must give one.
    labelled: ClassVar[bool] = False

    rule: str = ""
    label: Any = 1
    column: str = ""

    @property
    def title(self) -> str:
        """Name of this labelling function."""
        return self.rule or self.name or type(self).__name__.lower()

    def validate(self) -> None:
        """Raise `ParameterError` for parameters that make no rule; called when rules are read, before any row."""

    def vote(self, rows: RowBatch, run: Run) -> Ballot:
        """What it says about each row; `NotApplicable` or `SchemaError` for rows that it cannot read at all."""
        raise PartError("this labeler cannot vote", where=self.title)


@dataclass(frozen=True)
class Generator(Part):
    """Rows to proposed rows. Verb: ``generate``.

    A generated sample names its ``parents`` and its ``recipe``, and never leaves the split of its parents: whoever
    calls passes rows of one split only. The ``given`` of its example is a list of samples; it asks an operation for
    as many samples as it gives, another recipe for one.
    """

    room: ClassVar[str] = "generators"

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        """`count` new samples made from `rows`; `NotApplicable` where these rows allow none."""
        raise PartError("this generator cannot generate", where=self.name)


@dataclass(frozen=True)
class Operation(Generator):
    """A generator that changes one sample at a time. Verb: ``apply``; policies join operations.

    One that has to know the training rows, to draw from their values, has a method ``fit(rows)`` that returns a copy
    which knows them; whoever runs a policy calls it first.

    Parameters
    ----------
    magnitude : float, default=0.5
        Strength in [0, 1]: 0 changes nothing or next to nothing, 1 is the strongest that the published policies use.
        Every operation maps it to its own ranges, given in its docstring; one that has no strength ignores it.

    Class facts
    -----------
    medium : {"image", "text", "audio", "table"}
    ranged : bool
        Whether the magnitude changes anything.
    pooled : bool
        Whether ``rand_augment``, ``trivial_augment`` and ``augmix`` draw it where a policy names no operations. True
        for operations of the published search spaces that leave almost any label true.
    retypes : bool
        Whether an array comes out with another dtype, such as floats for a model.
    """

    medium: ClassVar[str] = ""
    ranged: ClassVar[bool] = True
    pooled: ClassVar[bool] = False
    retypes: ClassVar[bool] = False

    magnitude: float = 0.5

    def __post_init__(self) -> None:
        if not (isinstance(self.magnitude, (int, float)) and 0 <= self.magnitude <= 1):
            raise ParameterError(
                "a magnitude is a number from 0 to 1",
                where=self.name or type(self).__name__,
                found=repr(self.magnitude),
            )

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """The changed sample, of the same medium, dtype and label; all its randomness comes from `rng`.

        A sample that it cannot change (an empty text, a silent sound, an image of one pixel) comes back as it is.
        """
        raise PartError("this operation cannot change a sample", where=self.name)

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        """`count` changed samples: every row in turn, then again with the next epoch."""
        made = []
        for at in range(count if len(rows) else 0):
            row = rows[at % len(rows)]
            new = self.apply(row, sample_rng(run.seed, at // len(rows), row.row_id, f"{run.path}/{self.name}"))
            made.append(new.changed(parents=(row.row_id,), recipe=self.name))
            run.advance()
        return made
