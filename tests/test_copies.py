"""Copies of a tokenizer, in this process and in others, are exact and served alike."""

import copy
import multiprocessing
import pickle
import subprocess
import sys
import textwrap
import threading

import pytest
from conftest import TEXTS, WRITTEN, answers, fields, same_as_stock
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


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_copies(duplicate, written, twin):
    budtiktok_hf.patch()
    tokenizer = Tokenizer.from_str(written)
    tokenizer.add_tokens(["<new>"])
    tokenizer.enable_truncation(9)
    same_as_stock(tokenizer)
    other = duplicate(tokenizer)
    served = twin.served
    same_as_stock(other)
    assert twin.served > served
    assert answers(other) == answers(tokenizer)
    # From now on each goes its own way.
    other.add_tokens(["quick"])
    other.normalizer = normalizers.Lowercase()
    tokenizer.no_truncation()
    same_as_stock(other)
    same_as_stock(tokenizer)
    for each in (tokenizer, other):
        assert budtiktok_hf.explain(each).accelerated
        assert budtiktok_hf.explain(each).stock_calls == {}


def test_state_is_set_on_a_used_tokenizer(either):
    budtiktok_hf.patch()
    tokenizer = Tokenizer.from_str(WRITTEN["byte_level"])
    tokenizer.enable_truncation(3)
    same_as_stock(tokenizer)
    tokenizer.__setstate__(WRITTEN["word_piece"].encode())
    same_as_stock(tokenizer)
    assert len(tokenizer.encode("The quick brown fox").ids) > 3
    with pytest.raises(Exception, match="unpickle"):
        tokenizer.__setstate__(b"nonsense")
    same_as_stock(tokenizer)


@pytest.mark.parametrize("way", ["from_str", "from_buffer", "from_file"])
def test_ways_to_load(way, written, twin, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(written, encoding="utf-8")
    argument = {"from_str": written, "from_buffer": written.encode(), "from_file": str(path)}[way]
    budtiktok_hf.patch()
    tokenizer = getattr(Tokenizer, way)(argument)
    path.write_text("{}")
    same_as_stock(tokenizer)
    # Compiled from the bytes that passed by, once.
    assert twin.made == 1
    assert budtiktok_hf.explain(tokenizer).stock_calls == {}


VOCAB = {
    "BPE": {chr(letter): at for at, letter in enumerate(range(0x21, 0x1021))} | {'"\\\n': 0x1000},
    "WordPiece": {"[UNK]": 0} | {chr(0x20 + at): at for at in range(1, 3000)},
}


def build(kind: str) -> Tokenizer:
    """As transformers builds a tokenizer from a vocabulary."""
    if kind == "BPE":
        merges = [("t", "h"), ("e", "r")]
        vocab = VOCAB["BPE"] | {"th": 0x1001, "er": 0x1002}
        tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="!", fuse_unk=True))
    else:
        tokenizer = Tokenizer(models.WordPiece(VOCAB["WordPiece"], max_input_chars_per_word=5))
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["[CLS]", "[SEP]"])
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


@pytest.mark.parametrize("kind", ["BPE", "WordPiece"])
def test_built_from_a_vocabulary(kind, monkeypatch):
    from budtiktok_hf.backend import stock

    asked = []
    call = stock.call

    def counting(tokenizer, name, *args, **kwargs):
        asked.append(name)
        return call(tokenizer, name, *args, **kwargs)

    monkeypatch.setattr(stock, "call", counting)
    budtiktok_hf.patch()
    tokenizer = build(kind)
    same_as_stock(tokenizer, [*TEXTS, 'other "\\\n there'])
    assert budtiktok_hf.explain(tokenizer).accelerated
    assert "to_str" not in asked
    tokenizer.model.unk_token = "("
    if kind == "BPE":
        # Stock's own word cache outlives the change.
        tokenizer.model._clear_cache()
    same_as_stock(tokenizer, [*TEXTS, "\U0001f600"])
    assert "to_str" in asked


@pytest.mark.parametrize("change", ["model", "train", "flag", "unpatch"])
def test_built_from_a_vocabulary_and_changed_at_once(change):
    budtiktok_hf.patch()
    model = models.WordPiece(VOCAB["WordPiece"], unk_token="[UNK]")
    tokenizer = Tokenizer(model)
    if change == "model":
        tokenizer.model = Tokenizer.from_str(WRITTEN["word_piece"]).model
    elif change == "train":
        trainer = trainers.WordPieceTrainer(vocab_size=60, show_progress=False)
        Tokenizer(model).train_from_iterator(TEXTS, trainer)
    elif change == "flag":
        model.max_input_chars_per_word = 2
    else:
        budtiktok_hf.unpatch()
        model.max_input_chars_per_word = 2
        budtiktok_hf.patch()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.WordPiece()
    same_as_stock(tokenizer)


