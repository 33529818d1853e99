from __future__ import annotations

from types import SimpleNamespace

from tilth.embedders._language_models import activation_bytes
from tilth.plugin import Run

MINILM = SimpleNamespace(hidden_size=384, num_attention_heads=12)


def test_a_batch_follows_the_memory_budget() -> None:
    size = activation_bytes(MINILM, 256)
    sizes = [Run(memory_budget=budget).rows_within(size, 32) for budget in (2 * 2**30, 500 * 2**20, 1)]
    assert sizes == [32, 10, 1]


def test_longer_texts_take_more() -> None:
    assert activation_bytes(MINILM, 512) > 2 * activation_bytes(MINILM, 256)
    assert activation_bytes(SimpleNamespace(), 16) > 0, "a config that names no width has the usual one"
