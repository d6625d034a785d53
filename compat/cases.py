"""The plan of one tokenizer, the same in both processes: segments of cases, and how a case is run.

A case gives one or more results as plain data; each result is one comparison. A segment may begin with an edit of the tokenizer, so
segments run in order; cases inside one do not depend on each other, so that any of them can be run again alone.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from compat import corpora as texts
from compat import edits, options
from compat.comparer import compare

SECTIONS = ("documents", "files", "windows")
GROUP = 16
"""Documents a call: one `encode_batch` of them."""
STEP = 25
"""Windows between two edits."""


@dataclass(frozen=True)
class Mode:
    """How much of the matrix is run. None is all of it."""

    documents: int | None
    file_bytes: int | None
    windows: int
    query_every: int

    def floors(self) -> dict[str, int]:
        return {"windows": 20_000, "pairs": 100} if self.documents is None else {}


MODES = {
    "full": Mode(documents=None, file_bytes=None, windows=20_160, query_every=40),
    "quick": Mode(documents=480, file_bytes=100_000, windows=2_016, query_every=20),
    "sample": Mode(documents=160, file_bytes=60_000, windows=1_008, query_every=20),
}


@dataclass
class Subject:
    """A loaded tokenizer and what the plan draws from it; taken before any edit, so that both sides see the same."""

    name: str
    tok: Any
    backend: Any
    pieces: list[str]
    added: list[str]
    vocab_size: int
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    @classmethod
    def of(cls, name: str, tok: Any) -> Subject:
        backend = tok.backend_tokenizer
        added = sorted(
            {
                token.content
                for token in backend.get_added_tokens_decoder().values()
                if token.content
            }
        )
        vocab = backend.get_vocab()
        return cls(
            name,
            tok,
            backend,
            sorted(vocab),
            added or ["<none>"],
            max(vocab.values(), default=0) + 1,
        )


@dataclass
class Segment:
    section: str
    label: str
    cases: list[Any]
    prepare: Callable[[], None] | None = None


def segments(subject: Subject, corpora: texts.Corpora, mode: Mode) -> Iterator[Segment]:
    """The whole plan, in order."""
    yield Segment(
        "documents", "fresh", _document_cases(corpora, mode), lambda: _no_limits(subject.backend)
    )
    whole = [
        text
        for _, _, text in corpora.files
        if mode.file_bytes is None or len(text) * 2 <= mode.file_bytes
    ]
    yield Segment(
        "files", "fresh", [Documents([text]) for text in whole], lambda: _no_limits(subject.backend)
    )
    yield from _window_segments(subject, corpora, mode)


def window_rows(name: str, mode: Mode) -> list[dict[str, Any]]:
    return options.draw(mode.windows, name)


def _document_cases(corpora: texts.Corpora, mode: Mode) -> list[Any]:
    every = [text for _, text in corpora.documents()]
    if mode.documents is not None:
        step = max(1, len(every) // mode.documents)
        every = every[::step]
    cases: list[Any] = [Documents(every[at : at + GROUP]) for at in range(0, len(every), GROUP)]
    cases += [Queried(text) for text in every[:: mode.query_every]]
    return cases


def _window_segments(subject: Subject, corpora: texts.Corpora, mode: Mode) -> Iterator[Segment]:
    cases = [
        Window(index, row, corpora) for index, row in enumerate(window_rows(subject.name, mode))
    ]
    _give_pad_token(subject)
    by_state = {
        state: [case for case in cases if case.row["state"] == state] for state in options.STATES
    }
    yield Segment("windows", "fresh", by_state["fresh"])
    rng = random.Random(f"{subject.name}:added")
    for step, at in enumerate(range(0, len(by_state["added"]), STEP)):
        # An added token costs stock the more the more there are: thirty steps, then the rest in one.
        last = step == 30
        end = None if last else at + STEP
        yield Segment(
            "windows",
            f"added {step}",
            by_state["added"][at:end],
            lambda step=step: edits.add_tokens(subject.backend, step, rng),
        )
        if last:
            break
    found = edits.edits(subject.backend)
    undo: list[edits.Undo] = []
    for step, at in enumerate(range(0, len(by_state["edited"]), STEP)):
        name, make = found[step % len(found)]
        yield Segment(
            "windows",
            f"edited: {name}",
            by_state["edited"][at : at + STEP],
            lambda make=make: _edit(make, undo),
        )


def _edit(make: Callable[[], edits.Undo], undo: list[edits.Undo]) -> None:
    while undo:
        compare.outcome(undo.pop())
    made = compare.outcome(make)
    if callable(made):
        undo.append(made)


def _no_limits(backend: Any) -> None:
    backend.no_truncation()
    backend.no_padding()


def _give_pad_token(subject: Subject) -> None:
    """What users do with GPT-2 and Llama: pad with a token that is there already.

    A folder without tokenizer_config.json names no token at all, and without one every call that pads would only raise.
    """
    tok = subject.tok
    if tok.pad_token is None:
        named = (tok.eos_token, tok.unk_token, tok.bos_token)
        in_vocabulary = ("[PAD]", "<pad>", *subject.added, *subject.pieces[:1])
        for other in (*named, *in_vocabulary):
            if other is not None and subject.backend.token_to_id(other) is not None:
                tok.pad_token = other
                return


@dataclass
class Documents:
    """Texts through one `encode_batch`: the eleven fields of each."""

    texts: list[str]

    @property
    def results(self) -> int:
        return len(self.texts)

    def categories(self) -> Counter[str]:
        return sum((texts.categories(text, "real-world") for text in self.texts), Counter())

    def run(self, subject: Subject) -> list[Any]:
        encodings = compare.outcome(subject.backend.encode_batch, self.texts)
        if isinstance(encodings, compare.Raised):
            return [compare.plain(encodings)] * len(self.texts)
        return [compare.plain(encoding) for encoding in encodings]

    def describe(self) -> str:
        return f"encode_batch of {len(self.texts)} documents, the first {self.texts[0][:60]!r}"


@dataclass
class Queried:
    """One document through `encode`: fields, and the seven queries at every position."""

    text: str
    results = 1

    def run(self, subject: Subject) -> list[Any]:
        encoding = compare.outcome(subject.backend.encode, self.text)
        return [compare.plain(encoding, range(len(self.text) + 2))]

    def categories(self) -> Counter[str]:
        return texts.categories(self.text, "real-world")

    def describe(self) -> str:
        return f"encode with queries everywhere, {self.text[:60]!r}"


@dataclass
class Window:
    """A window of text with drawn options: the call, the state it leaves, and a decode of what it gave."""

    index: int
    row: dict[str, Any]
    corpora: texts.Corpora
    results = 1
    seen: str = ""
    """The first text of the last run."""

    def run(self, subject: Subject) -> list[Any]:
        rng = random.Random(f"{subject.name}:{self.index}")
        first, second = self._text(subject, rng), self._text(subject, rng)[:200]
        if self.row["truncation"]:
            # Overflow of a pair is a cross product: texts of a few windows show all of it, long ones only cost minutes.
            pair = self.row["shape"] in ("pair", "word_pair")
            first, second = (
                first[: self.row["max_length"] * (4 if pair else 20)],
                second[: self.row["max_length"] * 3],
            )
        self.seen = first
        positions = None
        if self.row["queries"]:
            positions = [
                0,
                max(0, len(first) - 1),
                len(first),
                *rng.sample(range(max(8, len(first))), 8),
            ]
        self._before(subject.backend)
        run = self._transformers if self.row["call"].startswith("tok") else self._backend
        result = compare.outcome(run, subject, first, second)
        backend = subject.backend
        return [
            {
                "call": compare.plain(result, positions),
                "state": compare.plain(
                    [backend.truncation, backend.padding, backend.encode_special_tokens]
                ),
                "decode": compare.plain(compare.outcome(self._decode, subject, result, rng)),
            }
        ]

    def _before(self, backend: Any) -> None:
        """The state that the call finds, whatever ran before: a call that raises may leave it as it is."""
        backend.encode_special_tokens = self.row["specials_as_text"]
        if self.index % 4 == 0:
            backend.enable_truncation(50)
            backend.enable_padding(length=20)
        else:
            _no_limits(backend)

    def categories(self) -> Counter[str]:
        origin = {"pieces": "vocabulary", "adversarial": "adversarial"}
        return texts.categories(self.seen, origin.get(self.row["text"], "real-world"))

    def describe(self) -> str:
        return f"window {self.index}, " + ", ".join(
            f"{axis}={value}" for axis, value in self.row.items()
        )

    def _text(self, subject: Subject, rng: random.Random) -> str:
        kind, length = self.row["text"], texts.LENGTHS[self.row["length"]]
        if kind == "pieces":
            return texts.from_pieces(subject.pieces, length, rng)
        if kind == "adversarial":
            return texts.adversarial(length, rng)
        if kind == "added":
            text = self.corpora.window(rng.choice(self.corpora.kinds), length, rng)
            return texts.with_insertions(text, subject.added, rng)
        return self.corpora.window(
            kind if kind in self.corpora.kinds else self.corpora.kinds[0], length, rng
        )

    def _inputs(self, first: str, second: str) -> list[tuple[Any, Any]]:
        """(text, pair or None) of a small batch: the window, its first half, its end."""
        parts = [first, first[: len(first) // 2], first[len(first) // 3 :]]
        pairs = [second, second[: len(second) // 3], second[::-1]]
        if self.row["shape"] in ("words", "word_pair"):
            parts, pairs = [part.split() for part in parts], [pair.split(" ") for pair in pairs]
        if self.row["stride"] and self.row["truncation"]:
            # Stock may panic on one text and refuse another, and in a batch it is chance which comes first.
            parts, pairs = parts[:1], pairs[:1]
        if self.row["shape"] in ("single", "words"):
            return [(part, None) for part in parts]
        return list(zip(parts, pairs, strict=True))

    def _backend(self, subject: Subject, first: str, second: str) -> Any:
        row, backend = self.row, subject.backend
        if row["truncation"]:
            backend.enable_truncation(
                row["max_length"],
                stride=row["stride"],
                strategy=row["truncation"],
                direction=row["truncation_side"],
            )
        else:
            backend.no_truncation()
        if row["padding"]:
            backend.enable_padding(
                direction=row["padding_side"], pad_id=3, pad_type_id=1, pad_token="[P]",
                length=row["max_length"] if row["padding"] == "fixed" else None, pad_to_multiple_of=row["multiple"],
            )  # fmt: skip
        else:
            backend.no_padding()
        inputs = self._inputs(first, second)
        keywords = {
            "is_pretokenized": row["shape"] in ("words", "word_pair"),
            "add_special_tokens": row["specials"],
        }
        if row["call"] == "encode":
            return backend.encode(*inputs[0], **keywords)
        batch = [text if pair is None else (text, pair) for text, pair in inputs]
        if row["call"] == "async_encode_batch":

            async def wait() -> Any:
                return await backend.async_encode_batch(batch, **keywords)

            return subject.loop.run_until_complete(wait())
        return getattr(backend, row["call"])(batch, **keywords)

    def _transformers(self, subject: Subject, first: str, second: str) -> Any:
        row, tok = self.row, subject.tok
        tok.truncation_side = row["truncation_side"]
        limited = row["truncation"] or row["padding"] == "fixed"
        keywords: dict[str, Any] = {
            "add_special_tokens": row["specials"],
            "truncation": row["truncation"] or False,
            "padding": {None: False, "longest": True, "fixed": "max_length"}[row["padding"]],
            "max_length": row["max_length"] if limited else None,
            "stride": row["stride"] if row["truncation"] else 0,
            "is_split_into_words": row["shape"] in ("words", "word_pair"),
            "pad_to_multiple_of": row["multiple"],
            "padding_side": row["padding_side"],
            "return_special_tokens_mask": row["queries"],
            "return_offsets_mapping": self.index % 2 == 0,
            "return_overflowing_tokens": bool(row["truncation"])
            and row["call"] not in ("tok_numpy", "tok_torch")
            and self.index % 3 > 0,
            "return_length": self.index % 5 == 0,
        }
        inputs = self._inputs(first, second)
        if row["call"] in ("tok_encode", "tok_tokenize"):
            return self._lists(tok, *inputs[0], keywords)
        tensors = {"tok_numpy": "np", "tok_torch": "pt"}.get(row["call"])
        if tensors:
            keywords["return_tensors"] = tensors
        if row["call"] == "tok" or (tensors and not row["padding"]):
            return tok(*inputs[0], **keywords)
        pairs = [pair for _, pair in inputs]
        if row["call"] == "tok_pad":
            return self._padded_later(tok, inputs, keywords)
        return tok([text for text, _ in inputs], None if pairs[0] is None else pairs, **keywords)

    def _lists(self, tok: Any, text: Any, pair: Any, keywords: dict[str, Any]) -> Any:
        """The calls that give one list: of ids, or of tokens (which takes no words)."""
        if self.row["call"] == "tok_encode":
            for key in ("special_tokens_mask", "offsets_mapping", "overflowing_tokens", "length"):
                del keywords[f"return_{key}"]
            return tok.encode(text, pair, **keywords)
        return tok.tokenize(
            text if isinstance(text, str) else " ".join(text),
            pair if pair is None or isinstance(pair, str) else " ".join(pair),
            add_special_tokens=self.row["specials"],
        )

    def _padded_later(
        self, tok: Any, inputs: list[tuple[Any, Any]], keywords: dict[str, Any]
    ) -> Any:
        """What a data collator does: texts one by one, then `pad`."""
        keywords |= {"return_overflowing_tokens": False, "return_offsets_mapping": False}
        later = {
            key: keywords.pop(key) for key in ("padding", "pad_to_multiple_of", "padding_side")
        }
        features = [tok(text, pair, **keywords) for text, pair in inputs]
        return tok.pad(
            features,
            max_length=self.row["max_length"],
            return_tensors=(None, "np", "pt")[self.index % 3] if self.row["padding"] else None,
            **later,
        )

    def _decode(self, subject: Subject, result: Any, rng: random.Random) -> Any:
        how, tok, backend = self.row["decode"], subject.tok, subject.backend
        if how == "none":
            return None
        if how == "random":
            ids = [rng.randrange(subject.vocab_size + 2) for _ in range(12)]
            return [
                backend.decode(ids),
                backend.decode(ids, skip_special_tokens=False),
                [backend.id_to_token(i) for i in ids],
            ]
        rows = _ids(result)
        if how == "batch":
            return [
                backend.decode_batch(rows),
                backend.decode_batch(rows, skip_special_tokens=False),
            ]
        if how == "stream":
            return _stream(backend, rows[0][:60] if rows else [])
        if how == "tokens":
            return [_tokens(tok, ids) for ids in rows]
        if how == "tok_batch":
            return [
                tok.batch_decode(rows),
                tok.batch_decode(rows, skip_special_tokens=True, clean_up_tokenization_spaces=True),
            ]
        return [tok.decode(ids, skip_special_tokens=how == "skip") for ids in rows]


def _ids(result: Any) -> list[list[int]]:
    """The ids of whatever a call gave, a list a text."""
    if isinstance(result, compare.Raised):
        return []
    if type(result).__name__ == "BatchEncoding":
        ids = result["input_ids"]
        ids = ids.tolist() if hasattr(ids, "tolist") else ids
        return ids if not ids or isinstance(ids[0], list) else [ids]
    if isinstance(result, list) and (not result or isinstance(result[0], int | str)):
        return [result] if result and isinstance(result[0], int) else []
    return [encoding.ids for encoding in (result if isinstance(result, list) else [result])]


def _tokens(tok: Any, ids: list[int]) -> list[Any]:
    tokens = tok.convert_ids_to_tokens(ids)
    return [
        tokens,
        tok.convert_ids_to_tokens(ids, skip_special_tokens=True),
        tok.convert_tokens_to_ids(tokens),
        tok.convert_tokens_to_string(tokens),
    ]


def _stream(backend: Any, ids: list[int]) -> list[Any]:
    from tokenizers.decoders import DecodeStream

    stream = DecodeStream(skip_special_tokens=True)
    return [stream.step(backend, id) for id in ids]
