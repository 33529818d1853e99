"""Picks that need a model of their own: discriminative, expected error reduction, and learnt weights of a mix."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.querying.scores import check_probs, check_rows

__all__ = ["discriminative_scores", "expected_error_reduction", "fit_mix_weights"]

Floats = NDArray[np.float64]


def discriminative_scores(X: ArrayLike, labelled: ArrayLike, *, random_state: int = 0) -> Floats:
    """How surely a classifier tells each row from the labelled rows: discriminative active learning [1]_.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
    labelled : (m,) array_like of int
        Rows that have labels; at least one, and not all.
    random_state : int
        Of more than 20,000 unlabelled rows, 20,000 are drawn for training.

    Returns
    -------
    (n,) float64 array in [0, 1]
        Probability of being unlabelled; high means unlike anything labelled.

    Raises
    ------
    ParameterError
        Nothing or everything is labelled.

    References
    ----------
    .. [1] Gissin, Shalev-Shwartz (2019). Discriminative active learning. arXiv:1907.06347.

    Examples
    --------
    >>> discriminative_scores([[0.0], [0.1], [5.0], [0.2]], [0, 1]).argmax()
    np.int64(2)
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rows = check_rows(X)
    known = np.unique(np.asarray(labelled, dtype=np.int64))
    free = np.setdiff1d(np.arange(len(rows)), known)
    if not len(known) or not len(free):
        raise ParameterError(
            "telling labelled from unlabelled rows needs some of both",
            found=f"{len(known)} labelled, {len(free)} unlabelled",
        )
    if len(free) > 20_000:
        free = np.sort(np.random.default_rng(random_state).choice(free, 20_000, replace=False))
    used = np.concatenate([known, free])
    scaler = StandardScaler().fit(rows[used])
    model = LogisticRegression(C=0.1, max_iter=300, tol=1e-3, class_weight="balanced")
    model.fit(scaler.transform(rows[used]), np.arange(len(used)) >= len(known))
    scores = np.empty(len(rows))
    for start in range(0, len(rows), 65_536):
        block = scaler.transform(rows[start : start + 65_536])
        scores[start : start + len(block)] = model.predict_proba(block)[:, 1]
    return scores


def expected_error_reduction(
    model: Any,
    X: ArrayLike,
    labels: ArrayLike,
    candidates: ArrayLike,
    probs: ArrayLike,
    evaluate: ArrayLike,
    *,
    top_classes: int = 3,
) -> Floats:
    """Expected error, on a sample of rows, after each candidate's label is known: Monte-Carlo EER [1]_.

    Parameters
    ----------
    model : object
        A scikit-learn classifier with ``predict_proba``; cloned and trained once for each candidate and class.
    X : (n, d) array_like of float, finite
    labels : (n,) array_like of int
        Class codes, -1 where unlabelled; at least two classes.
    candidates : (c,) array_like of int
        Unlabelled rows to judge; keep them few, 20 to 100.
    probs : (c, k) array_like of float
        Probabilities of the candidates by the present model.
    evaluate : (e,) array_like of int
        Rows on which the error is expected.
    top_classes : int
        Only so many of a candidate's most probable classes are tried, their probabilities scaled to 1.

    Returns
    -------
    (c,) float64 array in [0, 1]
        Expected error: the mean, over the evaluated rows, of 1 minus the largest probability. Low means ask first.

    Raises
    ------
    LabelError, AlignmentError, DataError

    References
    ----------
    .. [1] Roy, McCallum (2001). Toward optimal active learning through sampling estimation of error reduction. ICML.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X = np.array([[0.0], [1.0], [4.0], [5.0], [2.5], [0.1]])
    >>> labels, probs = [0, 0, 1, 1, -1, -1], [[0.5, 0.5], [1.0, 0.0]]
    >>> error = expected_error_reduction(GaussianNB(), X, labels, [4, 5], probs, [4, 5])
    >>> error.shape
    (2,)
    """
    from sklearn.base import clone

    from tilth.numerics.cross_fitting.fold_models import FoldModel

    codes = np.asarray(labels, dtype=np.int64)
    rows = check_rows(X, n=len(codes))
    p = check_probs(probs)
    asked, judged = np.asarray(candidates, dtype=np.int64), np.asarray(evaluate, dtype=np.int64)
    if len(p) != len(asked):
        raise AlignmentError("candidates and probabilities differ in length", found=f"{len(asked)} and {len(p)}")
    known = np.flatnonzero(codes >= 0)
    if len(np.unique(codes[known])) < 2:
        raise LabelError("expected error needs labels of two classes", found=f"{len(known)} labelled rows")
    errors = np.empty(len(asked))
    for place, row in enumerate(asked):
        tried = np.argsort(-p[place], kind="stable")[:top_classes]
        tried = tried[p[place, tried] > 0]
        share = p[place, tried] / p[place, tried].sum()
        total = 0.0
        for label, weight in zip(tried, share, strict=True):
            used = np.append(known, row)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="The number of unique classes is greater than 50%")
                fitted = FoldModel.fit("candidate", clone(model), rows[used], np.append(codes[known], label), None)
            total += float(weight) * float(1 - fitted.predict(rows[judged], p.shape[1]).max(axis=1).mean())
        errors[place] = total
    return errors


def fit_mix_weights(parts: ArrayLike, gains: ArrayLike, prior: ArrayLike, *, strength: float = 20.0) -> Floats:
    """Weights of a mix of scores, learnt from which picks taught the model something.

    Ridge regression of the gains on the parts, drawn towards the prior, with weights that are not negative and sum
    to 1: with few picks the prior stands, with many the picks decide.

    Parameters
    ----------
    parts : (m, q) array_like of float
        The scores of each past pick, each in [0, 1].
    gains : (m,) array_like of float
        What each pick taught: 1 minus the probability that the model gave its label before.
    prior : (q,) array_like of float
        Weights before any pick; not negative, summing to more than 0.
    strength : float
        How many picks the prior counts for.

    Returns
    -------
    (q,) float64 array

    Raises
    ------
    AlignmentError, ParameterError

    Examples
    --------
    >>> parts = np.array([[1.0, 0.0], [0.9, 0.2], [0.1, 1.0], [0.0, 0.9]] * 20)
    >>> fit_mix_weights(parts, parts[:, 0], [0.5, 0.5]).round(1)
    array([0.9, 0.1])
    """
    from scipy.optimize import nnls

    A, b, w = (np.asarray(v, dtype=np.float64) for v in (parts, gains, prior))
    if A.ndim != 2 or A.shape != (len(b), len(w)):
        raise AlignmentError("parts, gains and prior do not fit", found=f"{A.shape}, {b.shape}, {w.shape}")
    if not np.isfinite(A).all() or not np.isfinite(b).all() or (w < 0).any() or not w.sum() > 0:
        raise ParameterError("parts and gains must be finite, prior weights not negative", where="fit_mix_weights")
    w = np.asarray(w / w.sum())
    if not len(b):
        return w
    level = float(b.mean() / max(float((A @ w).mean()), 1e-12))
    centred, target = A - A.mean(axis=0), b - b.mean()
    ridge = np.sqrt(strength * max(float(A.var(axis=0).mean()), 1e-12))
    solved, _ = nnls(
        np.vstack([centred, ridge * np.eye(len(w))]), np.concatenate([target, ridge * w * min(level, 1.0)])
    )
    return np.asarray(solved / solved.sum()) if solved.sum() > 0 else w
