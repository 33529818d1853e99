"""What the embedders of texts by a transformer model share: loading, batching, pooling."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError, PartError
from tilth.plugin import Part, Run

__all__ = ["POOLINGS", "activation_bytes", "check_options", "embed_texts", "load_pretrained", "pick_device"]

POOLINGS = ("auto", "mean", "first")


def check_options(pooling: str, batch_size: int) -> None:
    """Raise `ParameterError` where an option is out of range."""
    if pooling not in POOLINGS:
        raise ParameterError("unknown pooling", found=repr(pooling), fix=f"use one of {', '.join(POOLINGS)}")
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ParameterError("must be a whole number of at least 1", where="batch_size", found=repr(batch_size))


def pick_device(torch: Any, device: str) -> str:
    """The device asked for; for "auto" a GPU where there is one."""
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def activation_bytes(config: Any, tokens: int) -> int:
    """About what one item of so many tokens takes while a transformer with this config reads it, in bytes.

    A layer holds some sixteen float32 vectors a token (its input, query, key, value, the wide middle and copies)
    and, for every head, two matrices of tokens by tokens.
    """
    width = int(getattr(config, "hidden_size", 0) or 768)
    heads = int(getattr(config, "num_attention_heads", 0) or 12)
    return 4 * (16 * tokens * width + 2 * heads * tokens * tokens)


@contextmanager
def _quiet(logging: Any) -> Iterator[None]:
    """Without the library's own bars and hints; progress is told by events here."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def load_pretrained(cls: Any, model: str, part: Part, **options: Any) -> Any:
    """``cls.from_pretrained(model)``; what goes wrong becomes a `PartError` that says what to do."""
    try:
        with _quiet(part.require("transformers").utils.logging):
            return cls.from_pretrained(model, **options)
    except (OSError, ValueError, KeyError) as error:
        raise PartError(
            "cannot load this model",
            where=f"{part.name or type(part).__name__}, model {model!r}",
            found=(str(error).strip().splitlines() or [type(error).__name__])[0],
            fix="give the path of a folder with config.json and weights, or the name of a model on a reachable hub",
        ) from error


def _own_pooling(transformers: Any, model: str) -> str:
    """The pooling that a sentence-transformers model was trained with; "mean" where none is said."""
    place: str | None = str(Path(model) / "1_Pooling" / "config.json")
    if not Path(model).is_dir():
        place = transformers.utils.cached_file(
            model,
            "1_Pooling/config.json",
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
        )
    if place is None or not Path(place).is_file():
        return "mean"
    said = json.loads(Path(place).read_text(encoding="utf-8"))
    return "first" if said.get("pooling_mode_cls_token") and not said.get("pooling_mode_mean_tokens") else "mean"


def embed_texts(
    part: Part,
    model: str,
    items: Sequence[str | None],
    run: Run,
    *,
    pooling: str = "auto",
    max_tokens: int = 256,
    batch_size: int = 32,
    device: str = "auto",
) -> npt.NDArray[np.float32]:
    """Unit vectors of texts by a transformer encoder, shape (n, d).

    Equal texts are embedded once, in batches of similar length. A missing or blank text has the zero
    vector.
    """
    torch, transformers = part.require("torch"), part.require("transformers")
    tokenizer = load_pretrained(transformers.AutoTokenizer, model, part)
    encoder = load_pretrained(transformers.AutoModel, model, part)
    encoder = encoder.to(pick_device(torch, device)).eval()
    if pooling == "auto":
        pooling = _own_pooling(transformers, model)
    limit = min(max_tokens, tokenizer.model_max_length, getattr(encoder.config, "max_position_embeddings", max_tokens))
    texts = ["" if text is None else str(text).strip() for text in items]
    unique = sorted({text for text in texts if text}, key=lambda text: (len(text), text))
    out = np.zeros((len(texts), int(encoder.config.hidden_size)), dtype=np.float32)
    rows: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        rows.setdefault(text, []).append(row)
    run.expect(len(unique))
    batch_size = run.rows_within(activation_bytes(encoder.config, limit), batch_size)
    for start in range(0, len(unique), batch_size):
        batch = unique[start : start + batch_size]
        with torch.inference_mode():
            tokens = tokenizer(batch, padding=True, truncation=True, max_length=limit, return_tensors="pt")
            tokens = tokens.to(encoder.device)
            vectors = _pool(encoder(**tokens).last_hidden_state, tokens["attention_mask"], pooling)
            vectors = torch.nn.functional.normalize(vectors.float(), dim=1).cpu().numpy()
        for text, vector in zip(batch, vectors, strict=True):
            out[rows[text]] = vector
        run.advance(len(batch))
    return out


def _pool(hidden: Any, mask: Any, pooling: str) -> Any:
    if pooling == "first":
        return hidden[:, 0]
    weight = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)
