"""Disagreement of a committee: vote entropy, KL divergence, BALD and BatchBALD."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError, ProbabilityError

__all__ = ["bald_scores", "batch_bald", "kl_disagreement", "vote_entropy"]

Floats = NDArray[np.float64]
_BLOCK_VALUES = 4_000_000


def _check_members(members: ArrayLike) -> NDArray[np.floating[Any]]:
    array = np.asarray(members)
    if array.dtype != np.float32:
        array = array.astype(np.float64)
    if array.ndim != 3:
        raise ProbabilityError(
            "a committee's probabilities are rows by members by classes", found=f"shape {array.shape}"
        )
    if array.shape[1] < 2:
        raise ParameterError(
            "a committee of one cannot disagree", found=f"{array.shape[1]} member(s)", fix="give at least two members"
        )
    negative = array < -1e-6
    if negative.any():
        row, member, place = (int(i) for i in np.argwhere(negative)[0])
        raise ProbabilityError(
            "a member's probability is negative",
            where=f"row {row}, member {member}",
            found=f"{array[row, member, place]:.3g} for class {place}",
        )
    sums = array.sum(axis=2)
    if not (np.abs(sums - 1) < 1e-3).all():
        row, member = (int(i) for i in np.argwhere(~(np.abs(sums - 1) < 1e-3))[0])
        raise ProbabilityError(
            "a member's probabilities are no distribution",
            where=f"row {row}, member {member}",
            found=f"they sum to {sums[row, member]:.3g}",
        )
    return array


def _entropy(p: Floats) -> Floats:
    from scipy.special import entr

    return np.asarray(entr(p).sum(axis=-1))


def vote_entropy(votes: ArrayLike, n_classes: int) -> Floats:
    """Entropy, in nats, of the votes that each row gets from a committee [1]_.

    Parameters
    ----------
    votes : (n, m) array_like of int
        Class code of each member's vote, 0 to n_classes - 1; m at least 2.
    n_classes : int

    Returns
    -------
    (n,) float64 array in [0, log min(m, n_classes)]

    Raises
    ------
    ParameterError
        A committee of one, or a vote outside the classes.

    References
    ----------
    .. [1] Dagan, Engelson (1995). Committee-based sampling for training probabilistic classifiers. ICML.

    Examples
    --------
    >>> vote_entropy([[0, 0], [0, 1]], 2).round(3)
    array([0.   , 0.693])
    """
    array = np.asarray(votes, dtype=np.int64)
    if array.ndim != 2 or array.shape[1] < 2:
        raise ParameterError(
            "a committee of one cannot disagree", found=f"shape {array.shape}", fix="give rows by at least two members"
        )
    outside = (array < 0) | (array >= n_classes)
    if outside.any():
        row, member = (int(i) for i in np.argwhere(outside)[0])
        raise ParameterError(
            f"a vote is outside the {n_classes} classes",
            where=f"row {row}, member {member}",
            found=str(array[row, member]),
        )
    counts = np.zeros((len(array), n_classes))
    for member in range(array.shape[1]):
        np.add.at(counts, (np.arange(len(array)), array[:, member]), 1)
    return _entropy(counts / array.shape[1])


def kl_disagreement(members: ArrayLike) -> Floats:
    """Mean Kullback-Leibler divergence, in nats, of each member from the committee's mean [1]_.

    Parameters
    ----------
    members : (n, m, k) array_like of float
        Probabilities by each of m members, at least 2.

    Returns
    -------
    (n,) float64 array, not negative

    References
    ----------
    .. [1] McCallum, Nigam (1998). Employing EM and pool-based active learning for text classification. ICML.

    Examples
    --------
    >>> kl_disagreement([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]]).round(3)
    array([0.693, 0.   ])
    """
    return bald_scores(members)


def bald_scores(members: ArrayLike) -> Floats:
    """Mutual information, in nats, of a row's label and which member is right: BALD [1]_.

    The entropy of the mean minus the mean of the entropies. It equals `kl_disagreement`.

    Parameters
    ----------
    members : (n, m, k) array_like of float
        Probabilities by each of m members, at least 2.

    Returns
    -------
    (n,) float64 array, not negative

    Raises
    ------
    ParameterError, ProbabilityError

    References
    ----------
    .. [1] Houlsby, Huszár, Ghahramani, Lengyel (2011). Bayesian active learning for classification. arXiv:1112.5745.

    Examples
    --------
    >>> bald_scores([[[1.0, 0.0], [0.0, 1.0]]]).round(3)
    array([0.693])
    """
    array = _check_members(members)
    n, m, k = array.shape
    scores = np.empty(n)
    step = max(1, _BLOCK_VALUES // (m * k))
    for start in range(0, n, step):
        block = array[start : start + step].astype(np.float64)
        scores[start : start + step] = _entropy(block.mean(axis=1)) - _entropy(block).mean(axis=1)
    return np.maximum(scores, 0)


def batch_bald(
    members: ArrayLike, batch_size: int, *, max_configurations: int = 20_000, random_state: int = 0
) -> tuple[NDArray[np.int64], Floats]:
    """Rows whose labels *together* tell most about which member is right: BatchBALD [1]_.

    Greedy. The joint entropy is exact while all label combinations of the batch fit
    `max_configurations`; after that it is estimated from that many combinations drawn from the committee.

    Parameters
    ----------
    members : (n, m, k) array_like of float
        Probabilities by each of m members, at least 2.
    batch_size : int
        At most n.
    max_configurations : int
    random_state : int
        Seed of the drawn combinations.

    Returns
    -------
    picks : (batch_size,) int64 array
        Row indices in the order of picking; of equal rows the first.
    information : (batch_size,) float64 array
        Mutual information, in nats, of the batch up to each pick.

    Raises
    ------
    ParameterError, ProbabilityError

    References
    ----------
    .. [1] Kirsch, van Amersfoort, Gal (2019). BatchBALD: efficient and diverse batch acquisition for deep Bayesian
       active learning. NeurIPS 32.

    Examples
    --------
    >>> twin = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    >>> other = [[1.0, 0.0], [1.0, 0.0], [0.1, 0.9], [0.1, 0.9]]
    >>> batch_bald([twin, twin, other], 2)[0]
    array([0, 2])
    """
    array = _check_members(members).astype(np.float64)
    n, m = array.shape[:2]
    if not 0 < batch_size <= n:
        raise ParameterError(
            "the batch must be at least 1 and at most the rows there are", found=f"{batch_size} of {n}"
        )
    conditional = _entropy(array).mean(axis=1)
    rng = np.random.default_rng(random_state)
    joint = np.ones((1, m))  # probability of each label combination of the batch, by member
    weight = np.ones(1)  # importance of each combination: 1 where all are listed
    picks: list[int] = []
    information: list[float] = []
    free = np.ones(n, dtype=bool)
    spent = 0.0
    for _ in range(batch_size):
        entropies = _joint_entropies(array, joint, weight)
        gains = np.where(free, entropies - conditional, -np.inf)
        best = int(np.argmax(gains))
        picks.append(best)
        information.append(float(max(gains[best] - spent, 0)))
        spent += float(conditional[best])
        free[best] = False
        joint, weight = _extend(joint, weight, array[best], max_configurations, rng)
    return np.asarray(picks, dtype=np.int64), np.asarray(information)


def _joint_entropies(array: Floats, joint: Floats, weight: Floats) -> Floats:
    """Entropy of the batch's labels and one more row's, for every row."""
    from scipy.special import entr

    n, m, k = array.shape
    out = np.empty(n)
    step = max(1, _BLOCK_VALUES // (len(joint) * k))
    for start in range(0, n, step):
        block = array[start : start + step]
        p = (joint / m) @ block.transpose(1, 0, 2).reshape(m, -1)
        out[start : start + step] = (weight @ entr(p)).reshape(len(block), k).sum(axis=1)
    return out


def _extend(joint: Floats, weight: Floats, row: Floats, most: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Combinations of the batch with one more row, listed or, where they are too many, drawn."""
    longer = (joint[:, None, :] * row.T[None, :, :]).reshape(-1, joint.shape[1])
    heavier = np.repeat(weight, row.shape[1])
    if len(longer) <= most:
        return longer, heavier
    mass = heavier * longer.mean(axis=1)
    share = mass / mass.sum()
    drawn = rng.choice(len(longer), size=most, p=share)
    return longer[drawn], heavier[drawn] / (most * share[drawn])
