"""Wrong answers on purpose: the harness must report each of them, and the benchmark refuse a speed.

A fault stands in front of `encode`, `encode_batch` and `encode_batch_fast`, hooked or not, and changes one field of what comes out.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable
from typing import Any

from tokenizers import Encoding, Tokenizer

METHODS = ("encode", "encode_batch", "encode_batch_fast")


def _ids(state: dict[str, Any]) -> None:
    state["ids"][-1] += 1


def _offset(state: dict[str, Any]) -> None:
    state["offsets"][-1][1] += 1


def _word_id(state: dict[str, Any]) -> None:
    state["words"][0] = 7 if state["words"][0] is None else state["words"][0] + 1


def _overflow(state: dict[str, Any]) -> None:
    state["overflowing"] = state["overflowing"][:-1]


def _padding_side(state: dict[str, Any]) -> None:
    """Moves what is padded on one side to the other."""
    mask = state["attention_mask"]
    padding = mask.count(0)
    shift = -padding if mask[-1] == 0 else padding
    for name in (
        "ids",
        "type_ids",
        "tokens",
        "words",
        "offsets",
        "special_tokens_mask",
        "attention_mask",
    ):
        column = state[name]
        state[name] = column[shift:] + column[:shift]


FAULTS: dict[str, Callable[[dict[str, Any]], None] | None] = {
    "ids": _ids,
    "offset": _offset,
    "word_id": _word_id,
    "overflow": _overflow,
    "padding_side": _padding_side,
    "stale": None,
}
"""By name; `stale` answers from a copy made before any edit."""


def install(name: str, tok: Any) -> Callable[[], None]:
    """Puts the fault in place for the whole process; returns how to take it out."""
    before = {method: getattr(Tokenizer, method) for method in METHODS}
    old = copy.deepcopy(tok.backend_tokenizer) if name == "stale" else None
    for method, original in before.items():
        setattr(
            Tokenizer,
            method,
            _stale(original, tok.backend_tokenizer, old)
            if name == "stale"
            else _spoilt(original, FAULTS[name]),
        )

    def remove() -> None:
        for method, original in before.items():
            setattr(Tokenizer, method, original)

    return remove


def _spoilt(original: Any, fault: Any) -> Any:
    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        return (
            [spoil(item, fault) for item in result]
            if isinstance(result, list)
            else spoil(result, fault)
        )

    return call


def _stale(original: Any, live: Any, old: Any) -> Any:
    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self is not live:
            return original(self, *args, **kwargs)
        if live.truncation:
            old.enable_truncation(**live.truncation)
        else:
            old.no_truncation()
        if live.padding:
            old.enable_padding(**live.padding)
        else:
            old.no_padding()
        old.encode_special_tokens = live.encode_special_tokens
        return original(old, *args, **kwargs)

    return call


def spoil(encoding: Any, fault: Callable[[dict[str, Any]], None]) -> Any:
    """A stock `Encoding` equal to the given one but for the fault; where there is nothing to spoil, an equal one."""
    state = json.loads(encoding.__getstate__())
    if state["ids"]:
        fault(state)
    made = Encoding()
    made.__setstate__(json.dumps(state, ensure_ascii=False).encode())
    return made
