"""EDA's functions for a notebook: WordNet's synonyms where no others are given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from tilth.generators.text._wordnet import wordnet_synonyms
from tilth.numerics.augment import text_eda

__all__ = ["eda", "random_insertion", "synonym_replacement"]

Synonyms = Callable[[str], Sequence[str]]
Generator = np.random.Generator


def eda(
    text: str,
    rng: Generator | int = 0,
    *,
    synonyms: Synonyms | None = None,
    alpha: float = 0.1,
    alpha_sr: float | None = None,
    alpha_ri: float | None = None,
    alpha_rs: float | None = None,
    p_rd: float | None = None,
    n_aug: int = 9,
    protected: Collection[str] = (),
    keep_negations: bool = True,
) -> list[str]:
    """`n_aug` changed copies of a text, the four operations of EDA in equal parts and random order [1]_.

    Parameters
    ----------
    text : str
    rng : Generator or int, default 0
        The same number, the same texts.
    synonyms : callable, optional
        Word in lower case to a sequence of synonyms; `wordnet_synonyms()` by default.
    alpha : float in [0, 1], default 0.1
        Share of words changed by one operation. The paper advises 0.05 below 5,000 rows, 0.1 above.
    alpha_sr, alpha_ri, alpha_rs, p_rd : float in [0, 1], optional
        The share of synonym replacement, insertion, swap and deletion, where it differs from `alpha`; 0 leaves one out.
    n_aug : int, default 9
        The paper advises 16 for 500 rows, 8 for 2,000, 4 above.
    protected : collection of str
        Words, in any case, that stay as and where they are.
    keep_negations : bool, default True
        Leave "not", "n't", "never" and the like alone: they decide the label.

    Returns
    -------
    list of str, length `n_aug`
        The text itself is not among them, unless it has fewer than two words or nothing could be changed.

    Raises
    ------
    MissingExtraError
        No synonyms are given and WordNet is not installed.
    ParameterError
        A share out of range, or `n_aug` below 0.

    References
    ----------
    .. [1] Wei, Zou (2019). EDA: easy data augmentation techniques for boosting performance on text classification
       tasks. EMNLP.

    Examples
    --------
    >>> eda("a good movie, not a long one", synonyms={"movie": ["film"], "long": ["lengthy"]}.get, n_aug=2)
    ['a movie good, not a long one', 'a good movie, not a lengthy one']
    """
    found = wordnet_synonyms() if synonyms is None else synonyms
    return text_eda.eda(
        text, rng, synonyms=found, alpha=alpha, alpha_sr=alpha_sr, alpha_ri=alpha_ri, alpha_rs=alpha_rs, p_rd=p_rd,
        n_aug=n_aug, protected=protected, keep_negations=keep_negations,
    )  # fmt: skip


def synonym_replacement(
    text: str,
    rng: Generator | int = 0,
    *,
    synonyms: Synonyms | None = None,
    alpha: float = 0.1,
    protected: Collection[str] = (),
    keep_negations: bool = True,
) -> str:
    """Replace ``max(1, int(alpha * words))`` different content words by synonyms, wherever they stand.

    Parameters, errors and reference as for `eda`.

    Examples
    --------
    >>> synonym_replacement("A good Movie.", synonyms={"movie": ["film"]}.get)
    'A good Film.'
    """
    found = wordnet_synonyms() if synonyms is None else synonyms
    return text_eda.synonym_replacement(
        text, rng, synonyms=found, alpha=alpha, protected=protected,
        keep_negations=keep_negations,
    )  # fmt: skip


def random_insertion(
    text: str,
    rng: Generator | int = 0,
    *,
    synonyms: Synonyms | None = None,
    alpha: float = 0.1,
    protected: Collection[str] = (),
    keep_negations: bool = True,
) -> str:
    """Insert synonyms of ``max(1, int(alpha * words))`` words at random places, never right after a negation.

    Parameters, errors and reference as for `eda`.

    Examples
    --------
    >>> len(random_insertion("not a good movie", synonyms={"movie": ["film"]}.get).split())
    5
    """
    found = wordnet_synonyms() if synonyms is None else synonyms
    return text_eda.random_insertion(
        text, rng, synonyms=found, alpha=alpha, protected=protected,
        keep_negations=keep_negations,
    )  # fmt: skip
