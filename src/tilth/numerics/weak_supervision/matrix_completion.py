"""Matrix completion: accuracies of labelling functions from how often they vote together, without any label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, ParameterError
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.weak_supervision.balance import believed_precisions
from tilth.numerics.weak_supervision.matrix import incidence
from tilth.numerics.weak_supervision.model import WeakModel, class_balance_of, from_conditionals, weak_votes

__all__ = ["VoteMoments", "fit_moments", "matrix_completion", "vote_moments"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VoteMoments:
    """How often each (function, class) voted, alone and together: all that the fit needs of the rows.

    Attributes
    ----------
    together : sparse matrix of shape (m * k, m * k)
        Rows on which both were voted; the diagonal counts single votes.
    n_rows : int
    k : int
    """

    together: Any
    n_rows: int
    k: int

    def plus(self, other: VoteMoments) -> VoteMoments:
        """The moments of both sets of rows."""
        if self.together.shape != other.together.shape or self.k != other.k:
            raise AlignmentError(
                "the new rows have other functions or classes",
                found=f"{other.together.shape[0] // other.k} functions, {other.k} classes",
                fix=f"give the {self.together.shape[0] // self.k} functions and {self.k} classes of the first fit",
            )
        return VoteMoments(self.together + other.together, self.n_rows + other.n_rows, self.k)


def vote_moments(votes: Votes) -> VoteMoments:
    """Count joint votes in blocks of rows.

    Examples
    --------
    >>> from tilth.numerics.weak_supervision.matrix import label_matrix
    >>> vote_moments(label_matrix([[0, 0], [1, -1]])).together.toarray().astype(int).tolist()
    [[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    """
    counts = incidence(votes)
    return VoteMoments((counts.T @ counts).tocsr(), votes.n_items, votes.n_classes)


def matrix_completion(
    L: Any,
    *,
    class_balance: npt.ArrayLike | None = None,
    gold: npt.ArrayLike | None = None,
    prec_init: float = 0.7,
    l2: float = 0.0,
    max_iter: int = 500,
    previous: WeakModel | None = None,
) -> WeakModel:
    """Fit a label model by matrix completion.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
        -1 where a function abstains. One function is enough; below three its precision stays at `prec_init`.
    class_balance : array-like of shape (k,), optional
        Shares of the classes. Default: from `gold`, else uniform.
    gold : array-like of shape (n,), optional
        True classes, -1 where unknown; used for the class balance only.
    prec_init : float, default=0.7
        Precision, in (0, 1), that the functions are believed to have before anything is seen; the solution nearest
        to it is found, and it keeps the classes from trading places.
    l2 : float, default=0
        Pull towards the start.
    max_iter : int, default=500
    previous : WeakModel, optional
        An earlier fit of the same functions, to whose rows these are added (``partial_fit``).

    Returns
    -------
    WeakModel

    Raises
    ------
    LabelError
        No rows, or no function fired.
    ParameterError
        `prec_init` outside (0, 1), `l2` negative, or a class balance that is none.
    AlignmentError
        `previous` has other functions or classes.

    Notes
    -----
    If functions err independently given the class, the share of rows on which function i votes a and j votes b is
    sum_y p(y) mu[i, a, y] mu[j, b, y], where mu is P(vote | class). mu is found by least squares over all pairs of
    different functions and over the single shares, by bounded quasi-Newton steps; the cost of a step follows the
    number of pairs that ever fire together, not the number of rows. Deterministic.

    References
    ----------
    Ratner, Hancock, Dunnmon, Sala, Pandey and Re (2019), "Training complex models with multi-task weak supervision".

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(2, size=4000)
    >>> right = rng.random((4000, 4)) < [0.9, 0.8, 0.7, 0.6]
    >>> L = np.where(rng.random((4000, 4)) < 0.5, np.where(right, truth[:, None], 1 - truth[:, None]), -1)
    >>> bool(np.abs(matrix_completion(L).accuracies - [0.9, 0.8, 0.7, 0.6]).max() < 0.05)
    True
    """
    if not 0 < prec_init < 1:
        raise ParameterError("prec_init must lie between 0 and 1", found=str(prec_init))
    if not l2 >= 0:
        raise ParameterError("l2 must not be negative", found=str(l2))
    votes = weak_votes(L, previous.classes if previous is not None else None)
    moments = vote_moments(votes)
    given = class_balance_of(votes, class_balance, gold)
    if previous is not None:
        moments = previous.counts.plus(moments) if isinstance(previous.counts, VoteMoments) else moments
        given = previous.prior if given is None else given
    prior = np.full(votes.n_classes, 1 / votes.n_classes) if given is None else given
    conditionals = fit_moments(moments, prior, prec_init=prec_init, l2=l2, max_iter=max_iter)
    made = from_conditionals("matrix_completion", votes, conditionals, prior, counts=moments)
    if previous is not None:
        return _rows(made, moments)
    return made


def _rows(model: WeakModel, moments: VoteMoments) -> WeakModel:
    from dataclasses import replace

    return replace(model, n_rows=moments.n_rows)


def fit_moments(
    moments: VoteMoments, prior: FloatArray, *, prec_init: float = 0.7, l2: float = 0.0, max_iter: int = 500
) -> FloatArray:
    """P(vote | class) of every function, shape (m, k, k), from joint counts; see `matrix_completion`.

    Examples
    --------
    >>> from tilth.numerics.weak_supervision.matrix import label_matrix
    >>> moments = vote_moments(label_matrix([[0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 1]]))
    >>> fit_moments(moments, np.array([0.5, 0.5])).shape
    (3, 2, 2)
    """
    from scipy.optimize import minimize

    k = moments.k
    observed = moments.together * (1.0 / moments.n_rows)
    single = observed.diagonal()
    cross = _between_functions(observed, k)
    m = single.size // k
    start = _start(single, prior, prec_init)
    low = min(0.01, 10.0 ** -np.ceil(np.log10(max(moments.n_rows, 10))))
    scale = 1.0 / max(float((cross.data**2).sum()) + float((single**2).sum()), 1e-12)

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        mu = flat.reshape(m * k, k)
        value, slope = _loss(mu, cross, single, prior)
        pull = mu - start
        return scale * value + l2 * float((pull**2).sum()), (scale * slope + 2 * l2 * pull).ravel()

    found = minimize(
        loss, start.ravel(), jac=True, method="L-BFGS-B", bounds=[(low * 1e-3, 1 - low * 1e-3)] * start.size,
        options={"maxiter": max_iter, "ftol": 1e-12, "gtol": 1e-9},
    )  # fmt: skip
    mu = np.clip(found.x.reshape(m, k, k), low, 1 - low)
    silent = single.reshape(m, k) == 0
    mu[silent] = low
    return np.asarray(mu, dtype=np.float64)


def _between_functions(observed: Any, k: int) -> Any:
    """Joint shares of different functions only."""
    coo = observed.tocoo()
    keep = coo.row // k != coo.col // k
    from scipy.sparse import csr_array

    return csr_array((coo.data[keep].astype(np.float64), (coo.row[keep], coo.col[keep])), shape=observed.shape)


def _start(single: FloatArray, prior: FloatArray, precision: float) -> FloatArray:
    """P(vote | class) that a function of the given precision with these shares would have."""
    k = prior.size
    share = single.reshape(-1, k)
    made = share[:, :, None] * believed_precisions(share, prior, precision) / prior
    return np.asarray(np.clip(made, 1e-6, 1 - 1e-6).reshape(-1, k), dtype=np.float64)


def _loss(mu: FloatArray, cross: Any, single: FloatArray, prior: FloatArray) -> tuple[float, FloatArray]:
    """Squared misfit of the pairs and of the single shares, with its slope, without a dense (mk, mk) matrix."""
    k = prior.size
    weighted = mu * prior
    inner = mu.T @ weighted
    blocks = mu.reshape(-1, k, k)
    own = np.einsum("jay,jby->jab", blocks * prior, blocks)
    crossed = np.asarray(cross @ weighted)
    # ||W - mu P mu'||^2 over pairs of different functions = all pairs - own blocks
    value = (
        float((cross.data**2).sum()) - 2 * float((mu * crossed).sum()) + float((inner * inner.T).sum())
        - float((own**2).sum())
    )  # fmt: skip
    own_slope = np.einsum("jab,jby->jay", own, blocks).reshape(mu.shape)
    slope = 4 * (mu @ inner.T - own_slope) * prior - 4 * crossed
    miss = weighted.sum(axis=1) - single
    return value + float((miss**2).sum()), slope + 2 * miss[:, None] * prior
