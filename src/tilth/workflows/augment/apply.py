"""``apply_policy``: a policy on samples in memory, with boxes and masks, without a dataset."""

from __future__ import annotations

from collections.abc import Sequence

from tilth.engine.augment import Augmenter
from tilth.errors import ParameterError
from tilth.plugin import Run
from tilth.records import Sample
from tilth.workflows.augment.policies import PolicyLike, load_policy
from tilth.workflows.augment.selection import checked_epoch
from tilth.workflows.project import RunOptions

__all__ = ["apply_policy"]


def apply_policy(policy: PolicyLike, samples: Sequence[Sample], *, seed: int = 0, epoch: int = 0) -> list[Sample]:
    """What a policy makes of some samples; boxes and masks of images follow.

    Parameters
    ----------
    policy : AugmentationPolicy, mapping, list, str, Path or None
        As for `augment`; its limits count. None for the default policy of the samples' medium.
    samples : sequence of Sample
        All of one medium. What becomes of one depends on its ``row_id``, the seed, the epoch and the policy, not on its
        neighbours; one without a row id takes its position as its id.
    seed : int
    epoch : int
        Each epoch changes every sample anew.

    Returns
    -------
    list of Sample
        One for each, with its ``parents`` and ``recipe``; for a batch recipe such as ``smote``, as many as there are.

    Raises
    ------
    ParameterError
        Something that is no sample, samples of several media, or a policy that cannot work; says where.
    NotApplicable
        A step that boxes and masks cannot follow.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((4, 6), np.uint8)
    >>> sample = Sample("image", image, "a", boxes=np.array([[0, 0, 2, 4]], np.float32), box_labels=("cat",))
    >>> apply_policy(["horizontal_flip"], [sample])[0].boxes.tolist()
    [[4.0, 0.0, 6.0, 4.0]]
    """
    if isinstance(samples, Sample):
        samples = [samples]
    wrong = next((one for one in samples if not isinstance(one, Sample)), None)
    if wrong is not None:
        raise ParameterError(
            "a policy changes samples", found=repr(wrong)[:80], fix='make them: tilth.Sample("image", pixels, "row-1")'
        )
    if not samples:
        return []
    media = {sample.medium for sample in samples}
    if len(media) > 1:
        raise ParameterError("the samples are of several media", found=", ".join(sorted(media)))
    medium = media.pop()
    augmenter = Augmenter(load_policy(policy, medium), RunOptions(seed).seed, medium)
    rows = [one if one.row_id else one.changed(row_id=str(at)) for at, one in enumerate(samples)]
    if augmenter.wants_fit:
        augmenter = augmenter.fit(rows)
    epoch = checked_epoch(epoch)
    if augmenter.recipe is not None:
        return augmenter.generate(rows, len(rows), Run(seed), epoch=epoch)
    return [augmenter(row, epoch) for row in rows]
