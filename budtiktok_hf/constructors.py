"""`budtiktok_hf.Tokenizer`: makes real `tokenizers.Tokenizer` objects, accelerated.

The stock class cannot be subclassed; this one only has its constructors.
"""

from contextlib import contextmanager

import tokenizers

from . import _native, accelerate
from .hooks import scope

__all__ = ["Tokenizer", "loading"]


@contextmanager
def loading():
    """What this thread loads inside is compiled while stock parses it."""
    with scope.held():
        _native.loading(True)
        try:
            yield
        finally:
            _native.loading(False)


class Tokenizer:
    """The constructors of `tokenizers.Tokenizer`; each gives one of those, accelerated."""

    def __new__(cls, model):
        return accelerate(tokenizers.Tokenizer(model))

    @staticmethod
    def from_str(json):
        return _loaded("from_str", json)

    @staticmethod
    def from_buffer(buffer):
        return _loaded("from_buffer", buffer)

    @staticmethod
    def from_file(path):
        return _loaded("from_file", path)

    @staticmethod
    def from_pretrained(identifier, revision="main", token=None):
        return _loaded("from_pretrained", identifier, revision, token)


def _loaded(name: str, *args):
    with loading():
        return accelerate(getattr(tokenizers.Tokenizer, name)(*args))