def test_from_pretrained_compiles_from_its_file(written, twin, tmp_path, monkeypatch):
    import huggingface_hub

    path = tmp_path / "tokenizer.json"
    path.write_text(written, encoding="utf-8")
    asked = []

    def download(**kwargs):
        asked.append(kwargs)
        return str(path)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    Tokenizer.from_pretrained("some/model", token="secret")
    budtiktok_hf.patch()
    tokenizer = Tokenizer.from_pretrained("some/model", token="secret")
    same_as_stock(tokenizer)
    assert twin.made == 1
    assert asked[0] == asked[1]


def test_the_backend_of_a_transformers_tokenizer_is_replaced(either, tmp_path):
    transformers = pytest.importorskip("transformers")
    budtiktok_hf.patch()
    first, second = (Tokenizer.from_str(WRITTEN[name]) for name in sorted(WRITTEN))
    tok = transformers.PreTrainedTokenizerFast(tokenizer_object=first)
    assert tok(TEXTS)["input_ids"] == [e.ids for e in first.encode_batch(TEXTS)]
    tok._tokenizer = second
    assert tok(TEXTS)["input_ids"] == [e.ids for e in second.encode_batch(TEXTS)]
    other = copy.deepcopy(tok)
    assert other(TEXTS).data == tok(TEXTS).data
    same_as_stock(other._tokenizer)


def _in_child(tokenizer, connection):
    try:
        connection.send([fields(tokenizer.encode(text)) for text in TEXTS])
    except BaseException as error:
        connection.send(repr(error))


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("used", [False, True])
def test_children(method, used, written, tmp_path):
    context = multiprocessing.get_context(method)
    budtiktok_hf.patch()
    tokenizer = Tokenizer.from_str(written)
    expected = [fields(Tokenizer.from_str(written).encode(text)) for text in TEXTS]
    if used:
        tokenizer.encode_batch(TEXTS * 50)
    ours, theirs = context.Pipe()
    child = context.Process(target=_in_child, args=(tokenizer, theirs))
    child.start()
    assert ours.poll(60)
    assert ours.recv() == expected
    child.join(60)
    assert child.exitcode == 0


def test_fork_while_compiling_and_proving(written):
    """Children forked at any moment of a parent that loads and encodes in other threads."""
    context = multiprocessing.get_context("fork")
    budtiktok_hf.patch()
    stop = threading.Event()

    def work():
        while not stop.is_set():
            Tokenizer.from_str(written).encode("The fox")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(8):
            tokenizer = Tokenizer.from_str(written)
            ours, theirs = context.Pipe()
            child = context.Process(target=_in_child, args=(tokenizer, theirs))
            child.start()
            assert ours.poll(60)
            assert len(ours.recv()) == len(TEXTS)
            child.join(60)
            assert child.exitcode == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_pickles_cross_processes(written, tmp_path):
    """From a patched process to one that never imports us, and back."""
    path = tmp_path / "pickle"
    code = textwrap.dedent(
        """
        import pickle, sys
        tokenizer, ids = pickle.load(open(sys.argv[1], "rb"))
        assert tokenizer.encode("The quick fox").ids == ids
        assert not any(name.startswith("budtiktok") for name in sys.modules)
        pickle.dump(tokenizer, open(sys.argv[1], "wb"))
        """
    )
    budtiktok_hf.patch()
    tokenizer = Tokenizer.from_str(written)
    ids = list(tokenizer.encode("The quick fox").ids)
    path.write_bytes(pickle.dumps((tokenizer, ids)))
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=120)
    back = pickle.loads(path.read_bytes())
    same_as_stock(back)


def test_fork_at_first_use(written, tmp_path):
    """Children of a process whose other threads do everything for the first time."""
    path = tmp_path / "tokenizer.json"
    path.write_text(written, encoding="utf-8")
    code = textwrap.dedent(
        """
        import os, signal, sys, threading, budtiktok_hf
        from tokenizers import Tokenizer
        # Stock cannot be forked at its own first use.
        Tokenizer.from_buffer(open(sys.argv[1], "rb").read()).encode_batch(["a"])[0].ids
        budtiktok_hf.patch()
        long = "The quick brown fox. " * 600
        stop = threading.Event()
        def work():
            while not stop.is_set():
                Tokenizer.from_file(sys.argv[1]).encode_batch([long] * 3)
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(12):
            child = os.fork()
            if child == 0:
                signal.alarm(60)
                tokenizer = Tokenizer.from_file(sys.argv[1])
                tokenizer.encode("The fox")
                tokenizer.encode_batch([long] * 3)
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        """
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=120)
