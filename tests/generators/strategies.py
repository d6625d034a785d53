"""Draws tokenizers (as their tokenizer.json), texts and ids for hypothesis."""

from __future__ import annotations

import base64
from functools import cache

from hypothesis import strategies as st

from . import models
from .characters import DIGITS, LETTERS, MARKS, NAMED, PUNCTUATION, SPACES, WORDS
from .charsmap import SMALL

BEHAVIORS = ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")
SEEDS = st.integers(0, 2**32)
flags = st.booleans()

REGEXES = (
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+", r"[0-9][0-9][0-9]", r"\s+", r"\s", r"\w+|[^\w\s]+", r"[^\W\d_]+", r"\d",
    r"(?<=\p{L})(?=\p{Lu})", r"^", r"$", r"\b", r".", r"[\r\n]", r"a|ab", r"(?i)s", r"\p{M}+", r"", r"x*", r"(?!\s).(?=\s)",
)  # fmt: skip
STRINGS = (" ", "a", "▁", "ab", "lo", "\n", "é", "東", "  ", "Ġ", "", "e\u0301", "</w>")


def _one(*parts: dict) -> st.SearchStrategy[dict]:
    return st.sampled_from(parts)


@cache
@st.composite
def patterns(draw) -> dict:
    if draw(flags):
        return {"Regex": draw(st.sampled_from(REGEXES))}
    return {"String": draw(st.sampled_from(STRINGS))}


@cache
def normalizers(depth: int = 1) -> st.SearchStrategy[dict]:
    each = st.one_of(
        st.fixed_dictionaries(
            {
                "type": st.just("BertNormalizer"),
                "clean_text": flags,
                "handle_chinese_chars": flags,
                "strip_accents": st.sampled_from((None, True, False)),
                "lowercase": flags,
            }
        ),
        st.fixed_dictionaries(
            {"type": st.just("Strip"), "strip_left": flags, "strip_right": flags}
        ),
        st.sampled_from(
            ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel")
        ).map(lambda name: {"type": name}),
        st.fixed_dictionaries(
            {"type": st.just("Prepend"), "prepend": st.sampled_from(("▁", " ", "ab", "", "é"))}
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("Replace"),
                "pattern": patterns(),
                "content": st.sampled_from(("▁", " ", "", "b", "ab", "  ", "東京", "\u0301")),
            }
        ),
        st.just({"type": "Precompiled", "precompiled_charsmap": base64.b64encode(SMALL).decode()}),
    )
    if not depth:
        return each
    inner = st.lists(normalizers(depth - 1), max_size=3)
    return st.one_of(
        each, each, inner.map(lambda parts: {"type": "Sequence", "normalizers": parts})
    )


@cache
def byte_levels() -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries(
        {
            "type": st.just("ByteLevel"),
            "add_prefix_space": flags,
            "trim_offsets": flags,
            "use_regex": flags,
        }
    )


@cache
def metaspaces() -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries(
        {
            "type": st.just("Metaspace"),
            "replacement": st.sampled_from(("▁", "▁", "▁", "_", "é")),
            "prepend_scheme": st.sampled_from(("always", "first", "never")),
            "split": flags,
        }
    )


@cache
def pre_tokenizers(depth: int = 1) -> st.SearchStrategy[dict]:
    each = st.one_of(
        _one(
            *({"type": n} for n in ("BertPreTokenizer", "Whitespace", "WhitespaceSplit")),
            {"type": "UnicodeScripts"},
        ),
        byte_levels(),
        metaspaces(),
        st.fixed_dictionaries(
            {
                "type": st.just("CharDelimiterSplit"),
                "delimiter": st.sampled_from((" ", "a", "\n", "é", "東", "▁")),
            }
        ),
        st.fixed_dictionaries({"type": st.just("Digits"), "individual_digits": flags}),
        st.fixed_dictionaries({"type": st.just("FixedLength"), "length": st.integers(1, 7)}),
        st.fixed_dictionaries(
            {"type": st.just("Punctuation"), "behavior": st.sampled_from(BEHAVIORS)}
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("Split"),
                "pattern": patterns(),
                "behavior": st.sampled_from(BEHAVIORS),
                "invert": flags,
            }
        ),
    )
    if not depth:
        return each
    inner = st.lists(pre_tokenizers(depth - 1), max_size=3)
    return st.one_of(
        each, each, inner.map(lambda parts: {"type": "Sequence", "pretokenizers": parts})
    )


