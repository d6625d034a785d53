"""Ids to text, from the engine: stock's text for every decoder, and stock where it has to be."""

import asyncio
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import decoding
import pytest
import tokenizers
from conftest import CORPUS, fields
from decoding import DECODERS, TOKENS, decoded, outcome
from tokenizers import AddedToken, Tokenizer, decoders, normalizers

import budtiktok_hf
from budtiktok_hf import _native
from budtiktok_hf.backend import stock

BOUND = len(TOKENS) + 8


def random_rows(count: int, seed: int = 0) -> list[list[int]]:
    """Ids in and out of range; often runs of bytes."""
    rng = random.Random(seed)
    kinds = [range(BOUND), range(6, 16), range(28, 36), range(46, BOUND)]
    return [rng.choices(rng.choice(kinds), k=rng.randrange(14)) for _ in range(count)]


def proven(tokenizer: Tokenizer) -> Tokenizer:
    """With an engine, as after its first encode."""
    assert budtiktok_hf.explain(tokenizer).accelerated
    return tokenizer


@pytest.fixture
def by_stock(monkeypatch):
    """Counts what reaches stock's own methods, by name."""
    counts: dict[str, int] = {}

    def count(owner, name):
        original = vars(owner)[name]

        def counted(*args, **kwargs):
            counts[name] = counts.get(name, 0) + 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    for name in ("decode", "decode_batch", "get_vocab", "get_vocab_size"):
        count(Tokenizer, name)
    count(decoders.DecodeStream, "step")
    return counts


@pytest.mark.parametrize("kind", DECODERS)
def test_every_decoder_gives_stocks_text(kind):
    written = decoding.written(DECODERS[kind])
    rows = [[], *([id] for id in range(BOUND)), *random_rows(300)]
    expected = decoded(Tokenizer.from_str(written), rows)
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    assert decoded(tokenizer, rows) == expected
    # By now every piece is made ahead.
    assert decoded(tokenizer, rows[::-1]) == decoded(tokenizer, rows[::-1])
    assert decoded(tokenizer, rows) == expected


def test_real_text_comes_back(written):
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    rows = [tokenizer.encode(text).ids for text in CORPUS]
    for skip in (True, False):
        expected = [stock.call(tokenizer, "decode", ids, skip) for ids in rows]
        assert tokenizer.decode_batch(rows, skip_special_tokens=skip) == expected
        assert [tokenizer.decode(ids, skip) for ids in rows] == expected


def test_the_engine_decodes(written, by_stock):
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    by_stock.clear()
    rows = [[5, 6, 7], (8, 9), range(10, 20)]
    tokenizer.decode(rows[0])
    tokenizer.decode(ids=rows[1], skip_special_tokens=False)
    tokenizer.decode_batch(rows)
    tokenizer.decode_batch(sequences=tuple(rows), skip_special_tokens=False)
    tokenizer.get_vocab()
    if stock.VERSION < (0, 23):
        tokenizer.get_vocab_size(with_added_tokens=False)
    decoders.DecodeStream([1, 2]).step(tokenizer, 3)
    assert by_stock == {}
    assert budtiktok_hf.explain(tokenizer).stock_calls == {}


def test_odd_arguments_are_answered_as_by_stock(written):
    class Index:
        def __index__(self):
            return 7

    odd = [
        [True, 5],
        [Index()],
        [1.0],
        ["a"],
        [-1],
        [2**32],
        [2**32 - 1],
        [2**30, 2**31],
        bytes([5, 6]),
        range(3, 9),
        iter([1, 2]),
        "text",
        None,
        5,
        [[5]],
        {5: 6},
        {5, 6},
        [None],
    ]

    def answers(tokenizer):
        return [
            [outcome(lambda: tokenizer.decode(ids)) for ids in odd if not hasattr(ids, "__next__")],
            outcome(lambda: tokenizer.decode(iter([1, 2]))),
            [outcome(lambda: tokenizer.decode_batch([[5], ids])) for ids in odd[:-8]],
            [outcome(lambda: tokenizer.decode_batch(ids)) for ids in (5, None, "ab", [], ())],
            [outcome(lambda: tokenizer.decode([5], skip)) for skip in (1, None, "no", False)],
            outcome(lambda: tokenizer.decode()),
            outcome(lambda: tokenizer.decode([5], True, 3)),
            outcome(lambda: tokenizer.decode([5], skip=True)),
            outcome(lambda: tokenizer.decode_batch([[5]], skip_special_tokens=2)),
            outcome(lambda: tokenizer.get_vocab(1)),
            outcome(lambda: tokenizer.get_vocab_size("x")),
        ]

    expected = answers(Tokenizer.from_str(written))
    budtiktok_hf.patch()
    assert answers(proven(Tokenizer.from_str(written))) == expected


