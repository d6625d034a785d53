"""Tokenizers that Python code builds from a vocabulary: known from the constructors' arguments.

transformers reads a vocabulary and calls `Tokenizer(BPE(vocab, merges))`. Writing the model's JSON
from those very objects is several times faster than asking the model for it afterwards, and once
the other parts are set the engine can be compiled while transformers goes on.
"""

import json

from .. import _native
from . import parts, stock

__all__ = ["begin", "forget", "model_made", "tokenizer_made", "whole_json"]

#: Below this many tokens the model is asked: it costs nothing.
WORTH_WATCHING = 2000

#: Fields of a model's JSON before its vocabulary, in stock's order.
_FIELDS = {
    "BPE": (
        "dropout",
        "unk_token",
        "continuing_subword_prefix",
        "end_of_word_suffix",
        "fuse_unk",
        "byte_fallback",
        "ignore_merges",
    ),
    "WordPiece": ("unk_token", "continuing_subword_prefix", "max_input_chars_per_word"),
}

#: The model made last and its JSON, until a tokenizer is made from it.
_last: list[tuple[object, bytes]] = []


def model_made(model, args: tuple, kwargs: dict | None) -> None:
    """A model was made from `args` and `kwargs`."""
    _last.clear()
    named = dict(zip(("vocab", "merges"), args, strict=False)) | (kwargs or {})
    vocab, merges = named.get("vocab"), named.get("merges")
    kind = type(model).__name__
    if type(vocab) is not dict or len(vocab) < WORTH_WATCHING or kind not in _FIELDS:
        return
    if kind == "BPE":
        if type(merges) is not list or getattr(model, "dropout", None) is not None:
            return
        written = _native.vocabulary_text(vocab, merges)
    else:
        written = _native.vocabulary_text(vocab)
    if written is None:
        return
    fields = {"type": kind} | {name: getattr(model, name) for name in _FIELDS[kind]}
    head = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    _last.append((model, b"".join((head[:-1].encode(), b",", written, b"}"))))


def forget() -> None:
    """Lets go of the model made last."""
    _last.clear()


def tokenizer_made(tokenizer, args: tuple, kwargs: dict | None) -> None:
    """A tokenizer was made; whoever made it holds the model."""
    if not _last or len(args) != 1 or kwargs:
        return
    model, written = _last.pop()
    if args[0] is not model:
        return
    handle = _native.ensure_handle(tokenizer)
    generation, _, trained, _ = handle.moment()
    handle.memo["model_text"] = written, parts.state("model", model), generation, trained


def _model_text(tokenizer, handle) -> bytes | None:
    """The model's JSON if the tokenizer still has the model it was made from, unchanged."""
    known = handle.memo.get("model_text")
    if known is None or handle.changed & parts.MODEL:
        return None
    written, state, *counters = known
    generation, _, trained, _ = handle.moment()
    same = counters == [generation, trained]
    if same and parts.state("model", stock.read(tokenizer, "model")) == state:
        return written
    return None


def whole_json(tokenizer, handle, added: dict) -> bytes | None:
    """What `to_str` would give (without truncation and padding), or None if it has to be asked."""
    written = _model_text(tokenizer, handle)
    if written is None:
        return None
    light = parts.light_json(tokenizer, added)
    return b"".join((light.removesuffix(b"null}"), written, b"}"))


def begin(tokenizer, handle) -> None:
    """A part was set: begins to compile once the tokenizer looks complete."""
    if stock.read(tokenizer, "pre_tokenizer") is None or stock.read(tokenizer, "decoder") is None:
        return
    moment = handle.moment()
    added = parts.added_tokens(tokenizer)
    written = None if added else whole_json(tokenizer, handle, added)
    if written is None:
        return
    parts.remember(tokenizer, handle)
    if handle.settle(moment, begun=_native.begin(written, stock.VERSION)):
        handle.memo.pop("model_text", None)
