"""The calls of transformers and tokenizers that are timed, each over all documents. What a call gives is kept and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Call = Callable[[Any, list[str]], Any]
"""A call with a transformers tokenizer and documents."""


def _decode(tok: Any, ids: list[list[int]]) -> Any:
    return [tok.decode(row) for row in ids]


CALLS: dict[str, Call] = {
    "encode_batch, ids": lambda tok, docs: [
        encoding.ids for encoding in tok.backend_tokenizer.encode_batch(docs)
    ],
    "encode_batch, ids and offsets": lambda tok, docs: [
        (encoding.ids, encoding.offsets) for encoding in tok.backend_tokenizer.encode_batch(docs)
    ],
    "encode, ids": lambda tok, docs: [tok.backend_tokenizer.encode(text).ids for text in docs],
    "tok(docs)": lambda tok, docs: tok(docs)["input_ids"],
    "tok(text)": lambda tok, docs: [tok(text)["input_ids"] for text in docs],
    "tok(docs, offsets)": lambda tok, docs: tok(docs, return_offsets_mapping=True)[
        "offset_mapping"
    ],
    "tok(docs, padding, truncation, np)": lambda tok, docs: tok(
        docs, padding=True, truncation=True, max_length=256, return_tensors="np"
    )["input_ids"],
    "tok.encode(text)": lambda tok, docs: [tok.encode(text) for text in docs],
    "tok.tokenize(text)": lambda tok, docs: [tok.tokenize(text) for text in docs],
}
DECODE = "tok.decode(ids)"
"""Times decoding alone: its ids are made before the clock starts."""


def names() -> list[str]:
    return [*CALLS, DECODE]


def prepare(name: str, tok: Any, documents: list[str]) -> tuple[Callable[[Any], Any], Any]:
    """(what is timed, its input)."""
    if name == DECODE:
        return (lambda ids: _decode(tok, ids)), tok(documents)["input_ids"]
    return (lambda docs: CALLS[name](tok, docs)), documents
