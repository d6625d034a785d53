"""One pass of a tokenizer over documents: time of encoding with ids read as lists, and a digest of all fields of each document.

Demo and `bench` print a speed only after every digest of the patched pass equals the unpatched one's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

GROUP = 32
"""Documents a call."""


class Pass(NamedTuple):
    seconds: float
    digests: list[bytes]


def one_thread() -> None:
    """Both sides on one thread, before either has made its pool: a ratio of engines, not of thread pools."""
    os.environ["RAYON_NUM_THREADS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def run_pass(backend: Any, documents: list[str], advance: Callable[[int], object]) -> Pass:
    """Encodes every document once. Only `encode_batch` and reading `ids` are timed; fields are read and digested beside the clock."""
    from budtiktok_hf import compare

    compare.silence_deprecations()
    seconds, digests = 0.0, []
    for at in range(0, len(documents), GROUP):
        group = documents[at : at + GROUP]
        start = time.perf_counter()
        encodings = backend.encode_batch(group)
        for encoding in encodings:
            encoding.ids  # noqa: B018 (made as a list: this is what a caller gets)
        seconds += time.perf_counter() - start
        digests += [compare.digest(compare.plain(encoding)) for encoding in encodings]
        del encodings
        advance(len(group))
    return Pass(seconds, digests)


def differing(expected: Pass, actual: Pass) -> list[int]:
    """Numbers of the documents with any unequal field."""
    return [
        number
        for number, pair in enumerate(zip(expected.digests, actual.digests, strict=True))
        if pair[0] != pair[1]
    ]


def speeds(documents: list[str], stock: Pass, patched: Pass) -> tuple[float, float, float]:
    """(MB/s stock, MB/s patched, ratio)."""
    megabytes = sum(len(text.encode("utf-8")) for text in documents) / 1e6
    return megabytes / stock.seconds, megabytes / patched.seconds, stock.seconds / patched.seconds
