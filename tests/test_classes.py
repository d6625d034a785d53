"""Every tokenizer class of the installed transformers that has a Rust backend, built from tiny vocabularies: patched, accelerated
and copied it answers as stock, and what serves it is known."""

import copy
import functools
import importlib
import pkgutil
import string
import sys
import types
import warnings

import pytest
import transformers
from class_calls import calls
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

import budtiktok_hf
from budtiktok_hf import compare
from budtiktok_hf.fallback import OUT_OF_STEP, PYTHON_COMPONENTS

transformers.logging.set_verbosity(transformers.logging.CRITICAL)
compare.silence_deprecations()

SPECIAL = ["<s>", "</s>", "<unk>", "<pad>", "<mask>", "[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"]
SPECIAL += ["<|endoftext|>", "<|startoftext|>"]
WORDS = ["the", "quick", "fox", "lazy", "hello", "world", ",", ".", "!", "'", ":", "caf", "東", "é"]
LETTERS = list(string.ascii_letters + string.digits)

WORD_PIECE = SPECIAL + WORDS + LETTERS + ["##" + letter for letter in LETTERS] + ["##é"]
MERGES = [("t", "h"), ("th", "e"), ("q", "u"), ("f", "o"), ("fo", "x"), ("l", "a")]
BYTE_LEVEL = MERGES + [("Ġ", "the"), ("Ġ", "qu"), ("Ġ", "fox")]
PIECES = MERGES + [("▁", "the"), ("▁", "qu"), ("▁", "fox")]
WORD_ENDS = MERGES + [("th", "e</w>"), ("fo", "x</w>")]


def byte_level() -> dict:
    tokens = (
        SPECIAL
        + sorted(pre_tokenizers.ByteLevel.alphabet())
        + ["".join(pair) for pair in BYTE_LEVEL]
    )
    return {"vocab": numbered(tokens), "merges": list(BYTE_LEVEL)}


def pieces() -> dict:
    tokens = SPECIAL + [f"<0x{byte:02X}>" for byte in range(256)] + LETTERS
    tokens += ["▁", "'", "!"] + ["".join(pair) for pair in PIECES]
    return {"vocab": numbered(tokens), "merges": list(PIECES)}


def word_ends() -> dict:
    letters = LETTERS + [letter + "</w>" for letter in LETTERS]
    tokens = SPECIAL + letters + [".", ".</w>"] + ["".join(pair) for pair in WORD_ENDS]
    return {"vocab": numbered(tokens), "merges": list(WORD_ENDS)}


def word_piece() -> dict:
    return {"vocab": numbered(WORD_PIECE)}


def unigram() -> dict:
    tokens = LETTERS + ["▁", "▁the", "▁quick", "▁f", "ox", "▁l", "é", "!", "'", "."]
    scored = [(token, -1.0 - index / 7) for index, token in enumerate(tokens)]
    return {"vocab": [(token, 0.0) for token in SPECIAL] + scored}


def numbered(tokens: list[str]) -> dict[str, int]:
    return {token: index for index, token in enumerate(dict.fromkeys(tokens))}


def cpm() -> dict:
    return backend(unigram)


def markup() -> dict:
    return byte_level() | {"tags_dict": {"html": 0, "body": 1, "div": 2, "li": 3, "span": 4}}


def whisper() -> dict:
    from transformers.models.whisper.tokenization_whisper import LANGUAGES

    made = byte_level()
    # The class finds languages and tasks by their distance from the first.
    extra = ["<|startoftranscript|>", *(f"<|{code}|>" for code in LANGUAGES)]
    extra += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>"]
    extra += ["<|nospeech|>", "<|notimestamps|>"]
    return {
        "vocab": numbered([*made["vocab"], *extra]),
        "merges": made["merges"],
        "additional_special_tokens": extra,
    }


def luke() -> dict:
    entities = {"[PAD]": 0, "[UNK]": 1, "[MASK]": 2, "[MASK2]": 3, "fox": 4, "world": 5}
    return byte_level() | {"entity_vocab": entities}


def mluke() -> dict:
    return unigram() | {"entity_vocab": luke()["entity_vocab"]}


