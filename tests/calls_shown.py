"""Results of transformers' calls in a form that can be compared, and calls with and without us."""

import logging
import warnings

import numpy as np
import transformers
from conftest import WRITTEN, fields, outcome
from tokenizers import Tokenizer
from transformers import BatchEncoding, PreTrainedTokenizerFast

import budtiktok_hf
from budtiktok_hf import _native

try:
    import torch
except ImportError:
    torch = None

KINDS = sorted(WRITTEN)
SPECIAL = {
    "byte_level": {"pad_token": "<|endoftext|>", "eos_token": "<|endoftext|>"},
    "word_piece": {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    },
}


def made(kind: str, cls=PreTrainedTokenizerFast, **kwargs):
    """A tokenizer of transformers."""
    kwargs = {"model_max_length": 24, **SPECIAL[kind], **kwargs}
    if kind == "word_piece":
        kwargs.setdefault("model_input_names", ["input_ids", "token_type_ids", "attention_mask"])
    return cls(tokenizer_object=Tokenizer.from_str(WRITTEN[kind]), **kwargs)


def shown(value):
    """A value with everything about it that a caller could notice."""
    if isinstance(value, BatchEncoding):
        encodings = value.encodings
        return (
            type(value).__name__,
            list(vars(value)),
            type(value.data).__name__,
            [(key, shown(column)) for key, column in value.items()],
            None if encodings is None else [fields(encoding) for encoding in encodings],
            type(encodings).__name__,
            value.n_sequences,
            value.is_fast,
        )
    if isinstance(value, np.ndarray):
        flags = value.flags
        return (
            "ndarray",
            str(value.dtype),
            value.shape,
            flags.owndata,
            flags.writeable,
            flags.c_contiguous,
            # Of ragged rows: an array of arrays.
            shown(value.tolist()) if value.dtype == object else value.tolist(),
        )
    if torch is not None and isinstance(value, torch.Tensor):
        storage = value.untyped_storage()
        return (
            "Tensor",
            type(value).__name__,
            str(value.dtype),
            tuple(value.shape),
            value.is_contiguous(),
            value.requires_grad,
            str(value.device),
            storage.resizable(),
            storage.nbytes(),
            value.is_inference(),
            value.tolist(),
        )
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [shown(item) for item in value]
    if isinstance(value, dict):
        return type(value).__name__, [(key, shown(item)) for key, item in value.items()]
    return type(value).__name__, value


class Records(logging.Handler):
    """What is logged meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[tuple] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append((record.levelname, record.name, record.funcName, record.getMessage()))


def told(tokenizer, call) -> tuple:
    """What a call gives, leaves behind on the tokenizer, warns of and logs."""
    records = Records()
    logger = logging.getLogger("transformers")
    logger.addHandler(records)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = outcome(lambda: shown(call(tokenizer)))
    finally:
        logger.removeHandler(records)
    backend = tokenizer._tokenizer
    return (
        result,
        backend.truncation,
        backend.padding,
        backend.encode_special_tokens,
        [(str(warning.message), warning.filename, warning.lineno) for warning in caught],
        records.messages,
        dict(tokenizer.deprecation_warnings),
    )


def warm(make):
    """The same tokenizer after its first call: look-ups alone do not build an engine."""

    def made():
        tokenizer = make()
        tokenizer("a")
        return tokenizer

    return made


def compared(make, calls) -> int:
    """Runs the calls one after another with and without us; how many were answered fast."""
    budtiktok_hf.unpatch()
    logging.Logger.warning_once.cache_clear()
    tokenizer = make()
    expected = [told(tokenizer, call) for call in calls]
    budtiktok_hf.patch()
    logging.Logger.warning_once.cache_clear()
    try:
        tokenizer = make()
        before = sum(_native.fast_calls().values())
        found = [told(tokenizer, call) for call in calls]
        fast = sum(_native.fast_calls().values()) - before
    finally:
        budtiktok_hf.unpatch()
    for at, (ours, stocks) in enumerate(zip(found, expected)):
        assert ours == stocks, (at, getattr(calls[at], "label", calls[at]))
    return fast


def called(name: str = "__call__", *args, **kwargs):
    """A call of a tokenizer, as a function of it."""

    def call(tokenizer):
        method = tokenizer if name == "__call__" else getattr(tokenizer, name)
        return method(*args, **kwargs)

    call.label = f"{name}{args}{kwargs}"
    return call


def supported() -> bool:
    """Whether the fast paths know this transformers."""
    from budtiktok_hf.calls import table

    return tuple(int(part) for part in transformers.__version__.split(".")[:2]) in table.KNOWN
