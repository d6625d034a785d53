"""The engines: how each loads a tokenizer.json and turns documents into lists of ids, without special tokens.

A peer that is not installed is left out; one that cannot load a tokenizer or gives other ids than stock is shown so.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

Ids = Callable[[list[str]], list[list[int]]]


def stock(folder: Path) -> Ids:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda documents: [
        encoding.ids for encoding in tokenizer.encode_batch(documents, add_special_tokens=False)
    ]


def ours(folder: Path) -> Ids:
    import budtiktok_hf

    budtiktok_hf.patch()
    return stock(folder)


def fastokens(folder: Path) -> Ids:
    from fastokens import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda documents: [
        encoding.ids for encoding in tokenizer.encode_batch(documents, add_special_tokens=False)
    ]


def gigatoken(folder: Path) -> Ids:
    from gigatoken import Tokenizer

    tokenizer = Tokenizer.from_json((folder / "tokenizer.json").read_bytes())
    return lambda documents: tokenizer.encode_batch_list(documents, parallel=False)


def tokie(folder: Path) -> Ids:
    from tokie import Tokenizer

    tokenizer = Tokenizer.from_json(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda documents: [
        encoding.ids for encoding in tokenizer.encode_batch(documents, add_special_tokens=False)
    ]


ENGINES: dict[str, Callable[[Path], Ids]] = {
    "stock": stock,
    "ours": ours,
    "fastokens": fastokens,
    "gigatoken": gigatoken,
    "tokie": tokie,
}


def installed() -> list[str]:
    """Stock, ours, and the peers that can be imported."""
    return [name for name in ENGINES if name in ("stock", "ours") or importlib.util.find_spec(name)]


def one_thread() -> None:
    """Before any engine is imported: no pool of threads, and one core."""
    os.environ["RAYON_NUM_THREADS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def threads(count: int) -> None:
    """Before any engine is imported: so many threads, wherever an engine uses some."""
    os.environ["RAYON_NUM_THREADS"] = str(count)
    os.environ["TOKENIZERS_PARALLELISM"] = "true"


#: Those that stand behind transformers' tokenizers too.
BEHIND_TRANSFORMERS = ("stock", "ours", "fastokens")


def tokenizer(engine: str, folder: Path) -> Any:
    """A transformers tokenizer, stock's or patched."""
    if engine == "ours":
        import budtiktok_hf

        budtiktok_hf.patch()
    elif engine == "fastokens":
        import fastokens

        fastokens.patch_transformers()
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from transformers import AutoTokenizer

    tok = AutoTokenizer.from_pretrained(str(folder))
    tok.model_max_length = 10**9  # no warnings about long texts
    if tok.pad_token is None:
        tok.pad_token = tok.eos_token or tok.unk_token or tok.convert_ids_to_tokens(0)
    return tok
