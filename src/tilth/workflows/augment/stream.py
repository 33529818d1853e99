"""``stream``: augmented samples for a training loop, without writing anything.

Every epoch changes every row of the training part anew. What becomes of a row in an epoch is a pure function of
(seed, epoch, row, place in the policy), so that loops with any number of workers, here or in a data loader, see the
same samples, and `AugmentedDataset.replay` gives any of them back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine.annotations import boxes_text
from tilth.engine.augment import Augmenter
from tilth.engine.augment_runs import Workers
from tilth.engine.sample_rows import ENDINGS, SampleRows, encode_sample, sample_rows
from tilth.errors import ParameterError
from tilth.numerics.media.masks import encode_mask
from tilth.numerics.statistics.shared_number import SharedNumber
from tilth.plugin import Run
from tilth.records import AugmentationPolicy, RoleOverrides, Sample
from tilth.workflows.augment.policies import PolicyLike, load_policy
from tilth.workflows.augment.selection import (
    check_arguments,
    checked_epoch,
    choose_medium,
    limited,
    readable_rows,
    ready,
    training_rows,
)
from tilth.workflows.ingest import dataset_of
from tilth.workflows.project import RunOptions, head_snapshot, opened
from tilth.workflows.proof.descendants import parents_of

__all__ = ["AugmentedDataset", "encoded", "encoded_annotations", "stream"]


class AugmentedDataset:
    """Rows of the training part, changed anew in every epoch. Picklable, so that data loaders can send it to workers.

    Iterate over `epoch`, or index it: ``data[i]`` is row i in the epoch that `set_epoch` named last, the same sample.

    Parameters
    ----------
    augmenter : Augmenter
    rows : SampleRows
    classes : tuple of str
        Declared class names.
    jobs : int
        Worker processes of `epoch`; the samples are the same for any number.
    shuffle : bool
        Whether `epoch` gives the rows in an order of their own, drawn from seed and epoch.
    skipped : tuple of str
        Ids of training rows that are not among `rows`, since they cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa
    >>> texts = pa.table({"text": ["a very good day", "a very bad day"] * 5, "label": ["good", "bad"] * 5})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data = stream(texts, "[random_swap]", name="days", workspace=folder)
    >>> first = [sample.value for sample in data.epoch(0)]
    >>> first == [data[i].value for i in range(10)], data.replay(3, 0).value == first[3]
    (True, True)
    """

    def __init__(
        self,
        augmenter: Augmenter,
        rows: SampleRows,
        *,
        classes: tuple[str, ...] = (),
        jobs: int = 1,
        shuffle: bool = False,
        skipped: tuple[str, ...] = (),
    ) -> None:
        self.skipped = skipped
        self.augmenter, self.rows, self.classes = augmenter, rows, classes
        self.jobs, self.shuffle = jobs, shuffle
        self._current = SharedNumber(0)
        self._workers: Workers | None = None
        self._batch: tuple[int, list[Sample]] = (-1, [])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> Sample:
        if not -len(self) <= at < len(self):
            raise IndexError(f"row {at} of {len(self)}")
        at %= len(self)
        if self.augmenter.recipe is not None:
            return self._generated(self.current)[at]
        return self.augmenter(self.rows[at], self.current)

    def __iter__(self) -> Iterator[Sample]:
        return self.epoch(self.current)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_workers": None, "_batch": (-1, [])}

    def __enter__(self) -> AugmentedDataset:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let worker processes end."""
        if self._workers is not None:
            self._workers.close()
            self._workers = None

    @property
    def policy(self) -> AugmentationPolicy:
        """What changes the samples."""
        return self.augmenter.policy

    @property
    def labels(self) -> tuple[Any, ...]:
        """Label of each row; None where it has none."""
        return self.rows.labels

    @property
    def current(self) -> int:
        """The epoch that ``data[i]`` and iteration give; `set_epoch` names it."""
        return self._current.value

    def set_epoch(self, epoch: int) -> None:
        """Name the epoch that ``data[i]`` and iteration give, here and in the workers that a data loader keeps."""
        self._current.value = checked_epoch(epoch)

    def order(self, epoch: int) -> npt.NDArray[np.int64]:
        """Positions of the rows in the order of an epoch, shape (n,)."""
        if not self.shuffle:
            return np.arange(len(self), dtype=np.int64)
        rng = np.random.default_rng([self.augmenter.seed, epoch, 0x5EED])
        return np.asarray(rng.permutation(len(self)), dtype=np.int64)

    def epoch(self, epoch: int) -> Iterator[Sample]:
        """The samples of one epoch, in the order of `order`."""
        epoch = checked_epoch(epoch)
        if self.augmenter.recipe is not None:
            made = self._generated(epoch)
            yield from (made[at] for at in self.order(epoch).tolist())
            return
        if self._workers is None:
            self._workers = Workers(self.augmenter, self.rows, jobs=self.jobs)
        yield from self._workers([(at, epoch) for at in self.order(epoch).tolist()])

    def _generated(self, epoch: int) -> list[Sample]:
        """What a batch recipe makes in an epoch: as many samples as there are rows; the last epoch is kept."""
        if self._batch[0] != epoch:
            rows = [self.rows[at] for at in range(len(self))]
            self._batch = (epoch, self.augmenter.generate(rows, len(rows), Run(self.augmenter.seed), epoch=epoch))
        return self._batch[1]

    def original(self, row: str | int) -> Sample:
        """The sample of a row as it is, by position or row id."""
        if isinstance(row, str):
            if row not in self.rows.row_ids:
                raise ParameterError("no such row in the training part", found=repr(row))
            row = self.rows.row_ids.index(row)
        return self.rows[self._place(row)]

    def _place(self, row: Any) -> int:
        if isinstance(row, bool) or not isinstance(row, (int, np.integer)) or not 0 <= row < len(self):
            raise ParameterError(
                "a row is named by its id or its position",
                found=repr(row),
                fix=f"positions go from 0 to {len(self) - 1}",
            )
        return int(row)

    def replay(self, row: str | int, epoch: int) -> Sample:
        """What became of a row in an epoch, again.

        Parameters
        ----------
        row : str or int
            Row id, or position; for a batch recipe the number of the sample.
        epoch : int
        """
        epoch = checked_epoch(epoch)
        if self.augmenter.recipe is None:
            return self.augmenter.replay(self.original(row), epoch)
        number = row
        if isinstance(row, str):
            name, _, digits = row.rpartition("-")
            number = int(digits) if name == self.augmenter.recipe.name and digits.isdecimal() else -1
            if not 0 <= number < len(self):
                raise ParameterError(
                    "no such sample", found=repr(row), fix=f"they are {self.augmenter.recipe.name}-0 and so on"
                )
        return self._generated(epoch)[self._place(number)]


