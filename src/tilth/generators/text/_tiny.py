"""Models of a few hundred numbers, made at random: enough for an example that needs no download."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from tilth.generators.text._models import quiet
from tilth.plugin import Part

__all__ = ["tiny_masked_model", "tiny_translator"]

WORDS = "movie film story plot actor scene good bad it was not the a".split()  # noqa: SIM905 - a list of words to read


def tiny_masked_model(part: Part) -> str:
    """Folder of a masked language model that knows a few words."""
    part.require("torch")
    part.require("transformers")
    return _made(_masked)


def tiny_translator(part: Part) -> str:
    """Folder of a translation model from a few words to the same few."""
    part.require("torch")
    part.require("transformers")
    return _made(_marian)


@lru_cache(maxsize=4)
def _made(write: Callable[[Path], None]) -> str:
    """A folder that `write` filled, with weights that are always the same; gone when Python ends."""
    import torch
    import transformers

    folder = tempfile.mkdtemp(prefix="tilth-model-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with torch.random.fork_rng(devices=[]), quiet(transformers.utils.logging):
        torch.manual_seed(0)
        write(Path(folder))
    return folder


def _tokenizer(folder: Path, **special: str) -> int:
    """Write a tokenizer of whole words; the number of words it knows."""
    import tokenizers
    import transformers

    names = [*special.values(), *WORDS]
    known = tokenizers.models.WordLevel({name: at for at, name in enumerate(names)}, unk_token=special["unk_token"])
    made = tokenizers.Tokenizer(known)
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    if "eos_token" in special:
        end = special["eos_token"]
        made.post_processor = tokenizers.processors.TemplateProcessing(
            single=f"$A {end}", special_tokens=[(end, names.index(end))]
        )
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=64, **special)
    fast.save_pretrained(folder)
    return len(names)


def _masked(folder: Path) -> None:
    import transformers

    size = _tokenizer(folder, pad_token="[PAD]", unk_token="[UNK]", mask_token="[MASK]")
    config = transformers.BertConfig(
        vocab_size=size, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=64,
    )  # fmt: skip
    transformers.BertForMaskedLM(config).save_pretrained(folder)


def _marian(folder: Path) -> None:
    import transformers

    size = _tokenizer(folder, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    config = transformers.MarianConfig(
        vocab_size=size, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=64, pad_token_id=0,
        eos_token_id=1, decoder_start_token_id=0, forced_eos_token_id=1,
    )  # fmt: skip
    transformers.MarianMTModel(config).save_pretrained(folder)
