"""Loads the model that a command was given: a folder, a Hub id, or a tokenizer.json."""

from __future__ import annotations

import argparse
import os
from typing import Any


def add_model(parser: argparse.ArgumentParser, optional: bool = False) -> None:
    parser.add_argument(
        "model", nargs="?" if optional else None, help="a folder, a Hub id, or a tokenizer.json"
    )


def load(model: str) -> Any:
    """As `AutoTokenizer.from_pretrained(model)` loads it; a tokenizer.json alone as `PreTrainedTokenizerFast` does."""
    import transformers

    transformers.logging.set_verbosity_error()
    if os.path.isfile(model):
        return transformers.PreTrainedTokenizerFast(tokenizer_file=model)
    return transformers.AutoTokenizer.from_pretrained(model)


def backend_of(tok: Any) -> Any:
    """The `tokenizers.Tokenizer` behind a transformers tokenizer, without truncation or padding; None for a slow one."""
    backend = getattr(tok, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
    return backend
