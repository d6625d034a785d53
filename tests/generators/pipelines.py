"""One small tokenizer for each kind of pipeline that real tokenizers have.

Their models tell every byte of what reaches them (a byte-level alphabet, or byte fallback), so that ids show what normalizers did,
and offsets and word ids what pre-tokenizers did; those of the last group are what the vocabularies of such models really give.
"""

from __future__ import annotations

import base64
import json

from tokenizers import Tokenizer

from . import models
from .charsmap import SMALL
from .strategies import REGEXES

_BYTE_LEVEL = {
    "type": "ByteLevel",
    "add_prefix_space": False,
    "trim_offsets": True,
    "use_regex": True,
}
_BERT = {
    "type": "BertNormalizer",
    "clean_text": True,
    "handle_chinese_chars": True,
    "strip_accents": None,
    "lowercase": True,
}
_METASPACE = {
    "type": "Metaspace",
    "replacement": "▁",
    "prepend_scheme": "always",
    "split": True,
}
_PRECOMPILED = {
    "type": "Precompiled",
    "precompiled_charsmap": base64.b64encode(SMALL).decode(),
}


def _chain(kind: str, *parts: dict) -> dict:
    return {"type": "Sequence", kind: list(parts)}


def _split(number: int) -> dict:
    split = {
        "type": "Split",
        "pattern": {"Regex": REGEXES[number]},
        "behavior": "Isolated",
        "invert": False,
    }
    return _chain("pretokenizers", split, _BYTE_LEVEL | {"use_regex": False})


def _bytes(seed: int) -> dict:
    """A BPE that knows every byte."""
    model = models.bpe(seed, "bytes", unk_token=None)
    for letter in models.byte_alphabet().values():
        model["vocab"].setdefault(letter, len(model["vocab"]) + 7)
    return model


def _fallback(seed: int) -> dict:
    """A SentencePiece-style BPE that falls back to bytes."""
    model = models.bpe(seed, prefix=None, suffix=None, byte_fallback=True, unk_token="<unk>")
    for name in ("<unk>", *(f"<0x{byte:02X}>" for byte in range(256))):
        model["vocab"].setdefault(name, len(model["vocab"]) + 7)
    return model


def _types(*names: str) -> tuple[dict, ...]:
    return tuple({"type": name} for name in names)


#: Name: (model, normalizer, pre-tokenizer).
PIPELINES: dict[str, tuple[dict, dict | None, dict | None]] = {
    "gpt2": (_bytes(11), None, _BYTE_LEVEL),
    "cl100k": (_bytes(12), {"type": "NFC"}, _split(1)),
    "o200k": (_bytes(13), None, _split(3)),
    "bert": (_fallback(14), _BERT, {"type": "BertPreTokenizer"}),
    "bert cased": (
        _fallback(15),
        _BERT | {"lowercase": False},
        {"type": "BertPreTokenizer"},
    ),
    "llama": (
        _fallback(16),
        _chain(
            "normalizers",
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        ),
        None,
    ),
    "precompiled": (_fallback(17), _PRECOMPILED, _METASPACE),
    "nmt": (
        _fallback(18),
        _chain("normalizers", *_types("Nmt", "NFKC")),
        _chain("pretokenizers", *_types("WhitespaceSplit"), _METASPACE),
    ),
    "albert": (
        _fallback(19),
        _chain("normalizers", *_types("NFKD", "StripAccents", "Lowercase")),
        _METASPACE | {"prepend_scheme": "first", "split": False},
    ),
    "words": (
        _fallback(20),
        _chain("normalizers", *_types("NFD")),
        _chain(
            "pretokenizers",
            *_types("Whitespace"),
            {"type": "Digits", "individual_digits": False},
            {"type": "Punctuation", "behavior": "Contiguous"},
        ),
    ),
    "clip": (
        models.bpe(21, prefix=None, suffix="</w>", unk_token="<unk>"),
        _chain("normalizers", *_types("NFC", "Lowercase")),
        _split(4),
    ),
    "word piece": (models.word_piece(22), _BERT, {"type": "BertPreTokenizer"}),
    "unigram": (models.unigram(23, unk_id=0), _PRECOMPILED, _METASPACE),
}


def tokenizer(name: str) -> Tokenizer:
    """With added tokens of the kinds that look at their neighbours."""
    model, normalizer, pre_tokenizer = PIPELINES[name]
    flags = ("single_word", "lstrip", "rstrip", "normalized", "special")
    added = [
        {"id": 0, "content": content} | {flag: flag in on for flag in flags}
        for content, on in (
            ("<x>", ("special",)),
            ("new", ("single_word",)),
            ("<y>", ("lstrip", "rstrip")),
            ("low", ("single_word", "normalized")),
            ("<z>", ("lstrip", "rstrip", "normalized")),
        )
    ]
    return Tokenizer.from_str(
        json.dumps(
            {
                "version": "1.0",
                "truncation": None,
                "padding": None,
                "added_tokens": added,
                "normalizer": normalizer,
                "pre_tokenizer": pre_tokenizer,
                "post_processor": None,
                "decoder": None,
                "model": model,
            }
        )
    )
