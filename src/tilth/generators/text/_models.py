"""Language models for the recipes of texts: loaded once by folder or hub name, asked in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError, PartError, SourceError
from tilth.plugin import Part

__all__ = ["check_model", "guesses", "quiet", "translations", "word_vectors"]

_FIX = "give the path of a folder with config.json and weights, or the name of a model on a reachable hub"


def check_model(part: Any, *names: str) -> None:
    """Raise `ParameterError` where a field of a part is not the name of a model."""
    for name in names:
        value = getattr(part, name)
        if not isinstance(value, str) or not value:
            where = f"{part.name or type(part).__name__}.{name}"
            raise ParameterError("a model is named by a folder or a hub name", where=where, found=repr(value))


@contextmanager
def quiet(logging: Any) -> Iterator[None]:
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


@lru_cache(maxsize=4)
def _load(part_name: str, kind: str, model: str, device: str) -> tuple[Any, Any]:
    """Tokenizer and model, on the device asked for; for "auto" on a GPU where there is one."""
    import torch
    import transformers

    try:
        with quiet(transformers.utils.logging):
            tokenizer = transformers.AutoTokenizer.from_pretrained(model)
            network = getattr(transformers, kind).from_pretrained(model)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise PartError(
            "cannot load this model",
            where=f"{part_name}, model {model!r}",
            found=(str(error).strip().splitlines() or [type(error).__name__])[0],
            fix=_FIX,
        ) from error
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return tokenizer, network.to(device).eval()


def load(part: Part, kind: str, model: str, device: str) -> tuple[Any, Any, Any]:
    """torch, tokenizer and model; kept for the next call."""
    torch = part.require("torch")
    part.require("transformers")
    return (torch, *_load(part.name or type(part).__name__, kind, model, device))


def guesses(
    part: Part, model: str, device: str, places: Sequence[tuple[str, str]], top_k: int
) -> list[list[tuple[str, float]]]:
    """For each gap, given by the text before and after it, the words that a masked language model puts there.

    Words and their probabilities, likeliest first; pieces of words and marks are left out. Probabilities are rounded
    to 4 digits, so that the size of a batch cannot change a choice.
    """
    torch, tokenizer, network = load(part, "AutoModelForMaskedLM", model, device)
    if tokenizer.mask_token_id is None:
        raise PartError(
            "this model has no mask token", where=f"{part.name}, model {model!r}", fix="name a masked model"
        )
    texts = [f"{before}{tokenizer.mask_token}{after}" for before, after in places]
    limit = min(512, tokenizer.model_max_length, getattr(network.config, "max_position_embeddings", 512))
    with torch.inference_mode():
        tokens = tokenizer(texts, padding=True, truncation=True, max_length=limit, return_tensors="pt")
        tokens = tokens.to(network.device)
        logits = network(**tokens).logits.float()
    masked = (tokens["input_ids"] == tokenizer.mask_token_id).cpu().numpy()
    out: list[list[tuple[str, float]]] = []
    for row, where in enumerate(masked):
        if not where.any():  # cut off with the end of a long text
            out.append([])
            continue
        chances = torch.softmax(logits[row, int(where.argmax())], dim=-1)
        best = torch.topk(chances, min(4 * top_k, len(chances)))
        names = tokenizer.convert_ids_to_tokens(best.indices.tolist())
        out.append(_words(names, best.values.tolist(), top_k))
    return out


def _words(names: Sequence[str], chances: Sequence[float], top_k: int) -> list[tuple[str, float]]:
    found = {}
    for name, chance in zip(names, chances, strict=True):
        word = name.lstrip("▁Ġ")
        if word.isalpha() and word not in found:
            found[word] = round(float(chance), 4)
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:top_k]


def translations(
    part: Part, model: str, device: str, texts: Sequence[str], *, beams: int, best: int, batch_size: int
) -> list[list[str]]:
    """The `best` translations of each text by a beam search over `beams`; none of a text that is too long."""
    torch, tokenizer, network = load(part, "AutoModelForSeq2SeqLM", model, device)
    limit = min(512, tokenizer.model_max_length, getattr(network.config, "max_position_embeddings", 512))
    order = sorted(range(len(texts)), key=lambda at: (len(texts[at]), texts[at]))
    out: list[list[str]] = [[] for _ in texts]
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        tokens = tokenizer([texts[at] for at in rows], padding=True, return_tensors="pt")
        fits = (tokens["attention_mask"].sum(dim=1) <= limit).tolist()
        if not all(fits):
            rows = [at for at, fit in zip(rows, fits, strict=True) if fit]
            if not rows:
                continue
            tokens = tokenizer([texts[at] for at in rows], padding=True, return_tensors="pt")
        tokens.pop("token_type_ids", None)
        with torch.inference_mode():
            made = network.generate(
                **tokens.to(network.device),
                do_sample=False,
                num_beams=beams,
                num_return_sequences=best,
                max_new_tokens=min(limit - 1, 2 * tokens["input_ids"].shape[1] + 8),
            )
        said = tokenizer.batch_decode(made, skip_special_tokens=True)
        for at, row in enumerate(rows):
            out[row] = [text.strip() for text in said[at * best : (at + 1) * best]]
    return out


def word_vectors(part: Part, model: str) -> tuple[list[str], npt.NDArray[np.float32]]:
    """Words and their vectors: of a text file of GloVe or word2vec, or the input vectors of a language model."""
    path = Path(model)
    if path.is_file():
        return _vector_file(path)
    _, tokenizer, network = load(part, "AutoModel", model, "cpu")
    table = network.get_input_embeddings().weight.detach().float().numpy()
    marks = ("▁", "Ġ") if any(token[:1] in ("▁", "Ġ") for token in tokenizer.get_vocab()) else ()
    words, rows = [], []
    for token, at in sorted(tokenizer.get_vocab().items(), key=lambda pair: pair[1]):
        word = token[1:] if token[:1] in marks else token
        if at < len(table) and word.isalpha() and (not marks or token[:1] in marks):
            words.append(word)
            rows.append(at)
    return words, np.asarray(table[rows], dtype=np.float32)


def _vector_file(path: Path) -> tuple[list[str], npt.NDArray[np.float32]]:
    words: list[str] = []
    rows: list[npt.NDArray[np.float32]] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            word, *rest = line.rstrip().split(" ")
            if number == 1 and len(rest) == 1:  # word2vec's header: number and length
                continue
            try:
                row = np.array(rest, dtype=np.float32)
            except ValueError:
                row = np.zeros(0, np.float32)
            if not len(row) or (rows and len(row) != len(rows[0])):
                raise SourceError(
                    "not a line of word vectors", where=f"{path}, line {number}", found=repr(line[:40]),
                    fix="a line is a word and its numbers, with single blanks",
                )  # fmt: skip
            words.append(word)
            rows.append(row)
    if not rows:
        raise SourceError("no word vectors in this file", where=str(path))
    return words, np.stack(rows)
