"""Compares a hooked tokenizer with its own original methods, and says who served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tokenizers
import twin
from tokenizers import Tokenizer

import budtiktok_hf
from budtiktok_hf import compare

from .counts import count

compare.silence_deprecations()

#: Why the engine may leave a drawn tokenizer to stock; anything else is a gap to be known.
ACCEPTED = (
    "two strings share an id",
    "gives two strings one id",
    "two tokens that match",
    "a token whose normalized form is empty",
    "added tokens out of step",
)


class Original:
    """A tokenizer called through stock's methods, hooks or not."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def __getattr__(self, name: str) -> Any:
        return twin.ORIGINALS[name].__get__(self._tokenizer, tokenizers.Tokenizer)


def assert_same(
    tokenizer: Any, call: Callable[[Any], Any], context: Any = None, queries: bool = True
) -> Any:
    """What `call` gives on the hooked tokenizer, after asserting that stock's methods give the same."""
    expected = compare.plain(compare.outcome(call, Original(tokenizer)))
    actual = compare.outcome(call, tokenizer)
    found = compare.difference(expected, compare.plain(actual))
    assert found is None, f"{found}\n{context!r}"
    count("errors" if isinstance(actual, compare.Raised) else "results")
    if queries and not isinstance(actual, compare.Raised):
        # Where the ranges of two sequences overlap, stock looks into a map in the order of chance.
        for _ in range(12):
            expected = compare.plain(compare.outcome(call, Original(tokenizer)), range(6))
            found = compare.difference(expected, compare.plain(actual, range(6)))
            if found is None or "_to_sequence" not in str(found):
                break
        assert found is None, f"{found}\n{context!r}"
    return actual


def assert_accelerated(tokenizer: Any) -> None:
    explanation = budtiktok_hf.explain(tokenizer)
    assert explanation.accelerated, explanation


def why_not(tokenizer: Any) -> str:
    """The reason why stock serves this tokenizer; empty if the engine does. Unknown reasons fail."""
    explanation = budtiktok_hf.explain(tokenizer)
    if explanation.accelerated:
        return ""
    (reason,) = explanation.reasons
    assert any(known in reason for known in ACCEPTED), reason
    return next(known for known in ACCEPTED if known in reason)