def fill() -> dict:
    made = pieces()
    tokens = [*made["vocab"], "▁<PRE>", "▁<MID>", "▁<SUF>", "▁<EOT>", "<FILL_ME>"]
    return {"vocab": numbered(tokens), "merges": made["merges"]}


@functools.cache
def classes() -> dict[str, type]:
    found = {}
    for package in pkgutil.iter_modules(transformers.models.__path__):
        folder = f"{transformers.models.__path__[0]}/{package.name}"
        for module in pkgutil.iter_modules([folder]):
            if not module.name.startswith("tokenization_"):
                continue
            name = f"transformers.models.{package.name}.{module.name}"
            try:
                found |= {
                    value.__name__: value
                    for value in vars(importlib.import_module(name)).values()
                    if isinstance(value, type)
                    and issubclass(value, PreTrainedTokenizerFast)
                    and value.__module__ == name
                }
            except Exception:
                # Needs a package that is not there: SentencePiece's own, for Python classes.
                continue
    return found


def by_vocabulary(*names: str, of) -> dict:
    return {f"{name}Tokenizer": of for name in names}


BUILT_BY_5 = (
    by_vocabulary(
        *("Albert", "Barthez", "BigBird", "Camembert", "DebertaV2", "FNet", "Lasr", "LayoutXLM"),
        *("MBart", "MBart50", "Pegasus", "RemBert", "T5", "Udop", "VideoPrism", "XGLM"),
        *("XLMRoberta", "XLNet"),
        of=unigram,
    )
    | by_vocabulary(
        *("Bert", "ConvBert", "DistilBert", "DPRContextEncoder", "DPRQuestionEncoder"),
        *("DPRReader", "Funnel", "LayoutLMv2", "MPNet", "RoFormer", "Splinter"),
        of=word_piece,
    )
    | by_vocabulary(
        *("Blenderbot", "CodeGen", "Cohere", "Deberta", "GPT2", "GPTNeoX", "LayoutLMv3", "Nougat"),
        *("Qwen2", "Qwen3_5", "Roberta"),
        of=byte_level,
    )
    | by_vocabulary(
        *("Gemma", "Llama", "Nllb", "Parakeet", "Reformer", "SeamlessM4T", "Siglip2", "Tipsv2"),
        of=pieces,
    )
    | by_vocabulary("CLIP", "Herbert", "OpenAIGPT", of=word_ends)
    | {
        "CodeLlamaTokenizer": fill,
        "CpmTokenizerFast": cpm,
        "DPRContextEncoderTokenizerFast": word_piece,
        "DPRQuestionEncoderTokenizerFast": word_piece,
        "DPRReaderTokenizerFast": word_piece,
        "EsmcTokenizer": dict,
        "LukeTokenizer": luke,
        "MLukeTokenizer": mluke,
        "MarkupLMTokenizer": markup,
        "WhisperTokenizer": whisper,
    }
)
"""Class -> the arguments it is built with, by transformers 5."""


def backend(of) -> dict:
    """What the classes of transformers 4 take: a tokenizer with the vocabulary of this kind."""
    if of in (mluke, cpm, unigram):
        made = Tokenizer(models.Unigram(unigram()["vocab"], unk_id=2))
        made.pre_tokenizer, made.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    elif of is word_piece:
        made = Tokenizer(models.WordPiece(**word_piece(), unk_token="[UNK]"))
        made.normalizer = normalizers.BertNormalizer()
        made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        made.decoder = decoders.WordPiece()
    elif of in (pieces, fill):
        made = Tokenizer(models.BPE(**of(), unk_token="<unk>", byte_fallback=True))
        made.normalizer = normalizers.Sequence(
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        )
        made.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
        )
    elif of is word_ends:
        made = Tokenizer(models.BPE(**of(), unk_token="<unk>", end_of_word_suffix="</w>"))
        made.normalizer = normalizers.BertNormalizer()
        # One class looks for a Sequence.
        made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.BertPreTokenizer()])
        made.decoder = decoders.BPEDecoder("</w>")
    else:
        arguments = {key: value for key, value in of().items() if key in ("vocab", "merges")}
        made = Tokenizer(models.BPE(**arguments))
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder, made.post_processor = decoders.ByteLevel(), processors.ByteLevel()
    if of is markup:
        files = {"vocab_file": None, "merges_file": None, "tags_dict": of()["tags_dict"]}
        return {"tokenizer_object": made} | files
    return {"tokenizer_object": made}


