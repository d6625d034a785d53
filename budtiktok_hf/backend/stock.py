"""The installed `tokenizers`, seen past the hooks: reading it here hands nothing out."""

import re

import tokenizers
from tokenizers import Tokenizer

__all__ = ["VERSION", "call", "read"]


def _version() -> tuple[int, int, int]:
    found = [int(part) for part in re.findall(r"\d+", tokenizers.__version__)[:3]]
    return tuple(found + [0] * (3 - len(found)))


#: (major, minor, patch) of the installed `tokenizers`.
VERSION = _version()

#: The attributes of `Tokenizer` as they were when this module was first imported.
_originals = dict(vars(Tokenizer))


def adopt(name: str, original) -> None:
    """Takes what `hooks` found at an attribute as its original."""
    _originals[name] = original


def read(tokenizer, name: str):
    """A property of the real object."""
    return _originals[name].__get__(tokenizer, Tokenizer)


def call(tokenizer, name: str, *args, **kwargs):
    """A method of the real object."""
    return _originals[name].__get__(tokenizer, Tokenizer)(*args, **kwargs)