def test_a_list_that_changes_while_it_is_read(written):
    """Reading an odd id may run Python code, which may do anything to the batch."""
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    batch = []

    class Emptying:
        def __index__(self):
            batch.clear()
            return 5

    batch += [[5, Emptying()], [6] * 9, [7]]
    expected = stock.call(tokenizer, "decode_batch", [[5, 5], [6] * 9, [7]])
    assert tokenizer.decode_batch(batch) in (expected, expected[:1])


def test_large_batches_in_threads(written):
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    rng = random.Random(1)
    rows = [rng.choices(range(320), k=rng.choice([0, 3, 50, 4000])) for _ in range(150)]
    expected = [stock.call(tokenizer, "decode", ids) for ids in rows]
    with ThreadPoolExecutor(4) as threads:
        for texts in threads.map(tokenizer.decode_batch, [rows] * 8):
            assert texts == expected


def test_async_decode_batch(written):
    async def decode(tokenizer, rows):
        return await tokenizer.async_decode_batch(rows, skip_special_tokens=False)

    rows = [[5, 6, 7], [], [8, 400, 9]]
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    expected = stock.call(tokenizer, "decode_batch", rows, skip_special_tokens=False)
    assert asyncio.run(decode(tokenizer, rows)) == expected
    with pytest.raises(RuntimeError, match="no running event loop"):
        tokenizer.async_decode_batch(rows)
    with pytest.raises(OverflowError):
        asyncio.run(decode(tokenizer, [[-1]]))


EDITS = {
    "another decoder": lambda t: setattr(t, "decoder", decoders.Fuse()),
    "no decoder": lambda t: setattr(t, "decoder", None),
    "an edit in place": lambda t: setattr(t.decoder, "suffix", "b"),
    "added tokens": lambda t: t.add_tokens(["<new>", AddedToken("UPPER", normalized=True)]),
    "special tokens": lambda t: t.add_special_tokens(["<new>", "é"]),
    "a flag": lambda t: t.add_tokens([AddedToken("<plain>", special=True, normalized=False)]),
    "a normalized token no more": lambda t: t.add_tokens([AddedToken("UP", normalized=False)]),
    "another normalizer": lambda t: setattr(t, "normalizer", normalizers.Prepend("_")),
    "the whole state": lambda t: t.__setstate__(decoding.written(DECODERS["llama"]).encode()),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_changes_is_seen(edit):
    rows = [*([id] for id in range(BOUND + 3)), *random_rows(60)]
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(decoding.written(DECODERS["bpe"])))
    tokenizer.decode_batch(rows)
    EDITS[edit](tokenizer)
    # Served by stock until a proof is worth it, and by the engine after.
    for prove in (False, True):
        if prove:
            budtiktok_hf.explain(tokenizer)
        for skip in (True, False):
            expected = [outcome(lambda: stock.call(tokenizer, "decode", i, skip)) for i in rows]
            assert [outcome(lambda: tokenizer.decode(ids, skip)) for ids in rows] == expected
        assert tokenizer.get_vocab() == stock.call(tokenizer, "get_vocab")
        assert tokenizer.get_vocab_size() == stock.call(tokenizer, "get_vocab_size")


def test_a_part_shared_with_another_tokenizer():
    budtiktok_hf.patch()
    one = proven(Tokenizer.from_str(decoding.written(DECODERS["bpe"])))
    other = Tokenizer.from_str(decoding.written(None))
    other.decoder = one.decoder
    proven(other)
    one.decoder.suffix = "f"
    ids = [27, 26, 27]
    assert one.decode(ids) == other.decode(ids) == stock.call(one, "decode", ids)


class Shouting:
    def decode(self, tokens):
        return "".join(tokens).upper()

    def decode_chain(self, tokens):
        return [token.upper() for token in tokens]


def test_a_decoder_in_python_leaves_encoding_fast(written):
    budtiktok_hf.patch()
    tokenizer = Tokenizer.from_str(written)
    expected = fields(tokenizer.encode(CORPUS[0]))
    for replaced in range(2):
        tokenizer.decoder = decoders.Decoder.custom(Shouting())
        explained = budtiktok_hf.explain(tokenizer)
        assert explained.accelerated
        assert explained.reasons == ["stock decodes: a decoder written in Python"]
        assert fields(tokenizer.encode(CORPUS[0])) == expected
        before = explained.stock_calls.get("a decoder written in Python", 0)
        ids = tokenizer.encode(CORPUS[0]).ids
        assert tokenizer.decode(ids) == tokenizer.decode(ids).upper() != ""
        assert tokenizer.decode_batch([ids]) == [tokenizer.decode(ids)]
        calls = budtiktok_hf.explain(tokenizer).stock_calls
        assert calls == {"a decoder written in Python": before + 4}
        # Looking up has nothing to do with the decoder.
        assert tokenizer.get_vocab() == stock.call(tokenizer, "get_vocab")
        assert budtiktok_hf.explain(tokenizer).stock_calls == calls
        if not replaced:
            # The whole is compiled once more, with the decoder in its way.
            budtiktok_hf.unpatch()
            budtiktok_hf.patch()
    tokenizer.decoder = decoders.Fuse()
    assert budtiktok_hf.explain(tokenizer).reasons == []
    assert tokenizer.decode(ids) == stock.call(tokenizer, "decode", ids)