def built_by_4() -> dict:
    kinds = {name.removesuffix("Fast"): of for name, of in BUILT_BY_5.items()}
    kinds |= by_vocabulary("Bart", "Bloom", "LED", "Longformer", "Mvp", of=byte_level)
    kinds |= by_vocabulary("BlenderbotSmall", of=byte_level) | by_vocabulary("MT5", of=unigram)
    kinds |= by_vocabulary(
        "Electra", "LayoutLM", "Lxmert", "MobileBert", "SqueezeBert", of=word_piece
    )
    return {
        name: functools.partial(backend, kinds[name.removesuffix("Fast")]) for name in classes()
    }


FIVE = int(transformers.__version__.split(".")[0]) >= 5
BUILT = BUILT_BY_5 if FIVE else built_by_4()

BY_STOCK = {"RoFormerTokenizer": PYTHON_COMPONENTS, "RoFormerTokenizerFast": PYTHON_COMPONENTS}
"""Class -> why stock serves it."""


class _Words:
    """Stands in for the Chinese word splitter that two classes import."""

    @staticmethod
    def tokenize(text, hmm=False):
        at = 0
        for word in text.split(" "):
            if word:
                yield word, at, at + len(word)
            at += len(word) + 1

    @staticmethod
    def cut(text, hmm=False):
        return text.split(" ")


@pytest.fixture(autouse=True)
def _word_splitter(monkeypatch):
    module = types.ModuleType("rjieba")
    module.tokenize, module.cut = _Words.tokenize, _Words.cut
    monkeypatch.setitem(sys.modules, "rjieba", module)


def build(name: str):
    made = classes()[name](**BUILT[name]())
    if made.pad_token is None:
        made.pad_token = "<pad>"
    return made


def copied(name: str):
    """A deep copy, which may answer in other ways than its original; None if there can be none."""
    try:
        return copy.deepcopy(build(name))
    except Exception:
        return None


def answered(tokenizer, name: str) -> list[tuple[str, object]]:
    """What a tokenizer says to each call, as plain data, with the state it leaves behind."""
    got = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for label, call in calls(name):
            said = compare.plain(compare.outcome(call, tokenizer))
            backend = tokenizer._tokenizer
            got.append((label, (said, backend.truncation, backend.padding)))
    return got


def assert_same(expected: list, actual: list) -> None:
    for (label, left), (_, right) in zip(expected, actual, strict=True):
        assert compare.difference(left, right) is None, label


def raised(answers: list) -> set[str]:
    """What stock says no to, with its words."""
    said = {label: said for label, (said, *_) in answers}
    return {f"{k}: {v[1]}: {v[2]}" for k, v in said.items() if type(v) is tuple and "raises" in v}


def test_every_class_is_in_the_matrix():
    assert sorted(BUILT) == sorted(classes())


@pytest.mark.parametrize("name", sorted(BUILT))
def test_patched_and_accelerated_are_stock(name):
    expected = answered(build(name), name)
    stock_copy = copied(name)
    expected_of_copy = answered(stock_copy, name) if stock_copy else None
    # The matrix would say little if most calls raised.
    assert len(raised(expected)) <= (6 if FIVE else 10), raised(expected)
    before = build(name)
    budtiktok_hf.patch()
    inside = build(name)
    assert_same(expected, answered(inside, name))
    assert_same(expected, answered(before, name))
    explanation = budtiktok_hf.explain(inside)
    patched_copy = copied(name)
    assert (patched_copy is None) == (stock_copy is None)
    if patched_copy:
        assert_same(expected_of_copy, answered(patched_copy, name))
    budtiktok_hf.unpatch()
    accelerated = budtiktok_hf.accelerate(build(name))
    assert_same(expected, answered(accelerated, name))
    # Stock never lets go of a CLIP tokenizer: it holds itself, by a method set on the instance.
    budtiktok_hf.restore(accelerated)
    if name in BY_STOCK:
        assert explanation.reasons == [BY_STOCK[name]]
    elif not FIVE and not explanation.accelerated:
        # The classes of 4 add tokens over the objects they are given.
        assert explanation.reasons == [OUT_OF_STEP]
    else:
        assert explanation.accelerated, explanation.reasons
