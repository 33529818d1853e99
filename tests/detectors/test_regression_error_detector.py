"""Numeric labels from the verb to the finding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import tilth
from tilth.detectors.regression_error import RegressionError
from tilth.errors import ParameterError


def test_audit_of_a_numeric_label(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    size = rng.uniform(20, 200, 80)
    price = 3.1 * size + rng.normal(0, 8, 80)
    price[17] *= 10
    price[40] = np.nan
    table = pa.table({"size": size, "rooms": np.round(size / 25), "price": pa.array(price, from_pandas=True)})
    roles = tilth.RoleOverrides(label="price")
    found = tilth.audit(table, name="flats", workspace=str(tmp_path), overrides=roles)
    outcomes = {outcome.part: outcome for outcome in found.outcomes}
    assert outcomes["regression_error"].outcome == "ran", outcomes["regression_error"].reason
    assert outcomes["label_error"].outcome == "not applicable"
    findings = found.findings["regression_error"]
    worst = findings.flagged().to_dicts()[0]
    assert len(findings) == 79 and "spreads too high" in worst["why"]
    values = dict(zip(found.snapshot.row_ids, found.snapshot.values("label") or [], strict=True))
    assert values[worst["row_id"]] == pytest.approx(price[17])


def test_classes_are_not_its_business(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(40, 3))
    found = tilth.audit((X, (X[:, 0] > 0).astype(int)), name="classes", workspace=str(tmp_path))
    outcome = {o.part: o for o in found.outcomes}["regression_error"]
    assert outcome.outcome == "not applicable" and "not a number" in outcome.reason


def test_parameter_is_checked() -> None:
    with pytest.raises(ParameterError, match="fdr"):
        RegressionError(fdr=1)