def encoded(sample: Sample) -> Any:
    """A sample's value as it is written: images and sounds as the bytes of a file."""
    return encode_sample(sample) if sample.medium in ENDINGS else sample.value


def encoded_annotations(sample: Sample) -> tuple[str | None, bytes | None]:
    """The boxes of a sample as JSON and its mask as the bytes of a PNG; None where it has none."""
    mask = None if sample.mask is None else encode_mask(sample.mask)
    return boxes_text(sample.boxes, sample.box_labels), mask


def stream(
    target: Any,
    policy: PolicyLike = None,
    *,
    part: str = "train",
    medium: str = "",
    column: str = "",
    limits: Mapping[str, Mapping[str, float]] | None = None,
    shuffle: bool = False,
    follow: bool = True,
    workspace: str | Path | None = None,
    name: str = "",
    overrides: RoleOverrides | None = None,
    encoding: str = "",
    options: RunOptions | None = None,
) -> AugmentedDataset:
    """Augmented samples of the training part for a training loop; nothing is written.

    Parameters
    ----------
    target : str, Path, object or Dataset
        As for `ingest`.
    policy : AugmentationPolicy, mapping, list, str, Path or None
        A policy, its dictionary, a YAML file or YAML text; default: the policy that comes with tilth for the medium.
    part : {"train"}
        The test and validation part are refused.
    medium : {"", "image", "text", "audio", "table"}
        What to change, where the dataset holds several.
    column : str
        Which of several columns of the medium.
    limits : mapping of class to mapping of operation to float
        The highest magnitude of an operation for a class, beside the limits of the policy.
    shuffle : bool
        Give the rows of each epoch in an order of their own.
    follow : bool
        Let the boxes and masks that stand in columns called ``boxes`` and ``mask`` beside an image go where its pixels
        go; False leaves them as they are.
    workspace, name, overrides, encoding, options
        As for `ingest`; `options` holds the seed and the number of worker processes.

    Returns
    -------
    AugmentedDataset

    Raises
    ------
    LeakError
        The test or validation part was asked for.
    PartError, ParameterError
        The policy cannot work; says where.
    """
    check_arguments(shuffle=shuffle, follow=follow, options=options)
    options = options or RunOptions()
    dataset, _ = dataset_of(
        target, overrides=overrides, workspace=workspace, name=name, encoding=encoding, options=options
    )
    with opened(dataset) as store:
        snapshot = head_snapshot(store, dataset)
        made = parents_of(store.decisions(dataset.name))
        chosen = choose_medium(snapshot, medium, policy)
        loaded = limited(load_policy(policy, chosen), limits, snapshot)
        places = training_rows(snapshot, part, made, labelled=False)
        columns = sample_rows(snapshot, chosen, places, column).columns
        places, skipped = readable_rows(snapshot, places, chosen, columns, options.run("stream", store))
    rows = sample_rows(snapshot, chosen, places, column, follow)
    rows.annotation_marks()  # a row that is wrong is told of now, not in the middle of an epoch
    augmenter = ready(Augmenter(loaded, options.seed, chosen), rows)
    return AugmentedDataset(
        augmenter, rows, classes=snapshot.classes, jobs=options.jobs, shuffle=shuffle, skipped=skipped
    )
