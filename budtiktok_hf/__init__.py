"""Exactly Hugging Face tokenizers, 10 to 100 times faster.

`patch()` puts the engine behind every `tokenizers.Tokenizer` of the process, those of
transformers included; `unpatch()` takes it out again.
"""

from contextlib import contextmanager

from ._native import __version__
from .explain import Explanation, explain
from .hooks import scope as _scope

__all__ = ["Explanation", "__version__", "explain", "is_patched", "patch", "patched", "unpatch"]


def patch() -> None:
    """Serves every tokenizer of this process, those made before too. Twice is once.

    Does nothing when the environment has `BUDTIKTOK_DISABLE=1`.
    """
    _scope.patch()


def unpatch() -> None:
    """Puts stock back, object by object; inside `with patched():` when the last one is left."""
    _scope.unpatch()


def is_patched() -> bool:
    """Whether the engine is in place."""
    return _scope.is_active()


@contextmanager
def patched():
    """Patched inside the `with`; counted, across threads."""
    entered = _scope.enter()
    try:
        yield
    finally:
        if entered:
            _scope.leave()
