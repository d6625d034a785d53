"""Small tokenizers, trained on the fly, and a comparison with stock."""

import gc
import os
import subprocess
import sys

# Folders only: transformers would ask the Hub about some of them. Tests of the Hub say otherwise.
os.environ["HF_HUB_OFFLINE"] = "1"

import pytest
import tokenizers
import twin as twin_module
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

import budtiktok_hf
from budtiktok_hf import _native

CORPUS = [
    "The quick brown fox jumps over the lazy dog, isn't it?",
    "def encode(self, text): return [self.vocab[token] for token in text]",
    "Ünïcödé façade — naïve café, 東京 and Москва 123 4567",
    "    indented\n\n\ttext with   spaces   and 1,234.56 numbers",
] * 4

TEXTS = [
    "",
    " ",
    "The quick brown fox",
    "isn't it a naïve façade? 東京!",
    "  two  spaces\nand\tmore <new> [SEP] done",
    "def f(x): return x + 1\n" * 5,
]


def train_byte_level() -> Tokenizer:
    """GPT-2-like."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def train_word_piece() -> Tokenizer:
    """BERT-like."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=300,
        special_tokens=["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return tokenizer


WRITTEN = {"byte_level": train_byte_level().to_str(), "word_piece": train_word_piece().to_str()}


def said_by(code: str, *arguments: str, **environment: str) -> str:
    """What Python code prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=sorted(WRITTEN))
def written(request) -> str:
    """A tokenizer.json."""
    return WRITTEN[request.param]


@pytest.fixture(autouse=True)
def _undone():
    """Leaves every test unpatched, whatever it did."""
    yield
    if _native.accelerated():
        gc.collect()
    budtiktok_hf.unpatch()
    budtiktok_hf.canary.set_share(0)
    twin_module.install(False)


@pytest.fixture(params=["engine", "twin"])
def either(request):
    """With the engine, and with the twin that stands in for it."""
    twin_module.install(request.param == "twin")
    return request.param


@pytest.fixture
def twin():
    """With the twin in the engine's place."""
    twin_module.install(True)
    return twin_module.Twin


FIELDS = (
    "ids",
    "type_ids",
    "tokens",
    "offsets",
    "word_ids",
    "sequence_ids",
    "special_tokens_mask",
    "attention_mask",
    "n_sequences",
)


def fields(encoding) -> dict:
    """Everything an encoding shows, overflow included."""
    shown = {name: getattr(encoding, name) for name in FIELDS}
    shown["overflowing"] = [fields(other) for other in encoding.overflowing]
    return shown


def answers(tokenizer: Tokenizer, texts=TEXTS) -> list:
    """What a tokenizer answers to a few calls of each kind; errors as type and text."""
    calls = [
        lambda: [fields(tokenizer.encode(text)) for text in texts],
        lambda: [fields(tokenizer.encode(texts[2], text)) for text in texts],
        lambda: [fields(e) for e in tokenizer.encode_batch(texts)],
        lambda: [fields(e) for e in tokenizer.encode_batch([(t, texts[3]) for t in texts])],
        lambda: [fields(e) for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)],
        lambda: fields(tokenizer.encode(texts[3].split(), is_pretokenized=True)),
    ]
    return [outcome(call) for call in calls]


def outcome(call):
    """A call's value, or the type and text of its error; of stock's panics, `ValueError` alone."""
    try:
        return call()
    except ValueError as error:
        panic = "stride" in str(error) and "special" in str(error)
        return (ValueError, "") if panic else (type(error), str(error))
    except Exception as error:
        return type(error), str(error)
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":
            raise
        return ValueError, ""


def stock_answers(tokenizer: Tokenizer, texts=TEXTS) -> list:
    """What the same object answers without us."""
    was = budtiktok_hf.is_patched()
    budtiktok_hf.unpatch()
    try:
        return answers(tokenizer, texts)
    finally:
        if was:
            budtiktok_hf.patch()


class Raw:
    """A tokenizer called through the class's original methods, hooks or not."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def __getattr__(self, name):
        return twin_module.ORIGINALS[name].__get__(self._tokenizer, tokenizers.Tokenizer)


def same_as_stock(tokenizer: Tokenizer, texts=TEXTS) -> None:
    """Asserts that the hooked object answers as its original methods do."""
    assert answers(tokenizer, texts) == answers(Raw(tokenizer), texts)
