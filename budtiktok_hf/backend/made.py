"""Tokenizers that Python code builds from a vocabulary: known from the constructors' arguments.

transformers reads a vocabulary and calls `Tokenizer(BPE(vocab, merges))`. The model is compiled
from those very objects while stock's constructor works on them.
"""

import json

from .. import _native
from . import parts, stock

__all__ = ["compiled_model", "forget", "model_begins", "model_made", "tokenizer_made"]

#: Below this many tokens the model is asked: it costs nothing.
WORTH_WATCHING = 2000

#: Of each kind: the parameters of the lists, those of the other fields with their defaults, and
#: those that do not count.
_PARAMETERS = {
    "BPE": (
        ("vocab", "merges"),
        {
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
        },
        ("cache_capacity",),
    ),
    "WordPiece": (
        ("vocab",),
        {
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
        },
        (),
    ),
    "WordLevel": (("vocab",), {"unk_token": "<unk>"}, ()),
    "Unigram": (("vocab",), {"unk_id": None, "byte_fallback": False}, ("alpha", "nbest_size")),
}

#: What the order of positional arguments is, where fields may be among them.
_POSITIONAL = {
    "BPE": ("vocab", "merges"),
    "WordPiece": ("vocab",),
    "WordLevel": ("vocab", "unk_token"),
    "Unigram": ("vocab", "unk_id", "byte_fallback", "alpha", "nbest_size"),
}

#: Types of fields that are written to JSON as they are.
_PLAIN = (type(None), bool, int, float, str)

#: The model made last and the job that compiles it, until a tokenizer is made from it.
_last: list[tuple[object, object]] = []


def model_begins(owner: type, args: tuple, kwargs: dict | None):
    """A model is about to be made: what is begun, if it is worth it."""
    _last.clear()
    kind = owner.__name__
    if kind not in _PARAMETERS or len(args) > len(_POSITIONAL[kind]):
        return None
    lists, fields, ignored = _PARAMETERS[kind]
    given = dict(zip(_POSITIONAL[kind], args, strict=False)) | (kwargs or {})
    vocab, merges = given.get("vocab"), given.get("merges")
    if type(vocab) not in (dict, list) or len(vocab) < WORTH_WATCHING:
        return None
    if kind == "BPE" and type(merges) is not list:
        return None
    others = {name: value for name, value in given.items() if name not in lists + ignored}
    if not all(name in fields and type(value) in _PLAIN for name, value in others.items()):
        return None
    # Stock takes None for the default.
    others = fields | {name: value for name, value in others.items() if value is not None}
    written = json.dumps({"type": kind} | others, ensure_ascii=False)
    job = _native.begin_model(written, vocab, merges, stock.VERSION)
    return None if job is None else (job, others)


def model_made(model, begun: tuple) -> None:
    """The model was made; does it have the fields that were expected?"""
    job, fields = begun
    absent = object()
    if all(getattr(model, name, absent) in (value, absent) for name, value in fields.items()):
        _last.append((model, job))


def forget() -> None:
    """Lets go of the model made last."""
    _last.clear()


def tokenizer_made(tokenizer, args: tuple, kwargs: dict | None) -> None:
    """A tokenizer was made; whoever made it holds the model."""
    handle = _native.ensure_handle(tokenizer)
    generation, _, trained, _ = handle.moment()
    # It has no added tokens yet.
    parts.special_contents(handle)
    handle.memo["specials_known"] = True
    if not _last or len(args) != 1 or kwargs:
        return
    model, job = _last.pop()
    if args[0] is not model:
        return
    handle.memo["model_job"] = job, parts.state("model", model), generation, trained


def compiled_model(tokenizer, handle):
    """The compiled model if the tokenizer still has the model it was made from, unchanged."""
    known = handle.memo.get("model_job")
    if known is None or handle.changed & parts.MODEL:
        return None
    job, state, *counters = known
    generation, _, trained, _ = handle.moment()
    same = counters == [generation, trained]
    if same and parts.state("model", stock.read(tokenizer, "model")) == state:
        return job.compiled()
    return None
