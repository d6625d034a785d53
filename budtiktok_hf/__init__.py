"""Exactly Hugging Face tokenizers, 10 to 100 times faster.

`patch()` puts the engine behind every `tokenizers.Tokenizer` of the process, those of
transformers included; `unpatch()` takes it out again. `accelerate(tokenizer)` does it for one
tokenizer, and `BudTikTokTokenizerFast` and `Tokenizer` make such ones.
"""

import importlib
from contextlib import contextmanager

from ._native import __version__
from .canary import set_share as _set_share
from .explain import Explanation, explain
from .hooks import scope as _scope

__all__ = [
    "BudTikTokTokenizerFast",
    "Explanation",
    "Tokenizer",
    "__version__",
    "accelerate",
    "explain",
    "is_patched",
    "patch",
    "patched",
    "restore",
    "unpatch",
]

#: What imports tokenizers or transformers, made when first asked for.
_LATER = {"BudTikTokTokenizerFast": ".tokenizer", "Tokenizer": ".constructors"}


def patch(verify: float | None = None) -> None:
    """Serves every tokenizer of this process, those made before too. Twice is once.

    `verify`: the share of calls (0 to 1) that stock answers as well; where the two differ, stock's
    answer is given and stock serves that tokenizer from then on. A later call changes the share;
    without it the environment's `BUDTIKTOK_VERIFY` counts.

    Does nothing when the environment has `BUDTIKTOK_DISABLE=1`.
    """
    _set_share(verify)
    _scope.patch()


def unpatch() -> None:
    """Puts stock back, object by object; inside `with patched():` when the last one is left.

    Tokenizers that were accelerated one by one stay accelerated.
    """
    _scope.unpatch()


def is_patched() -> bool:
    """Whether `patch()` is in force; tokenizers accelerated one by one do not count."""
    return _scope.is_patched()


@contextmanager
def patched():
    """Patched inside the `with`; counted, across threads."""
    entered = _scope.enter()
    try:
        yield
    finally:
        if entered:
            _scope.leave()


def accelerate(tokenizer):
    """Serves this tokenizer, of transformers or of tokenizers, and returns it.

    Its copies, deep copies, and what is unpickled from it in this process, are served too.
    """
    _scope.accelerate(tokenizer)
    return tokenizer


def restore(tokenizer):
    """Gives this tokenizer back to stock, and returns it.

    Under `patch()` it stays with stock until it is accelerated.
    """
    _scope.restore(tokenizer)
    return tokenizer


def __getattr__(name: str):
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_LATER[name], __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(set(globals()) | set(__all__))
