"""How often stock's own encode methods answered: each is wrapped before `patch()`, which takes the wrapper as the original.

Calls that raise are not counted: whatever the fast path does not know exactly, the original is asked to refuse.
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any

from tokenizers import Tokenizer

METHODS = ("encode", "encode_batch", "encode_batch_fast")
ASYNC_METHODS = ("async_encode", "async_encode_batch", "async_encode_batch_fast")

calls: Counter[str] = Counter()


def install() -> None:
    for name in METHODS:
        setattr(Tokenizer, name, _counted(getattr(Tokenizer, name), name))
    for name in ASYNC_METHODS:
        if hasattr(Tokenizer, name):
            setattr(Tokenizer, name, _counted_async(getattr(Tokenizer, name), name))


def _counted(original: Any, name: str) -> Any:
    @functools.wraps(original)
    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        calls[name] += 1
        return result

    return counted


def _counted_async(original: Any, name: str) -> Any:
    async def wait(awaitable: Any) -> Any:
        result = await awaitable
        calls[name] += 1
        return result

    @functools.wraps(original)
    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        return wait(original(self, *args, **kwargs))

    return counted