@st.composite
def models_and_pre_tokenizers(draw) -> tuple[dict, dict | None]:
    """A model of any kind, half of the byte-level ones behind the ByteLevel they are made for."""
    pre_tokenizer = draw(st.one_of(st.none(), pre_tokenizers()))
    kind = draw(
        st.sampled_from(("byte_level", "bpe", "metaspace", "word_piece", "word_level", "unigram"))
    )
    seed = draw(SEEDS)
    if kind == "byte_level":
        byte_level = draw(byte_levels())
        split = draw(st.one_of(st.none(), pre_tokenizers(0)))
        if split:
            byte_level = {"type": "Sequence", "pretokenizers": [split, byte_level]}
        return models.bpe(seed, "bytes"), draw(st.sampled_from((byte_level, pre_tokenizer)))
    if kind == "bpe":
        return models.bpe(seed), pre_tokenizer
    if kind == "word_piece":
        return models.word_piece(seed), pre_tokenizer
    if kind == "word_level":
        return models.word_level(seed), pre_tokenizer
    if kind == "metaspace":
        pre_tokenizer = draw(st.one_of(st.none(), metaspaces()))
        return models.bpe(seed, prefix=None, suffix=None), pre_tokenizer
    return models.unigram(seed), draw(st.sampled_from((pre_tokenizer, draw(metaspaces()))))


_ADDED = st.sampled_from(
    (*models.SPECIAL, "<x>", "[MASK]", "new", "New", "lo", " ", "é", "東京", "<|x|>")
)


@st.composite
def added_tokens(draw, vocabulary: list[str], least: int = 0) -> list[dict]:
    contents = st.one_of(_ADDED, st.integers(0, 2**12), texts(vocabulary, few=True))
    known = vocabulary or ["<x>"]
    drawn = dict.fromkeys(
        content if isinstance(content, str) else known[content % len(known)]
        for content in draw(st.lists(contents, min_size=least, max_size=5))
    )
    return [
        {
            "id": place,
            "content": content,
            "single_word": draw(flags),
            "lstrip": draw(flags),
            "rstrip": draw(flags),
            "normalized": draw(flags),
            "special": draw(flags),
        }
        for place, content in enumerate(drawn)
    ]


_ID = st.integers(0, 60)


@st.composite
def post_processors(draw, vocabulary: list[str], depth: int = 1) -> dict:
    known = vocabulary or ["x"]
    token = _ID.map(lambda id: [known[id % len(known)], id])
    kinds = ["ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing"]
    kind = draw(st.sampled_from(kinds + ["Sequence"] * depth))
    if kind == "Sequence":
        parts = draw(st.lists(post_processors(vocabulary, 0), max_size=2))
        return {"type": kind, "processors": parts}
    if kind == "ByteLevel":
        return draw(byte_levels())
    if kind == "BertProcessing":
        return {"type": kind, "sep": draw(token), "cls": draw(token)}
    if kind == "RobertaProcessing":
        return {
            "type": kind,
            "sep": draw(token),
            "cls": draw(token),
            "trim_offsets": draw(flags),
            "add_prefix_space": draw(flags),
        }
    names = ("<s>", "</s>")
    special = st.builds(
        lambda name, kind: {"SpecialToken": {"id": name, "type_id": kind}},
        st.sampled_from(names),
        st.integers(0, 2),
    )

    def template(sequences: list[str]) -> list[dict]:
        parts = [
            {"Sequence": {"id": s, "type_id": draw(st.integers(0, 2))}}
            for s in draw(st.permutations(sequences))
        ]
        for part in draw(st.lists(special, max_size=3)):
            parts.insert(draw(st.integers(0, len(parts))), part)
        return parts

    return {
        "type": kind,
        "single": template(["A"]),
        "pair": template(["A", "B"]),
        "special_tokens": {
            name: {"id": name, "ids": ids, "tokens": [f"{name}{i}" for i in ids]}
            for name in names
            for ids in [draw(st.lists(st.integers(0, 60), min_size=1, max_size=2))]
        },
    }


