"""`decode` and `batch_decode` of everything that ids can come in."""

import numpy as np
import pytest
from calls_shown import KINDS, called, compared, made, supported, torch, warm
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

import budtiktok_hf

IDS = [5, 17, 42, 7, 99, 0, 1, 2, 30]


def given():
    yield IDS
    yield [IDS, IDS[:3], []]
    yield []
    yield [[]]
    yield [[], IDS]
    yield 7
    yield True
    yield tuple(IDS)
    yield [tuple(IDS), IDS]
    yield np.array(IDS)
    yield np.array([IDS, IDS], dtype=np.int32)
    yield np.array(5)
    yield np.int64(5)
    yield [np.int64(5), 7]
    yield [np.array(IDS)]
    yield np.array([1.5])
    yield [1.5]
    yield [-1]
    yield [2**40]
    yield [10_000]
    yield ["a"]
    yield None
    yield {"input_ids": IDS}
    yield [[1, [2]]]
    if torch:
        yield torch.tensor(IDS)
        yield torch.tensor([IDS, IDS])
        yield torch.tensor(5)
        yield [torch.tensor(IDS), torch.tensor(IDS[:2])]
        yield torch.tensor([1.5])


OPTIONS = [
    {},
    {"skip_special_tokens": True},
    {"clean_up_tokenization_spaces": True},
    {"clean_up_tokenization_spaces": False, "skip_special_tokens": True},
    {"clean_up_tokenization_spaces": None},
    {"clean_up_tokenization_spaces": 1},
    {"skip_special_tokens": 1},
    {"unknown": 1},
]


@pytest.mark.parametrize("name", ["decode", "batch_decode"])
@pytest.mark.parametrize("kind", KINDS)
def test_decode(kind, name):
    calls = [called(name, ids, **options) for ids in given() for options in OPTIONS]
    fast = compared(warm(lambda: made(kind)), calls)
    compared(warm(lambda: made(kind, clean_up_tokenization_spaces=True)), calls)
    if supported():
        assert fast > len(calls) / 6


def test_an_instance_with_its_own_decode():
    def make():
        tokenizer = made("word_piece")
        backend = tokenizer._tokenizer
        backend.decode = lambda ids, **kwargs: f"{ids} {sorted(kwargs)}"
        return tokenizer

    compared(warm(make), [called("decode", IDS), called("batch_decode", [IDS, IDS])])


def test_a_backend_whose_class_decodes_in_another_way(monkeypatch):
    original = Tokenizer.decode

    def counting(self, ids, skip_special_tokens=True):
        return f"[{len(ids)}] " + original(self, ids, skip_special_tokens=skip_special_tokens)

    tokenizer = warm(lambda: made("byte_level"))()
    budtiktok_hf.patch()
    plain = tokenizer.decode(IDS)
    monkeypatch.setattr(Tokenizer, "decode", counting)
    assert tokenizer.decode(IDS) == f"[{len(IDS)}] {plain}"
    assert tokenizer.batch_decode([IDS]) == [f"[{len(IDS)}] {plain}"]


class OwnCleanUp(PreTrainedTokenizerFast):
    def clean_up_tokenization(self, text):
        return f"<{text}>"


def test_clean_up_of_its_own():
    def instances():
        tokenizer = made("word_piece", clean_up_tokenization_spaces=True)
        tokenizer.clean_up_tokenization = str.upper
        return tokenizer

    calls = [called("decode", IDS), called("decode", [IDS]), called("batch_decode", [IDS, IDS])]
    fast = compared(warm(instances), calls)
    fast += compared(
        warm(lambda: made("word_piece", OwnCleanUp, clean_up_tokenization_spaces=True)), calls
    )
    if supported():
        assert fast >= 2 * len(calls)


def test_clean_up_that_stock_refuses():
    """The texts of BPE stay as they are, which stock says once for a class: then its code is not needed."""
    options = {"clean_up_tokenization_spaces": True}
    calls = [called("decode", IDS)] * 5 + [called("batch_decode", [IDS, IDS])] * 2
    fast = [compared(warm(lambda: made("byte_level", **options)), calls)]
    # The call after one that raises is the first.
    calls = [called("decode", [2**40]), *calls]
    fast.append(compared(warm(lambda: made("byte_level", **options)), calls))

    def corrupting():
        tokenizer = made("byte_level", **options)
        flag = "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output"
        setattr(tokenizer, flag, True)
        return tokenizer

    fast.append(compared(warm(corrupting), calls))
    if supported():
        assert fast == [6, 6, 7]
