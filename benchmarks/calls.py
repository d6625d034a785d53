"""The calls of transformers and tokenizers that are timed. What each gives is compared, whole, apart from the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Cell(NamedTuple):
    """A call, and how its inputs are made of documents."""

    inputs: Callable[[Any, list[str]], list[Any]]
    call: Callable[[Any, Any], Any]
    """With a transformers tokenizer and one of the inputs."""


SHORT = 80
"""Characters of a short text, at most."""


def _each(tok: Any, documents: list[str]) -> list[str]:
    return documents


def _all(tok: Any, documents: list[str]) -> list[list[str]]:
    return [documents]


def _short(tok: Any, documents: list[str]) -> list[str]:
    lines = [line.strip()[:SHORT] for text in documents for line in text.splitlines()]
    return [line for line in lines if line][: len(documents) * 4]


def _batches(tok: Any, documents: list[str]) -> list[list[str]]:
    texts = _short(tok, documents)
    return [texts[at : at + 32] for at in range(0, len(texts), 32)]


def _pairs(tok: Any, documents: list[str]) -> list[tuple[list[str], list[str]]]:
    half = len(documents) // 2
    return [(documents[:half], documents[half : 2 * half])]


def _words(tok: Any, documents: list[str]) -> list[list[list[str]]]:
    return [[text.split() for text in documents]]


def _one(tok: Any, documents: list[str]) -> list[str]:
    return ["\n".join(documents)]


def _ids(tok: Any, documents: list[str]) -> list[list[int]]:
    return tok(documents)["input_ids"]


def _short_ids(tok: Any, documents: list[str]) -> list[list[int]]:
    return tok(_short(tok, documents))["input_ids"]


def _stream(tok: Any, ids: list[int]) -> list[str | None]:
    from tokenizers.decoders import DecodeStream

    step, backend = DecodeStream(skip_special_tokens=True).step, tok.backend_tokenizer
    return [step(backend, id) for id in ids]


def _features(tok: Any, documents: list[str]) -> list[list[dict[str, list[int]]]]:
    rows = [dict(tok(text[:400])) for text in documents]
    return [rows[at : at + 32] for at in range(0, len(rows), 32)]


_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}\n{% endfor %}<|assistant|>\n"
)


def _chats(tok: Any, documents: list[str]) -> list[list[dict[str, str]]]:
    tok.chat_template = _TEMPLATE
    return [
        [{"role": "user", "content": text}, {"role": "assistant", "content": text[:300]}]
        for text in documents
    ]


_CELLS = {
    "encode_batch, ids": Cell(
        _all, lambda tok, docs: [e.ids for e in tok.backend_tokenizer.encode_batch(docs)]
    ),
    "encode_batch, ids and offsets": Cell(
        _all,
        lambda tok, docs: [(e.ids, e.offsets) for e in tok.backend_tokenizer.encode_batch(docs)],
    ),
    "encode, ids": Cell(_each, lambda tok, text: tok.backend_tokenizer.encode(text).ids),
    "tok(docs)": Cell(_all, lambda tok, docs: tok(docs)),
    "tok(docs, padding, np)": Cell(
        _all, lambda tok, docs: tok(docs, padding=True, return_tensors="np")
    ),
    "tok(docs, padding, pt)": Cell(
        _all, lambda tok, docs: tok(docs, padding=True, return_tensors="pt")
    ),
    "tok(docs, padding, truncation, np)": Cell(
        _all,
        lambda tok, docs: tok(
            docs, padding=True, truncation=True, max_length=256, return_tensors="np"
        ),
    ),
    "tok(docs, offsets)": Cell(_all, lambda tok, docs: tok(docs, return_offsets_mapping=True)),
    "tok(docs, overflow, stride)": Cell(
        _all,
        lambda tok, docs: tok(
            docs, truncation=True, max_length=128, stride=32, return_overflowing_tokens=True
        ),
    ),
    "tok(docs, docs)": Cell(_pairs, lambda tok, pair: tok(*pair)),
    "tok(words)": Cell(_words, lambda tok, words: tok(words, is_split_into_words=True)),
    "tok(text)": Cell(_each, lambda tok, text: tok(text)),
    "tok(text, pt)": Cell(_each, lambda tok, text: tok(text, return_tensors="pt")),
    "tok(short)": Cell(_short, lambda tok, text: tok(text)),
    "tok(short, np)": Cell(_short, lambda tok, text: tok(text, return_tensors="np")),
    "tok(short, pt)": Cell(_short, lambda tok, text: tok(text, return_tensors="pt")),
    "tok(32 short, padding)": Cell(_batches, lambda tok, batch: tok(batch, padding=True)),
    "tok(32 short, padding, pt)": Cell(
        _batches, lambda tok, batch: tok(batch, padding=True, return_tensors="pt")
    ),
    "tok(one big text)": Cell(_one, lambda tok, text: tok(text)),
    "tok.encode(text)": Cell(_each, lambda tok, text: tok.encode(text)),
    "tok.tokenize(text)": Cell(_each, lambda tok, text: tok.tokenize(text)),
    "tok.pad(features, pt)": Cell(
        _features, lambda tok, batch: tok.pad(batch, return_tensors="pt")
    ),
    "tok.apply_chat_template(chat)": Cell(_chats, lambda tok, chat: tok.apply_chat_template(chat)),
    "tok.convert_ids_to_tokens(ids)": Cell(_ids, lambda tok, ids: tok.convert_ids_to_tokens(ids)),
    "tok.decode(ids)": Cell(_ids, lambda tok, ids: tok.decode(ids)),
    "tok.decode(short ids)": Cell(_short_ids, lambda tok, ids: tok.decode(ids)),
    "DecodeStream.step(id)": Cell(_ids, _stream),
    "tok.batch_decode(ids)": Cell(
        lambda tok, docs: [_ids(tok, docs)], lambda tok, rows: tok.batch_decode(rows)
    ),
}


def names() -> list[str]:
    return list(_CELLS)


def prepare(
    name: str, tok: Any, documents: list[str]
) -> tuple[Callable[[Any], None], Callable[[Any], Any], list[Any]]:
    """(what is timed, the same with its results, the inputs), which are made before the clock starts.

    What is timed lets go of each result at once, as programs do: else the cost of memory never
    used before would be most of what a short call takes.
    """
    inputs, call = _CELLS[name]

    def timed(given: list[Any]) -> None:
        for one in given:
            call(tok, one)

    return timed, lambda given: [call(tok, one) for one in given], inputs(tok, documents)