@cache
def decoders(depth: int = 1) -> st.SearchStrategy[dict]:
    each = st.one_of(
        _one(*({"type": name} for name in ("ByteFallback", "Fuse"))),
        byte_levels(),
        metaspaces(),
        st.sampled_from(("</w>", "", "@")).map(lambda s: {"type": "BPEDecoder", "suffix": s}),
        st.fixed_dictionaries(
            {
                "type": st.just("CTC"),
                "pad_token": st.sampled_from(("<pad>", "a", "")),
                "word_delimiter_token": st.sampled_from(("|", "▁", "")),
                "cleanup": flags,
            }
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("Replace"),
                "pattern": patterns(),
                "content": st.sampled_from((" ", "", "b", "東")),
            }
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("Strip"),
                "content": st.sampled_from((" ", "a", "▁", "é")),
                "start": st.integers(0, 2),
                "stop": st.integers(0, 2),
            }
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("WordPiece"),
                "prefix": st.sampled_from(("##", "", "@")),
                "cleanup": flags,
            }
        ),
    )
    if not depth:
        return each
    inner = st.lists(decoders(depth - 1), max_size=4)
    return st.one_of(each, inner.map(lambda parts: {"type": "Sequence", "decoders": parts}))


def names_of(model: dict) -> list[str]:
    """A model's vocabulary."""
    vocabulary = model["vocab"]
    return list(vocabulary) if isinstance(vocabulary, dict) else [name for name, _ in vocabulary]


@st.composite
def tokenizers(draw, least_added: int = 0) -> dict:
    """A whole tokenizer.json."""
    model, pre_tokenizer = draw(models_and_pre_tokenizers())
    vocabulary = names_of(model)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": draw(added_tokens(vocabulary, least_added)),
        "normalizer": draw(st.one_of(st.none(), normalizers())),
        "pre_tokenizer": pre_tokenizer,
        "post_processor": draw(st.one_of(st.none(), post_processors(vocabulary))),
        "decoder": draw(st.one_of(st.none(), decoders())),
        "model": model,
    }


@cache
def truncations() -> st.SearchStrategy[dict | None]:
    return st.one_of(
        st.none(),
        st.fixed_dictionaries(
            {
                "max_length": st.integers(0, 12),
                "stride": st.sampled_from((0, 0, 1, 2, 3)),
                "strategy": st.sampled_from(("longest_first", "only_first", "only_second")),
                "direction": st.sampled_from(("left", "right")),
            }
        ),
    )


@cache
def paddings() -> st.SearchStrategy[dict | None]:
    return st.one_of(
        st.none(),
        st.fixed_dictionaries(
            {
                "direction": st.sampled_from(("left", "right")),
                "pad_id": st.integers(0, 5),
                "pad_type_id": st.integers(0, 2),
                "pad_token": st.sampled_from(("[PAD]", "<pad>", "")),
                "length": st.sampled_from((None, None, 3, 16)),
                "pad_to_multiple_of": st.sampled_from((None, None, 1, 4, 8)),
            }
        ),
    )


_NAMED = st.sampled_from(sorted(NAMED.values()))
#: What texts are put together from: strings, or places in the vocabulary (negative: as it looks in a text).
_PIECES = st.one_of(
    st.integers(-(2**12), 2**12),
    st.integers(-(2**12), 2**12),
    st.sampled_from(WORDS),
    _NAMED,
    st.text(LETTERS, max_size=6),
    st.text(SPACES, max_size=3),
    st.just(" "),
    st.text(DIGITS, max_size=5),
    st.text(PUNCTUATION, max_size=3),
    st.text(MARKS, max_size=2),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=3),
    st.builds(str.__mul__, _NAMED, st.sampled_from((2, 17, 130))),
)
_SEVERAL = st.lists(_PIECES, max_size=12)
_FEW = st.lists(_PIECES, max_size=2)
_MAPPED = {letter: byte for byte, letter in models.byte_alphabet().items()}


def _readable(name: str) -> str:
    """A vocabulary's string as it looks in a text."""
    if all(letter in _MAPPED for letter in name):
        try:
            return bytes(_MAPPED[letter] for letter in name).decode()
        except UnicodeDecodeError:
            return name
    return name.replace("▁", " ").replace("</w>", " ").replace("##", "")


@st.composite
def texts(draw, vocabulary: list[str], few: bool = False) -> str:
    """A text; `vocabulary`: strings it shall be made of, among others."""
    drawn = draw(_FEW if few else _SEVERAL)
    known = vocabulary or ["a"]
    return "".join(
        piece
        if isinstance(piece, str)
        else known[piece % len(known)]
        if piece >= 0
        else _readable(known[-piece % len(known)])
        for piece in drawn
    )
