from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tilth.errors import SchemaError
from tilth.records import RoleOverrides, Rows, guess_schema

N = 40


def guess(columns: dict[str, Any], said: RoleOverrides | None = None, **more: Any) -> dict[str, tuple[str, str]]:
    found, _ = guess_schema(Rows(pa.table(columns), "memory", **more), said)
    return {c.name: (c.role, c.media) for c in found}


TEXTS = [f"a text of several words, number {i}" for i in range(N)]
LABELS = ["yes", "no"] * (N // 2)


def test_text_and_label() -> None:
    assert guess({"text": TEXTS, "label": LABELS}) == {"text": ("input", "text"), "label": ("label", "category")}


def test_a_label_by_part_of_its_name() -> None:
    found = guess({"age": list(range(N)), "income-per-year": LABELS, "sex": ["m", "f"] * (N // 2)})
    assert found["income-per-year"] == ("label", "category")
    assert found["sex"] == ("input", "category")
    assert found["age"] == ("input", "number")


def test_an_ambiguous_label_lists_the_candidates() -> None:
    with pytest.raises(SchemaError, match=r"several columns could be the label \(found colour, size\)"):
        guess({"colour": LABELS, "size": LABELS, "weight": [i / 7 for i in range(N)]})


def test_two_columns_with_label_names_are_ambiguous() -> None:
    with pytest.raises(SchemaError, match=r"several columns could be the label \(found label, class\)"):
        guess({"label": LABELS, "class": LABELS, "text": TEXTS})


def test_a_text_column_is_never_guessed_as_the_label() -> None:
    found = guess({"comment": LABELS, "weight": [i / 7 for i in range(N)]})
    assert found == {"comment": ("input", "text"), "weight": ("input", "number")}


def test_the_user_settles_it() -> None:
    found = guess({"colour": LABELS, "size": LABELS}, RoleOverrides(label="size"))
    assert found == {"colour": ("input", "category"), "size": ("label", "category")}


def test_no_label_can_be_said() -> None:
    found = guess({"colour": LABELS, "size": LABELS}, RoleOverrides(label="none"))
    assert {role for role, _ in found.values()} == {"input"}


def test_id_split_group_and_time() -> None:
    found = guess(
        {
            "id": list(range(N)),
            "text": TEXTS,
            "label": LABELS,
            "split": ["train", "test"] * (N // 2),
            "speaker": ["s1", "s2"] * (N // 2),
            "date": ["2026-01-01"] * N,
        }
    )
    assert {name: role for name, (role, _) in found.items()} == {
        "id": "id",
        "text": "input",
        "label": "label",
        "split": "split",
        "speaker": "group",
        "date": "time",
    }


def test_a_column_called_split_with_other_values_is_no_split() -> None:
    found = guess({"text": TEXTS, "label": LABELS, "split": ["left", "right"] * (N // 2)})
    assert found["split"][0] == "input"


def test_an_unknown_column_lists_the_known_ones() -> None:
    with pytest.raises(SchemaError, match=r"--label 'lable'.*The columns are text, label"):
        guess({"text": TEXTS, "label": LABELS}, RoleOverrides(label="lable"))


def test_one_column_cannot_have_two_roles() -> None:
    with pytest.raises(SchemaError, match="two roles"):
        guess({"text": TEXTS, "label": LABELS}, RoleOverrides(label="text", text=("text",)))


def test_dropped_columns_are_gone() -> None:
    assert "text" not in guess({"text": TEXTS, "label": LABELS}, RoleOverrides(drop=("text",)))


def test_beside_media_other_columns_are_not_inputs() -> None:
    found = guess(
        {"path": [f"{i}.png" for i in range(N)], "label": LABELS, "width": list(range(N))},
        media={"path": "image"},
        hashes={"path": [str(i) for i in range(N)]},
    )
    assert found == {"path": ("input", "image"), "label": ("label", "category"), "width": ("meta", "number")}


def test_every_guess_is_said() -> None:
    _, notes = guess_schema(Rows(pa.table({"text": TEXTS, "label": LABELS}), "memory"))
    assert notes == ("guessed columns: text: input (text); label: label",)


def test_overrides_from_flags() -> None:
    said = RoleOverrides.from_dict({"label": "y", "text": ["a", "b"], "id": None})
    assert said == RoleOverrides(label="y", text=("a", "b"))
