"""Two encodings, two calls, field by field: the one comparer of verify, compat, the benchmarks and the tests.

Whatever a tokenizer returns is first written down as plain data (`plain`): lists, tuples, dicts, strings, numbers. Plain data has
a digest, so that a reference of millions of cases fits on disk, and two of them have a first `difference`, with its path.

This file imports nothing of the package: compat's reference process loads it by its path and never sees `budtiktok_hf`.
"""

from __future__ import annotations

import hashlib
import marshal
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

FIELDS = (
    "ids",
    "type_ids",
    "tokens",
    "offsets",
    "word_ids",
    "words",
    "sequence_ids",
    "special_tokens_mask",
    "attention_mask",
    "overflowing",
    "n_sequences",
)
"""The eleven fields of an `Encoding`."""

CHAR_QUERIES = ("char_to_token", "char_to_word")
TOKEN_QUERIES = ("token_to_chars", "token_to_sequence", "token_to_word")
WORD_QUERIES = ("word_to_chars", "word_to_tokens")
QUERIES = CHAR_QUERIES + TOKEN_QUERIES + WORD_QUERIES
"""The seven queries of an `Encoding`."""

PANICS = ("PanicException", "RustPanic")
"""How a panic of stock's looks: from a call, from an awaited one."""


class Difference(NamedTuple):
    """The first place where two results part. `path` reads like code: `.overflowing[2].offsets[17]`."""

    path: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.path or 'result'}: expected {self.expected}, got {self.actual}"


class Raised(NamedTuple):
    """An exception as a result."""

    type: str
    text: str


def silence_deprecations() -> None:
    """`Encoding.words` warns at each reading; reading it a million times is this file's business."""
    warnings.filterwarnings("ignore", message="Deprecated in 0.9.4", category=DeprecationWarning)


def encoding_fields(encoding: Any) -> dict[str, Any]:
    """The eleven fields of an `Encoding`, overflow recursively."""
    fields = {name: getattr(encoding, name) for name in FIELDS}
    if fields["overflowing"]:
        fields["overflowing"] = [encoding_fields(part) for part in fields["overflowing"]]
    return fields


def encoding_queries(encoding: Any, positions: Iterable[int]) -> dict[str, list[Any]]:
    """The answers of the seven queries at each of `positions`, for each sequence and for one that is not there.

    Positions are taken as characters, tokens and words alike; past the tokens, two more are asked and no further.
    """
    positions = list(positions)
    answers: dict[str, list[Any]] = {}
    end = len(encoding) + 2
    near = [position for position in positions if position < end]
    for name in TOKEN_QUERIES:
        ask = getattr(encoding, name)
        answers[name] = [ask(position) for position in near]
    sequences = range(encoding.n_sequences + 1)
    for name in CHAR_QUERIES:
        ask = getattr(encoding, name)
        answers[name] = [
            ask(position, sequence) for sequence in sequences for position in positions
        ]
    for name in WORD_QUERIES:
        ask = getattr(encoding, name)
        answers[name] = [ask(position, sequence) for sequence in sequences for position in near]
    return answers


def plain(value: Any, positions: Iterable[int] | None = None) -> Any:
    """`value` as plain data. Each `Encoding` inside becomes its fields, with its queries where `positions` are given."""
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    if isinstance(value, Raised):
        return ("raises", value.type, value.text)
    if isinstance(value, list | tuple):
        if all(type(item) is int for item in value):
            return value
        return (
            type(value)(plain(item, positions) for item in value)
            if type(value) in (list, tuple)
            else (
                type(value).__qualname__,
                [plain(item, positions) for item in value],
            )
        )
    kind = type(value)
    if kind.__name__ == "Encoding":
        fields = encoding_fields(value)
        if positions is not None:
            fields["queries"] = encoding_queries(value, positions)
        return fields
    if kind.__name__ == "BatchEncoding":
        return {
            "data": {key: plain(item, positions) for key, item in value.data.items()},
            "encodings": plain(value.encodings, positions),
            "n_sequences": value.n_sequences,
        }
    if isinstance(value, Mapping):
        return {plain(key): plain(item, positions) for key, item in value.items()}
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        items = value.tolist()
        if str(value.dtype) == "object":
            items = plain(items, positions)
        return (kind.__qualname__, str(value.dtype), list(value.shape), items)
    if isinstance(value, set | frozenset):
        return (kind.__qualname__, sorted(map(repr, value)))
    return (kind.__qualname__, repr(value))


def outcome(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the call returns, or, where it raises, the exception's type and text as `Raised`."""
    try:
        return call(*args, **kwargs)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 (a panic of stock's is a BaseException)
        return Raised(type(error).__name__, str(error))


def digest(data: Any) -> bytes:
    """8 bytes that stand for plain data: equal data, equal digest, in every process.

    marshal's format 2 knows neither references nor interning, so that it depends on values and types alone.
    """
    return hashlib.blake2b(marshal.dumps(data, 2), digest_size=8).digest()


def difference(expected: Any, actual: Any, path: str = "") -> Difference | None:
    """The first difference between two pieces of plain data, or None. Types count: `True` is not `1`, a tuple is no list.

    One licence: where stock panics we raise `ValueError`.
    """
    if (
        _is_raised(expected)
        and expected[1] in PANICS
        and _is_raised(actual)
        and actual[1] == "ValueError"
    ):
        return None
    if type(expected) is not type(actual) or _is_raised(expected) != _is_raised(actual):
        return Difference(path, _short(expected), _short(actual))
    if isinstance(expected, dict):
        for key in expected:
            if key not in actual:
                return Difference(f"{path}{_step(key)}", _short(expected[key]), "nothing")
        for key in actual:
            if key not in expected:
                return Difference(f"{path}{_step(key)}", "nothing", _short(actual[key]))
        for key in expected:
            found = difference(expected[key], actual[key], f"{path}{_step(key)}")
            if found:
                return found
        if list(expected) != list(actual):
            return Difference(path, f"keys {list(expected)}", f"keys {list(actual)}")
        return None
    if isinstance(expected, list | tuple):
        for index, (left, right) in enumerate(zip(expected, actual, strict=False)):
            if type(left) is type(right) and type(left) in (int, str) and left == right:
                continue
            found = difference(left, right, f"{path}[{index}]")
            if found:
                return found
        if len(expected) != len(actual):
            return Difference(path, f"{len(expected)} items", f"{len(actual)} items")
        return None
    if expected == actual or (expected != expected and actual != actual):
        return None
    return Difference(path, _short(expected), _short(actual))


def compare_encodings(
    expected: Any, actual: Any, positions: Iterable[int] | None = None
) -> Difference | None:
    """The first field, and with `positions` the first query, in which two `Encoding`s differ."""
    positions = None if positions is None else list(positions)
    return difference(plain(expected, positions), plain(actual, positions))


def compare_calls(
    expected: Callable[[], Any], actual: Callable[[], Any], positions: Iterable[int] | None = None
) -> Difference | None:
    """The first difference between what two calls give; where they raise, between the exceptions' types and texts."""
    positions = None if positions is None else list(positions)
    return difference(plain(outcome(expected), positions), plain(outcome(actual), positions))


def _is_raised(data: Any) -> bool:
    return isinstance(data, tuple) and len(data) == 3 and data[0] == "raises"


def _step(key: Any) -> str:
    return f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"


def _short(data: Any) -> str:
    if _is_raised(data):
        return f"{data[1]}({data[2]!r})"
    text = repr(data)
    return text if len(text) <= 160 else f"{text[:120]} … ({len(text)} characters)"
