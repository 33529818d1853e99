"""Sequences of labelled tokens: which tokens, and which sentences, are probably labelled wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ProbabilityError, TilthError
from tilth.numerics.confident.issues import find_label_issues
from tilth.numerics.confident.probabilities import check_labels, check_pred_probs
from tilth.numerics.label_errors.log_odds import from_log_odds, pool_log_odds
from tilth.numerics.label_errors.model import estimate_label_errors

__all__ = ["TokenErrors", "find_token_errors"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_CHANNEL = 0.4
_FEWEST = 20


@dataclass(frozen=True, eq=False)
class TokenErrors:
    """What `find_token_errors` found.

    Attributes
    ----------
    scores : ndarray of float64, shape (n,)
        In [0, 1], high means look here first: that of the worst token of each sentence; 0 for a sentence without
        tokens.
    issues : ndarray of bool, shape (n,)
        Sentences with a token issue.
    token_scores : list of n ndarrays of float64, shape (tokens,)
    token_issues : list of n ndarrays of bool, shape (tokens,)
    suggested : list of n ndarrays of int64, shape (tokens,)
        The most probable class of each token that is an issue, else the given one.
    """

    scores: Floats
    issues: Mask
    token_scores: list[Floats]
    token_issues: list[Mask]
    suggested: list[npt.NDArray[np.int64]]


def find_token_errors(labels: Sequence[Any], pred_probs: Sequence[Any]) -> TokenErrors:
    """Find tokens that are probably labelled wrongly, and the sentences that hold them.

    Tokens of all sentences are judged together. A token's score is the mean, in log-odds, of two probabilities that its
    label is wrong: one minus the model's, with every class measured by how sure the model is of it elsewhere, since one
    class (no entity) often outnumbers the rest; and what is left of it when the estimated rate at which each class is
    given for each other one is accounted for, which brings out entities that are regularly missed.

    Parameters
    ----------
    labels : sequence of n sequences of int
        Class of each token, 0..k-1; no missing values. A sentence may be empty.
    pred_probs : sequence of n array_like of float, shape (tokens, k)
        Out-of-sample probabilities in [0, 1] of each token; folds should keep a sentence whole.

    Returns
    -------
    TokenErrors

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError
        If the input cannot be used; the message names the sentence.

    References
    ----------
    Wang, Mueller 2022, "Detecting Label Errors in Token Classification Data", arXiv:2210.03920.
    Patrini et al. 2017, "Making Deep Neural Networks Robust to Label Noise: A Loss Correction Approach", CVPR.

    Examples
    --------
    >>> labels = [[0, 0, 1], [0, 1]]
    >>> pred_probs = [[[0.9, 0.1], [0.7, 0.3], [0.05, 0.95]], [[0.8, 0.2], [0.8, 0.2]]]
    >>> found = find_token_errors(labels, pred_probs)
    >>> found.scores.argmax(), found.token_scores[1].argmax()
    (np.int64(1), np.int64(1))
    """
    codes, probs, lengths = _flatten(labels, pred_probs)
    log_odds = _log_odds(codes, probs)
    issues = find_label_issues(codes, probs)
    suggested = np.where(issues, probs.argmax(axis=1), codes).astype(np.int64)
    cuts = np.cumsum(lengths)[:-1]
    token_scores = np.split(from_log_odds(log_odds), cuts)
    token_issues = np.split(issues, cuts)
    return TokenErrors(
        scores=np.array([part.max() if len(part) else 0.0 for part in token_scores]),
        issues=np.array([bool(part.any()) for part in token_issues]),
        token_scores=token_scores,
        token_issues=token_issues,
        suggested=np.split(suggested, cuts),
    )


def _log_odds(codes: npt.NDArray[np.int64], probs: Floats) -> Floats:
    """Log-odds that each token's label is wrong."""
    each = np.arange(len(codes))
    own = probs[each, codes]
    counts = np.bincount(codes, minlength=probs.shape[1])
    sure = np.bincount(codes, weights=own, minlength=probs.shape[1]) / np.maximum(counts, 1)
    sure[counts == 0] = 1.0
    scaled = probs / np.maximum(sure, 1e-6)
    wrong = 1 - scaled[each, codes] / np.maximum(scaled.sum(axis=1), 1e-12)
    if len(codes) < _FEWEST or np.count_nonzero(counts) < 2:
        return pool_log_odds((1.0, wrong))
    estimate = estimate_label_errors(None, codes, pred_probs=_normalised(probs))
    return pool_log_odds((1 - _CHANNEL, wrong), (_CHANNEL, estimate.p_error_low))


def _normalised(probs: Floats) -> Floats:
    total = probs.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0, probs / np.where(total > 0, total, 1), 1 / probs.shape[1]))


def _flatten(
    labels: Sequence[Any], pred_probs: Sequence[Any]
) -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
    if len(labels) != len(pred_probs):
        raise AlignmentError("labels and pred_probs have different lengths", found=f"{len(labels)}, {len(pred_probs)}")
    codes: list[npt.NDArray[Any]] = []
    probs: list[npt.NDArray[Any]] = []
    for i, (given, table) in enumerate(zip(labels, pred_probs, strict=True)):
        if len(given) != len(table):
            raise AlignmentError(
                "a sentence has other numbers of labels and of rows of probabilities",
                where=f"sentence {i}",
                found=f"{len(given)} and {len(table)}",
                fix="give one row per token, after joining word pieces",
            )
        if not len(given):
            continue
        try:
            probs.append(check_pred_probs(table))
            codes.append(check_labels(given, probs[-1].shape[1]))
        except TilthError as error:
            raise type(error)(error.what, where=_place(i, error.where), found=error.found, fix=error.fix) from error
        if probs[-1].shape[1] != probs[0].shape[1]:
            raise ProbabilityError(
                "sentences have different numbers of classes",
                where=f"sentence {i}",
                found=f"{probs[-1].shape[1]} columns, {probs[0].shape[1]} before",
            )
    if not codes:
        raise LabelError("there are no tokens", found=f"{len(labels)} sentences", fix="pass at least one token")
    lengths = np.array([len(given) for given in labels], dtype=np.int64)
    return np.concatenate(codes).astype(np.int64), np.concatenate(probs).astype(np.float64), lengths


def _place(sentence: int, where: str) -> str:
    return f"sentence {sentence}, {where}" if where else f"sentence {sentence}"
