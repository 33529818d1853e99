from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import DataError, ParameterError
from tilth.numerics.media.sizes import unusual_sizes


def test_far_larger_smaller_and_longer_images_are_flagged() -> None:
    sizes = [[100, 100]] * 30 + [[4032, 3024], [20, 20], [30, 330], [50, 60], [200, 200]]
    found = unusual_sizes(sizes)
    assert np.flatnonzero(found.flagged).tolist() == [30, 31, 32]
    assert found.area_ratio[30] == pytest.approx(1219.3, abs=0.1)
    assert found.aspect_ratio[32] == pytest.approx(11)
    assert (found.excess[:30] == 0).all()


def test_in_a_collection_of_many_sizes_none_is_unusual() -> None:
    rng = np.random.default_rng(0)
    sizes = np.exp(rng.normal(6, 0.7, size=(500, 2)))
    assert unusual_sizes(sizes).flagged.sum() == 0


def test_no_images_and_bad_sizes() -> None:
    assert unusual_sizes(np.zeros((0, 2))).flagged.shape == (0,)
    with pytest.raises(DataError, match="height and width"):
        unusual_sizes([1.0, 2.0])
    with pytest.raises(DataError, match="row 1"):
        unusual_sizes([[1, 2], [0, 3]])
    with pytest.raises(ParameterError, match="above 1"):
        unusual_sizes([[1, 2]], area=1.0)
