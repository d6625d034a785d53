"""Parts that few real tokenizers have, alone and in sequences: every field as stock's, and served by the engine."""

from __future__ import annotations

import base64
import itertools
import json

import pytest
from generators import models
from generators.against_stock import assert_accelerated, assert_same, why_not
from generators.characters import MARKS, NAMED, SPACES, WORDS
from generators.charsmap import SMALL
from tokenizers import Tokenizer

import budtiktok_hf

TEXTS = [
    "",
    " ",
    *NAMED.values(),
    " ".join(WORDS),
    "\n".join(NAMED.values()),
    "".join(NAMED.values()),
    f"a{SPACES}b{MARKS}c",
    "newest lowest  widest\tThe <x>low</x> new_new newer renew <y> <y>. éa東京a1,2",
    "the_low-lower|newest--widest  ",
]

NORMALIZERS = {
    "Nmt": {"type": "Nmt"},
    "ByteLevel": {"type": "ByteLevel"},
    "Strip": {"type": "Strip", "strip_left": True, "strip_right": True},
    "Strip left": {"type": "Strip", "strip_left": True, "strip_right": False},
    "StripAccents": {"type": "StripAccents"},
    "NFD": {"type": "NFD"},
    "NFKC": {"type": "NFKC"},
    "Lowercase": {"type": "Lowercase"},
    "Prepend": {"type": "Prepend", "prepend": "▁"},
    "Replace": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    "Replace regex": {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
    "Precompiled": {
        "type": "Precompiled",
        "precompiled_charsmap": base64.b64encode(SMALL).decode(),
    },
    "BertNormalizer": {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": None,
        "lowercase": True,
    },
}
_SPLIT = {"type": "Split", "behavior": "Isolated", "invert": False}
PRE_TOKENIZERS = {
    "UnicodeScripts": {"type": "UnicodeScripts"},
    "CharDelimiterSplit": {"type": "CharDelimiterSplit", "delimiter": "e"},
    "CharDelimiterSplit space": {"type": "CharDelimiterSplit", "delimiter": " "},
    "FixedLength": {"type": "FixedLength", "length": 3},
    "FixedLength 1": {"type": "FixedLength", "length": 1},
    "Digits": {"type": "Digits", "individual_digits": True},
    "Punctuation": {"type": "Punctuation", "behavior": "MergedWithPrevious"},
    "Whitespace": {"type": "Whitespace"},
    "WhitespaceSplit": {"type": "WhitespaceSplit"},
    "BertPreTokenizer": {"type": "BertPreTokenizer"},
    "Metaspace": {
        "type": "Metaspace",
        "replacement": "▁",
        "prepend_scheme": "first",
        "split": True,
    },
    "Metaspace whole": {
        "type": "Metaspace",
        "replacement": "▁",
        "prepend_scheme": "always",
        "split": False,
    },
    "Split": _SPLIT | {"pattern": {"Regex": r"\p{L}+|\p{N}"}},
    "ByteLevel": {
        "type": "ByteLevel",
        "add_prefix_space": True,
        "trim_offsets": True,
        "use_regex": True,
    },
}
DECODERS = {
    "CTC": {
        "type": "CTC",
        "pad_token": "<pad>",
        "word_delimiter_token": "▁",
        "cleanup": True,
    },
    "CTC plain": {"type": "CTC", "pad_token": "e", "word_delimiter_token": "|", "cleanup": False},
    "BPEDecoder": {"type": "BPEDecoder", "suffix": "</w>"},
    "BPEDecoder e": {"type": "BPEDecoder", "suffix": "e"},
    "ByteFallback": {"type": "ByteFallback"},
    "Fuse": {"type": "Fuse"},
    "Strip": {"type": "Strip", "content": "e", "start": 1, "stop": 2},
    "Replace": {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
    "Metaspace": PRE_TOKENIZERS["Metaspace"],
    "WordPiece": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "ByteLevel": PRE_TOKENIZERS["ByteLevel"],
}
MODELS = {
    "BPE": models.bpe(1, prefix=None, suffix=None, byte_fallback=True),
    "BPE bytes": models.bpe(2, "bytes"),
    "BPE suffix": models.bpe(3, prefix=None, suffix="</w>", unk_token=None),
    "BPE prefix": models.bpe(5, prefix="##", suffix=None, unk_token=None),
    "WordPiece": models.word_piece(6),
    "WordLevel": models.word_level(7, unk_token="<unk>"),
    "Unigram": models.unigram(8, unk_id=0),
}
_FLAGS = ("single_word", "lstrip", "rstrip", "normalized", "special")


def added(content: str, **flags: bool) -> dict:
    return {"id": 0, "content": content} | {name: flags.get(name, False) for name in _FLAGS}


#: One of each combination of flags.
ADDED = {
    " ".join(name for name, on in zip(_FLAGS, row) if on) or "plain": dict(zip(_FLAGS, row))
    for row in itertools.product((False, True), repeat=5)
}


def build(
    model: str,
    normalizer: dict | None = None,
    pre_tokenizer: dict | None = None,
    decoder: dict | None = None,
    added_tokens: tuple = (),
) -> Tokenizer:
    budtiktok_hf.patch()
    written = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": list(added_tokens),
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": None,
        "decoder": decoder,
        "model": MODELS[model],
    }
    return Tokenizer.from_str(json.dumps(written))


def check(tokenizer: Tokenizer, context: object) -> None:
    for text in TEXTS:
        assert_same(tokenizer, lambda t: t.encode(text, TEXTS[-1]), (context, text))
    assert_same(tokenizer, lambda t: t.encode_batch(TEXTS), context, queries=False)
    words = [WORDS, list(NAMED.values())]
    assert_same(
        tokenizer, lambda t: t.encode_batch(words, is_pretokenized=True), context, queries=False
    )


def sequences(parts: dict[str, dict], key: str) -> dict[str, dict]:
    """Each part in front of each other part."""
    return {
        f"{first}, {second}": {"type": "Sequence", key: [parts[first], parts[second]]}
        for first, second in itertools.permutations(parts, 2)
    }


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", NORMALIZERS)
def test_normalizers(name: str, model: str) -> None:
    tokenizer = build(model, normalizer=NORMALIZERS[name])
    assert_accelerated(tokenizer)
    check(tokenizer, (name, model))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", PRE_TOKENIZERS)
def test_pre_tokenizers(name: str, model: str) -> None:
    tokenizer = build(model, pre_tokenizer=PRE_TOKENIZERS[name])
    assert_accelerated(tokenizer)
    check(tokenizer, (name, model))


@pytest.mark.parametrize("name", sequences(NORMALIZERS, "normalizers"))
def test_normalizers_in_sequence(name: str) -> None:
    normalizer = sequences(NORMALIZERS, "normalizers")[name]
    tokenizer = build("BPE", normalizer, PRE_TOKENIZERS["FixedLength"])
    assert_accelerated(tokenizer)
    check(tokenizer, name)


@pytest.mark.parametrize("name", sequences(PRE_TOKENIZERS, "pretokenizers"))
def test_pre_tokenizers_in_sequence(name: str) -> None:
    pre_tokenizer = sequences(PRE_TOKENIZERS, "pretokenizers")[name]
    for model in ("BPE bytes", "BPE suffix"):
        tokenizer = build(model, NORMALIZERS["Nmt"], pre_tokenizer)
        assert why_not(tokenizer) == ""
        check(tokenizer, (name, model))


@pytest.mark.parametrize("flags", ADDED)
def test_added_tokens(flags: str) -> None:
    tokens = tuple(added(content, **ADDED[flags]) for content in ("new", "<x>", "<y>", "é", "東"))
    for model, normalizer in (("WordPiece", "BertNormalizer"), ("BPE bytes", "Nmt")):
        pre_tokenizer = PRE_TOKENIZERS["ByteLevel" if model == "BPE bytes" else "BertPreTokenizer"]
        tokenizer = build(model, NORMALIZERS[normalizer], pre_tokenizer, added_tokens=tokens)
        assert_accelerated(tokenizer)
        check(tokenizer, (flags, model))
        tokenizer.encode_special_tokens = True
        check(tokenizer, (flags, model, "encode_special_tokens"))


def same_decoding(tokenizer: Tokenizer, context: object) -> None:
    size = tokenizer.get_vocab_size()
    ids = [*range(size + 3), *range(size, 0, -3), 5, 5, 5]
    batch = [ids, ids[:1], [], *([id, id, id + 1] for id in ids[::9])]
    batch += [encoding.ids for encoding in tokenizer.encode_batch(TEXTS)]
    for skip in (True, False):
        assert_same(
            tokenizer, lambda t: t.decode_batch(batch, skip_special_tokens=skip), context, False
        )
        for few in batch[:40]:
            assert_same(
                tokenizer, lambda t: t.decode(few, skip_special_tokens=skip), context, False
            )


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", DECODERS)
def test_decoders(name: str, model: str) -> None:
    special = (added("<pad>", special=True), added("<x>"))
    same_decoding(build(model, decoder=DECODERS[name], added_tokens=special), (name, model))


@pytest.mark.parametrize("name", sequences(DECODERS, "decoders"))
def test_decoders_in_sequence(name: str) -> None:
    decoder = sequences(DECODERS, "decoders")[name]
    for model in ("BPE", "WordPiece"):
        same_decoding(build(model, decoder=decoder), (name, model))


@pytest.mark.parametrize("pattern", ["^", "", "x*"])
@pytest.mark.parametrize("use_regex", [True, False])
def test_text_that_a_normalizer_puts_in_front(pattern: str, use_regex: bool) -> None:
    """Stock's ByteLevel panics on text that no input stands for, or doubles it."""
    for content in ("▁", " ", "ab"):
        replace = {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}
        byte_level = PRE_TOKENIZERS["ByteLevel"] | {"use_regex": use_regex}
        tokens = (added("ab", normalized=True), added("é"))
        tokenizer = build("BPE bytes", replace, byte_level, added_tokens=tokens)
        for text in ("", "a", " a", "ab c", "éé x", "東"):
            assert_same(tokenizer, lambda t: t.encode(text), (content, text))
            assert_same(tokenizer, lambda t: t.encode([text, "b"], is_pretokenized=True), text)
