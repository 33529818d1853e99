"""Augmented samples for training loops: the same with any number of workers, in any order, and again."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import tilth
from made_data import images, table, texts, write_csv
from tilth.cli import app
from tilth.errors import NotApplicable, ParameterError
from tilth.workflows.project import RunOptions

SWAP = "[{random_swap: 0.5}]"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "texts.csv", texts(40)[0])


def values(data: tilth.AugmentedDataset, epoch: int) -> list[Any]:
    return [sample.value for sample in data.epoch(epoch)]


def test_epochs_differ_and_each_comes_again(path: Path) -> None:
    data = tilth.stream(path, SWAP)
    first, second = values(data, 0), values(data, 1)
    assert first != second and values(data, 0) == first
    assert len(data) == 40 and data.classes == ("cars", "cats", "food")
    data.set_epoch(1)
    assert [data[i].value for i in range(40)] == second == [s.value for s in data]
    assert data[-1].value == second[-1]
    with pytest.raises(IndexError):
        data[40]


def test_replay_by_row_id_and_position(path: Path) -> None:
    data = tilth.stream(path, SWAP)
    samples = list(data.epoch(5))
    assert data.replay(samples[7].row_id, 5).value == data.replay(7, 5).value == samples[7].value
    assert samples[7].parents == (samples[7].row_id,)
    assert data.original(7).value != samples[7].value and sorted(data.original(7).value.split()) == sorted(
        samples[7].value.split()
    )
    rows: tuple[Any, ...] = ("nobody", -1, 40, 1.5, True, None)
    for row in rows:
        with pytest.raises(ParameterError, match=r"no such row|named by its id or its position"):
            data.replay(row, 0)
    epochs: tuple[Any, ...] = ("x", -1, 1.5, True, None)
    for epoch in epochs:
        for call in (data.set_epoch, lambda e: data.replay(0, e), lambda e: next(data.epoch(e))):
            with pytest.raises(ParameterError, match="an epoch is a whole number"):
                call(epoch)


def test_shuffled_order_is_one_of_its_own_each_epoch(path: Path) -> None:
    plain, mixed = tilth.stream(path, SWAP), tilth.stream(path, SWAP, shuffle=True)
    assert sorted(values(mixed, 2)) == sorted(values(plain, 2)) and values(mixed, 2) != values(plain, 2)
    assert not np.array_equal(mixed.order(0), mixed.order(1)) and np.array_equal(mixed.order(1), mixed.order(1))


def test_workers_give_the_same_samples(tmp_path: Path) -> None:
    folder = images(tmp_path / "img", 40)[0]
    policy = "[{rand_augment: {n: 2, m: 0.5}}]"
    with tilth.stream(folder, policy, options=RunOptions(seed=4, jobs=2)) as two:
        many = [values(two, epoch) for epoch in (0, 1)]
    one = tilth.stream(folder, policy, options=RunOptions(seed=4))
    for epoch in (0, 1):
        assert all(np.array_equal(a, b) for a, b in zip(values(one, epoch), many[epoch], strict=True))
    other = tilth.stream(folder, policy, options=RunOptions(seed=5))
    assert not all(np.array_equal(a, b) for a, b in zip(values(other, 0), many[0], strict=True))


def test_pickled_data_give_the_same(path: Path) -> None:
    data = tilth.stream(path, SWAP)
    data.set_epoch(3)
    again = pickle.loads(pickle.dumps(data))
    assert again.current == 3 and values(again, 3) == values(data, 3)
    data.set_epoch(4)
    assert again.current == 3, "a copy in this process goes its own way"


def serve(data: tilth.AugmentedDataset, pipe: Any) -> None:
    """A worker that outlives epochs: answers rows in the epoch that is named elsewhere."""
    while (row := pipe.recv()) is not None:
        pipe.send(data[row].value)


def test_worker_that_outlives_an_epoch_sees_the_next(path: Path) -> None:
    from multiprocessing import get_context

    data = tilth.stream(path, SWAP)
    context = get_context("spawn")
    here, there = context.Pipe()
    worker = context.Process(target=serve, args=(data, there))
    worker.start()
    for epoch in (0, 1, 5):
        data.set_epoch(epoch)
        here.send(3)
        assert here.recv() == data.replay(3, epoch).value
    here.send(None)
    worker.join()
    assert len({data.replay(3, epoch).value for epoch in (0, 1, 5)}) == 3


def test_data_loader_of_torch_with_workers_gives_the_same(tmp_path: Path) -> None:
    torch_data = pytest.importorskip("torch.utils.data")
    data = tilth.stream(images(tmp_path / "img", 12)[0], "[rotate]")
    data.set_epoch(2)
    # a forked worker would inherit the threads of Lance, which warns of it
    loader = torch_data.DataLoader(data, batch_size=4, num_workers=2, collate_fn=list, multiprocessing_context="spawn")
    loaded = [sample.value for batch in loader for sample in batch]
    assert all(np.array_equal(a, b) for a, b in zip(loaded, values(data, 2), strict=True))


def test_persistent_workers_of_a_data_loader_see_the_next_epoch(tmp_path: Path) -> None:
    torch_data = pytest.importorskip("torch.utils.data")
    data = tilth.stream(images(tmp_path / "img", 12)[0], "[rotate, image_gaussian_noise]")
    loader = torch_data.DataLoader(
        data, batch_size=4, num_workers=2, collate_fn=list, multiprocessing_context="spawn", persistent_workers=True
    )
    for epoch in (0, 1):
        data.set_epoch(epoch)
        loaded = [sample.value for batch in loader for sample in batch]
        assert all(np.array_equal(a, b) for a, b in zip(loaded, values(data, epoch), strict=True))


def test_samples_of_a_batch_recipe_are_named_by_number(tmp_path: Path) -> None:
    data = tilth.stream(write_csv(tmp_path / "table.csv", table(60)[0]), "[gaussian_copula]")
    assert data.replay("gaussian_copula-3", 0).value == data.replay(3, 0).value
    rows: tuple[Any, ...] = ("a", "smote-3", "gaussian_copula-60", -1)
    for row in rows:
        with pytest.raises(ParameterError, match=r"no such sample|named by its id"):
            data.replay(row, 0)


def test_rows_of_tables_and_limits_of_classes(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "table.csv", table(60)[0])
    data = tilth.stream(path, "[{quantile_jitter: 0.6}]", limits={"k0": {"quantile_jitter": 0}})
    kept = [(new.label, new.value == data.original(at).value) for at, new in enumerate(data.epoch(0))]
    assert {same for label, same in kept if label == "k0"} == {True}
    assert [same for label, same in kept if label != "k0"].count(False) > 30


def test_batch_recipe_gives_as_many_samples_as_rows(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "table.csv", table(60)[0])
    data = tilth.stream(path, "[gaussian_copula]")
    first = list(data.epoch(0))
    assert len(first) == 60 and all(sample.parents for sample in first)
    assert [s.value for s in data.epoch(0)] == [s.value for s in first] != [s.value for s in data.epoch(1)]
    assert data.replay(3, 0).value == first[3].value and data[3].value == first[3].value


def test_default_policy_of_each_medium_works(tmp_path: Path) -> None:
    from made_data import sounds

    for target in (
        write_csv(tmp_path / "texts.csv", texts(12)[0]),
        write_csv(tmp_path / "table.csv", table(12)[0]),
        images(tmp_path / "img", 12)[0],
        sounds(tmp_path / "wav", 12)[0],
    ):
        data = tilth.stream(target)
        assert len(list(data.epoch(0))) == 12 and data.policy.medium == data.rows.medium


def test_several_text_columns_need_one_named(tmp_path: Path) -> None:
    rows = [
        {"title": f"a title of row {i}", "body": row["text"], "label": row["label"]}
        for i, row in enumerate(texts(30)[0])
    ]
    path = write_csv(tmp_path / "two.csv", rows)
    overrides = tilth.RoleOverrides(text=("title", "body"))
    with pytest.raises(ParameterError, match="several columns of text"):
        tilth.stream(path, SWAP, overrides=overrides)
    assert "title" in tilth.stream(path, SWAP, overrides=overrides, column="title")[0].value
    made = tilth.augment(path, policy=SWAP, times=1, write=True, check=False, overrides=overrides)
    assert made.after is not None and made.added == 30
    new = made.after.table.slice(30).to_pylist()[0]
    old = made.before.table.slice(0, 1).to_pylist()[0]
    assert sorted(new["title"].split()) == sorted(old["title"].split()) and new["body"] != old["body"]


def test_medium_that_is_not_there(path: Path) -> None:
    with pytest.raises(NotApplicable, match="no audio to change"):
        tilth.stream(path, SWAP, medium="audio")


def boxed(row_id: str) -> tilth.Sample:
    pixels = np.zeros((20, 30), np.uint8)
    pixels[4:10, 2:12] = 200
    box = np.array([[2, 4, 12, 10]], np.float32)
    return tilth.Sample("image", pixels, row_id, boxes=box, box_labels=("cup",), mask=(pixels > 0).astype(np.uint8))


def test_boxes_and_masks_follow_a_policy() -> None:
    policy = [{"shift_scale_rotate": 0.4}, {"horizontal_flip": {"p": 0.5}}]
    samples = [boxed(f"r{i}") for i in range(6)]
    made = tilth.apply_policy(policy, samples, seed=2, epoch=1)
    for old, new in zip(samples, made, strict=True):
        assert new.mask is not None and new.boxes is not None and new.parents == (old.row_id,)
        lit = new.value > 100
        assert lit.any() and ((new.mask > 0) == lit).mean() > 0.9
        rows, columns = np.nonzero(new.mask)
        inner = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert np.abs(new.boxes[0] - inner).max() < 3 and new.box_labels == ("cup",)
    again = tilth.apply_policy(policy, samples[3:4], seed=2, epoch=1)[0]
    assert np.array_equal(again.value, made[3].value), "no neighbour has a say"
    assert any(
        not np.array_equal(a.value, b.value) for a, b in zip(made, tilth.apply_policy(policy, samples), strict=True)
    )


def test_samples_without_ids_differ_and_wrong_ones_are_refused() -> None:
    texts = [tilth.Sample("text", "one two three four five six") for _ in range(4)]
    assert len({sample.value for sample in tilth.apply_policy(SWAP, texts)}) > 1
    assert tilth.apply_policy(SWAP, []) == []
    wrong: Any = ["a text"]
    with pytest.raises(ParameterError, match="a policy changes samples"):
        tilth.apply_policy(SWAP, wrong)
    with pytest.raises(ParameterError, match="several media"):
        tilth.apply_policy(None, [texts[0], boxed("a")])
    with pytest.raises(ParameterError, match="a seed is a whole number"):
        tilth.apply_policy(SWAP, texts, seed=-1)
    with pytest.raises(ParameterError, match="an epoch is a whole number"):
        tilth.apply_policy(SWAP, texts, epoch=-1)


def test_batch_recipe_makes_as_many_samples_as_there_are() -> None:
    rows = [tilth.Sample("table", {"x": float(i), "y": float(i % 3)}, f"r{i}", "ab"[i % 2]) for i in range(20)]
    made = tilth.apply_policy(["gaussian_copula"], rows)
    assert len(made) == 20 and all(sample.parents for sample in made)


def test_stream_from_the_shell_is_json_also_where_numbers_are_endless(tmp_path: Path) -> None:
    rows = [{"x": "inf" if i == 3 else str(i / 7), "width": str(i / 3), "label": "ab"[i % 2]} for i in range(30)]
    path = write_csv(tmp_path / "endless.csv", rows)
    said = CliRunner().invoke(app, ["augment", str(path), "--stream", "--times", "1", "--policy", "[quantile_jitter]"])
    assert said.exit_code == 0, said.output

    def no(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    lines = [json.loads(line, parse_constant=no) for line in said.stdout.splitlines()]
    assert len(lines) == 30 and [line["cells"]["x"] for line in lines].count(None) == 1
    assert "x: 1 cells of numbers that are not finite" in said.stderr