def test_a_decoder_in_python_on_a_tokenizer_built_in_python():
    budtiktok_hf.patch()
    vocab = {"[UNK]": 0} | {f"word{id}": id for id in range(1, 2500)}
    tokenizer = Tokenizer(tokenizers.models.WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.Decoder.custom(Shouting())
    ids = tokenizer.encode("word7 word8").ids
    assert ids == [7, 8]
    assert tokenizer.decode(ids) == "WORD7WORD8"
    assert budtiktok_hf.explain(tokenizer).accelerated


def test_no_engine_is_made_for_a_little_decoding(written):
    tokenizer = Tokenizer.from_str(written)
    budtiktok_hf.patch()
    ids = list(range(200))
    for _ in range(100):
        assert tokenizer.decode(ids) == stock.call(tokenizer, "decode", ids)
    assert _native.handle_of(tokenizer).proof() is None
    assert len(tokenizer.decode_batch([ids] * 2000)) == 2000
    assert _native.handle_of(tokenizer).proof() is not None
    assert tokenizer.decode(ids) == stock.call(tokenizer, "decode", ids)
    assert budtiktok_hf.explain(tokenizer).stock_calls == {}


def test_a_tokenizer_without_engine_is_decoded_by_stock(written):
    budtiktok_hf.patch()
    tokenizer = Tokenizer.from_str(written)
    tokenizer.model = tokenizers.models.BPE(dropout=0.5)
    assert not budtiktok_hf.explain(tokenizer).accelerated
    reason = budtiktok_hf.explain(tokenizer).reasons[0]
    tokenizer.decode([5])
    tokenizer.decode_batch([[5]])
    assert budtiktok_hf.explain(tokenizer).stock_calls == {reason: 2}
    assert tokenizer.get_vocab_size() == stock.call(tokenizer, "get_vocab_size")


def test_vocabularies(written):
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    tokenizer.add_tokens(["<new>", "the", AddedToken("Ünï", normalized=True)])
    proven(tokenizer)
    for with_added in (True, False):
        vocab = tokenizer.get_vocab(with_added_tokens=with_added)
        assert vocab == stock.call(tokenizer, "get_vocab", with_added)
        assert {type(key) for key in vocab} == {str}
        size = tokenizer.get_vocab_size(with_added_tokens=with_added)
        assert size == stock.call(tokenizer, "get_vocab_size", with_added)
    # The same order always, and a dict of the caller's own.
    vocab = tokenizer.get_vocab()
    assert list(vocab) == list(tokenizer.get_vocab())
    vocab.clear()
    assert tokenizer.get_vocab() != {}


def test_tokens_listed_twice_and_holes():
    pieces = [["<unk>", 0.0], ["a", -1.0], ["b", -2.0], ["a", -3.0], ["c", -4.0]]
    for model in (
        {"type": "Unigram", "unk_id": 0, "vocab": pieces, "byte_fallback": False},
        {"type": "WordLevel", "vocab": {"a": 0, "b": 5, "<s>": 9}, "unk_token": "a"},
        {"type": "WordLevel", "vocab": {"a": 0, "z": 4294967295}, "unk_token": "a"},
    ):
        base = Tokenizer(tokenizers.models.WordLevel({}, unk_token="")).to_str()
        import json

        whole = json.loads(base) | {"model": model, "decoder": {"type": "Fuse"}}
        plain = Tokenizer.from_str(json.dumps(whole))
        plain.add_special_tokens(["a", "<s>"])
        text = plain.to_str()
        budtiktok_hf.patch()
        tokenizer = Tokenizer.from_str(text)
        budtiktok_hf.explain(tokenizer)
        ids = [0, 1, 2, 3, 4, 5, 6, 9, 10, 4294967295]
        for skip in (True, False):
            assert tokenizer.decode(ids, skip) == stock.call(tokenizer, "decode", ids, skip)
        for with_added in (True, False):
            for name in ("get_vocab", "get_vocab_size"):
                got = getattr(tokenizer, name)(with_added)
                assert got == stock.call(tokenizer, name, with_added)
        budtiktok_hf.unpatch()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_decodes(written):
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    rows = [list(range(300))] * 400
    expected = tokenizer.decode_batch(rows)
    busy = threading.Thread(target=lambda: [tokenizer.decode_batch(rows) for _ in range(30)])
    busy.start()
    child = os.fork()
    if child == 0:
        os._exit(0 if tokenizer.decode_batch(rows) == expected else 1)
    busy.join()
    assert os.waitpid(child, 0)[1] == 0
