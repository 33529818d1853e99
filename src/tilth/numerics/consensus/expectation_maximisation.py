"""Dawid-Skene and its one-coin form: expectation maximisation over sparse votes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, ParameterError
from tilth.numerics.consensus.result import (
    Consensus,
    check_iterations,
    choose_labels,
    class_votes,
    fill_quality,
    one_coin_confusions,
    vote_shares,
)
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.consensus.votes_growing import grow_votes, voted_items, votes_of_items

__all__ = ["dawid_skene", "dawid_skene_update", "one_coin"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def dawid_skene(
    votes: Any,
    *,
    init: Consensus | npt.ArrayLike | None = None,
    max_iter: int = 100,
    tol: float = 1e-5,
    smoothing: float = 0.01,
) -> Consensus:
    """Infer true classes together with one confusion matrix per rater (Dawid and Skene).

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
        Anything :func:`tilth.numerics.consensus.votes.as_votes` reads.
    init : Consensus or array-like of shape (n_items, n_classes), optional
        Warm start: an earlier fit of these raters (its confusion matrices and prior are used; raters appended since
        start at the average), or beliefs. Default: shares of votes.
    max_iter : int, default=100
    tol : float, default=1e-5
        Stop when the log-likelihood per vote gains less.
    smoothing : float, default=0.01
        Pseudo-votes added to every cell of a confusion matrix, so that no class becomes impossible.

    Returns
    -------
    Consensus
        An item without votes has the prior as its belief; a rater without votes the average confusion matrix.

    Raises
    ------
    LabelError
        Numeric votes, or only one class.
    AlignmentError
        `init` of the wrong shape.
    ParameterError
        `max_iter` below 1, `tol` or `smoothing` negative.

    Notes
    -----
    Deterministic. Memory is about 12 bytes per vote plus three arrays of n_items x n_classes.

    References
    ----------
    Dawid and Skene (1979), "Maximum likelihood estimation of observer error-rates using the EM algorithm".

    Examples
    --------
    >>> fit = dawid_skene([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0], [0, 0, 1], [1, 1, 0]])
    >>> fit.labels.tolist()
    [0, 1, 0, 1, 0, 1]
    >>> fit.quality.round(1).tolist()
    [1.0, 1.0, 0.3]
    """
    check_iterations(max_iter, tol)
    if not smoothing >= 0:
        raise ParameterError("smoothing must not be negative", found=str(smoothing))
    made = class_votes(votes)
    shape = (made.n_raters, made.n_classes, made.n_classes)
    incidence = _incidence(made)
    voted = made.votes_per_item > 0
    beliefs, prior, confusions = _start(made, init)
    last, steps, converged, likelihood = -np.inf, 0, False, float("nan")
    counts: FloatArray = np.empty(0)
    for steps in range(1, max_iter + 1):
        if confusions is None or steps > 1:
            counts = np.asarray(incidence.T @ beliefs).reshape(shape).transpose(0, 2, 1)
            confusions = _confusions(counts, smoothing)
            prior = beliefs[voted].mean(axis=0)
        beliefs, likelihood = _expect(incidence, confusions, prior)
        if likelihood - last < tol * made.n_votes:
            converged = True
            break
        last = likelihood
    counts = np.asarray(incidence.T @ beliefs).reshape(shape).transpose(0, 2, 1)
    fitted = _result("dawid_skene", made, beliefs, prior, counts, smoothing)
    return replace(fitted, log_likelihood=likelihood, iterations=steps, converged=converged)


def _incidence(votes: Votes) -> Any:
    """Return the sparse 0/1 matrix of items by (rater, voted class)."""
    from scipy.sparse import csr_array

    k = votes.n_classes
    width = votes.n_raters * k
    index = np.int32 if max(width, votes.n_votes) < 2**31 - 1 else np.int64
    columns = (votes.raters * k + votes.values).astype(index)
    starts = votes.starts().astype(index)
    return csr_array((np.ones(columns.size), columns, starts), shape=(votes.n_items, width))


def _start(votes: Votes, init: Consensus | npt.ArrayLike | None) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    shares, prior = vote_shares(votes)
    if init is None:
        return shares, prior, None
    k = votes.n_classes
    if isinstance(init, Consensus):
        if init.confusions.size == 0:
            return _start(votes, init.beliefs)
        if init.prior.size != k or init.confusions.shape[0] > votes.n_raters:
            raise AlignmentError(
                "init has other classes or more raters than the votes",
                found=f"confusions of shape {init.confusions.shape}",
                fix="start from votes whose raters and classes keep their positions",
            )
        new = votes.n_raters - init.confusions.shape[0]
        average = np.repeat(init.confusions.mean(axis=0, keepdims=True), new, axis=0)
        return shares, init.prior, np.concatenate([init.confusions, average])
    given = np.asarray(init, dtype=np.float64)
    if given.shape != (votes.n_items, k):
        raise AlignmentError("init must hold beliefs of shape (n_items, n_classes)", found=f"shape {given.shape}")
    return given, prior, None


def _confusions(counts: FloatArray, smoothing: float) -> FloatArray:
    """Normalise expected counts (r, true, voted); an empty row becomes uniform."""
    padded = counts + max(smoothing, 1e-10)
    made: FloatArray = padded / padded.sum(axis=-1, keepdims=True)
    return made


def _expect(incidence: Any, confusions: FloatArray, prior: FloatArray) -> tuple[FloatArray, float]:
    """Return beliefs and the log-likelihood of the votes."""
    k = prior.size
    logs = np.log(np.clip(confusions, 1e-300, None)).transpose(0, 2, 1).reshape(-1, k)
    joint = incidence @ np.ascontiguousarray(logs)
    joint += np.log(np.clip(prior, 1e-300, None))
    top = joint.max(axis=1, keepdims=True)
    joint -= top
    np.exp(joint, out=joint)
    total = joint.sum(axis=1, keepdims=True)
    joint /= total
    return joint, float((np.log(total) + top).sum())


def _result(
    method: str, votes: Votes, beliefs: FloatArray, prior: FloatArray, counts: FloatArray, smoothing: float
) -> Consensus:
    confusions = _confusions(counts, smoothing)
    silent = votes.votes_per_rater == 0
    if silent.any():
        confusions[silent] = _confusions(counts.sum(axis=0), smoothing)
    quality = fill_quality(np.einsum("rzz,z->r", confusions, prior), votes)
    labels = choose_labels(beliefs, prior)
    return Consensus(method, beliefs, labels, prior, quality, confusions=confusions, rater_counts=counts)


def dawid_skene_update(
    votes: Votes,
    fitted: Consensus,
    items: Any,
    raters: Any,
    labels: Any,
    *,
    max_iter: int = 20,
    tol: float = 1e-4,
    smoothing: float = 0.01,
) -> tuple[Votes, Consensus]:
    """Add votes to a Dawid-Skene fit, recomputing only the items they touch and the raters of those items.

    Parameters
    ----------
    votes : Votes
        The votes that `fitted` was made from.
    fitted : Consensus
        Result of :func:`dawid_skene` or of an earlier update.
    items, raters, labels : array-like of shape (a,)
        Names and labels of the added votes; new items and raters are appended.
    max_iter, tol : int and float
        Local steps, and the largest change of a belief at which they stop.
    smoothing : float, default=0.01
        As in the fit.

    Returns
    -------
    votes : Votes
        All votes; the additions are merged into its columns when these are first read.
    consensus : Consensus
        ``log_likelihood`` is NaN, since the untouched items are not visited. Beliefs of untouched items stay; a
        warm-started :func:`dawid_skene` (``init=``) brings everything to convergence.

    Raises
    ------
    AlignmentError
        `fitted` does not belong to `votes`.

    Examples
    --------
    >>> from tilth.numerics.consensus.votes import as_votes
    >>> votes = as_votes([[0, 0], [1, 1], [0, 0], [1, 1], [0, 1]])
    >>> more, fit = dawid_skene_update(votes, dawid_skene(votes), [4, 5], [2, 2], [1, 1])
    >>> more.n_votes, fit.labels.size
    (12, 6)
    """
    k = fitted.prior.size
    if fitted.beliefs.shape != (votes.n_items, votes.n_classes) or fitted.rater_counts.shape[:1] != (votes.n_raters,):
        raise AlignmentError("this fit does not belong to these votes", fix="pass the votes it was made from")
    grown = grow_votes(votes, items, raters, labels)
    touched = _touched(grown, items)
    beliefs = np.concatenate([fitted.beliefs, np.tile(fitted.prior, (grown.n_items - votes.n_items, 1))])
    counts = np.concatenate([fitted.rater_counts, np.zeros((grown.n_raters - votes.n_raters, k, k))])
    old = touched[touched < votes.n_items]
    before = votes_of_items(votes, old)
    np.subtract.at(counts, _cells(before.raters, before.values), beliefs[old][before.local])
    np.clip(counts, 0.0, None, out=counts)
    now = votes_of_items(grown, touched)
    who, local_rater = np.unique(now.raters, return_inverse=True)
    fixed = counts[who]
    confusions = np.concatenate([fitted.confusions, _confusions(counts[votes.n_raters :], smoothing)])[who]
    fresh = fixed.sum(axis=(1, 2)) <= 0
    confusions[fresh] = fitted.confusions.mean(axis=0)
    mine, local_counts, steps = beliefs[touched], fixed, 0
    for steps in range(1, max_iter + 1):  # noqa: B007 - reported below
        logs = np.log(np.clip(confusions, 1e-300, None))[local_rater, :, now.values]
        joint = np.tile(np.log(np.clip(fitted.prior, 1e-300, None)), (touched.size, 1))
        np.add.at(joint, now.local, logs)
        joint = np.exp(joint - joint.max(axis=1, keepdims=True))
        new = joint / joint.sum(axis=1, keepdims=True)
        local_counts = fixed.copy()
        np.add.at(local_counts, _cells(local_rater, now.values), new[now.local])
        confusions = _confusions(local_counts, smoothing)
        moved = float(np.abs(new - mine).max(initial=0.0))
        mine = new
        if moved < tol:
            break
    return grown, _updated(grown, fitted, (beliefs, touched, mine), (counts, who, local_counts), smoothing, steps)


def _cells(raters: IntArray, values: IntArray) -> Any:
    """Index the (true class) columns of (rater, true, voted) counts that each vote adds to."""
    return raters, slice(None), values


def _touched(grown: Votes, items: Any) -> IntArray:
    """Return the sorted positions of the named items."""
    from tilth.numerics.consensus.votes_reading import extend_names, flat_column

    index, _ = extend_names(grown.item_names, flat_column(items))
    return np.unique(index)


def _updated(
    grown: Votes,
    fitted: Consensus,
    item_part: tuple[FloatArray, IntArray, FloatArray],
    rater_part: tuple[FloatArray, IntArray, FloatArray],
    smoothing: float,
    steps: int,
) -> Consensus:
    beliefs, touched, mine = item_part
    counts, who, local_counts = rater_part
    known = touched < fitted.labels.size
    voted = voted_items(grown)
    shift = mine.sum(axis=0) - beliefs[touched[known]].sum(axis=0)
    prior = fitted.prior * (voted - int(np.count_nonzero(~known))) + shift
    prior = np.clip(prior, 0.0, None) / np.clip(prior, 0.0, None).sum()
    beliefs[touched] = mine
    counts[who] = local_counts
    labels = np.concatenate([fitted.labels, np.zeros(grown.n_items - fitted.labels.size, dtype=np.int64)])
    labels[touched] = choose_labels(mine, prior)
    confusions = _confusions(counts, smoothing)
    quality = np.clip(np.einsum("rzz,z->r", confusions, prior), 0.0, 1.0)
    return replace(
        fitted,
        beliefs=beliefs,
        labels=labels,
        prior=prior,
        quality=quality,
        confusions=confusions,
        rater_counts=counts,
        log_likelihood=float("nan"),
        iterations=steps,
    )


def one_coin(
    votes: Any,
    *,
    init: Consensus | npt.ArrayLike | None = None,
    max_iter: int = 100,
    tol: float = 1e-5,
    smoothing: float = 0.01,
) -> Consensus:
    """Infer true classes with one accuracy per rater, errors being equally likely on all other classes.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
    init : Consensus or array-like of shape (n_items, n_classes), optional
        Beliefs to start from. Default: shares of votes.
    max_iter, tol, smoothing
        As in :func:`dawid_skene`; `smoothing` right and k - 1 times as many wrong pseudo-votes per rater.

    Returns
    -------
    Consensus
        ``quality`` is the accuracy; ``confusions`` are built from it.

    Raises
    ------
    LabelError, AlignmentError, ParameterError
        As in :func:`dawid_skene`.

    References
    ----------
    Zhang, Chen, Zhou and Jordan (2016), "Spectral methods meet EM".

    Examples
    --------
    >>> fit = one_coin([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0], [0, 0, 1], [1, 1, 0]])
    >>> fit.labels.tolist(), fit.quality.round(1).tolist()
    ([0, 1, 0, 1, 0, 1], [1.0, 1.0, 0.3])
    """
    check_iterations(max_iter, tol)
    made = class_votes(votes)
    k, n = made.n_classes, made.n_items
    beliefs, prior, _ = _start(made, init.beliefs if isinstance(init, Consensus) else init)
    cells = made.items * k + made.values
    counts = made.votes_per_rater
    voted = made.votes_per_item > 0
    pad = max(smoothing, 1e-10)
    last, likelihood, converged, steps = -np.inf, float("nan"), False, 0
    skill = np.full(made.n_raters, 0.5)
    for steps in range(1, max_iter + 1):  # noqa: B007 - reported below
        right = np.bincount(made.raters, beliefs.ravel()[cells], minlength=made.n_raters)
        skill = (right + pad) / (counts + k * pad)
        prior = beliefs[voted].mean(axis=0)
        wrong = np.log((1 - skill) / (k - 1))
        gain = (np.log(skill) - wrong)[made.raters]
        joint = np.bincount(cells, gain, minlength=n * k).reshape(n, k) + np.log(np.clip(prior, 1e-300, None))
        base = np.bincount(made.items, wrong[made.raters], minlength=n)
        top = joint.max(axis=1)
        shifted = np.exp(joint - top[:, None])
        total = shifted.sum(axis=1)
        beliefs = shifted / total[:, None]
        likelihood = float((np.log(total) + top + base).sum())
        if likelihood - last < tol * made.n_votes:
            converged = True
            break
        last = likelihood
    quality = fill_quality(skill, made)
    return Consensus(
        "one_coin",
        beliefs,
        choose_labels(beliefs, prior),
        prior,
        quality,
        confusions=one_coin_confusions(quality, k),
        log_likelihood=likelihood,
        iterations=steps,
        converged=converged,
    )
