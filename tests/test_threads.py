"""Many threads share one tokenizer, with options of their own: every result is the one a lone call gives."""

import random
import threading

import pytest
from calls_shown import supported
from conftest import WRITTEN
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

import budtiktok_hf
from budtiktok_hf import compare

TEXTS = [
    "The quick brown fox jumps over the lazy dog",
    "isn't it a naïve façade? 東京!",
    "",
    "def f(x): return x + 1\n" * 4,
    "a <|endoftext|> b [SEP] c [MASK]",
]
OPTIONS = [
    {},
    {"truncation": True, "max_length": 6},
    {"truncation": True, "max_length": 9, "padding": "max_length"},
    {"padding": True, "padding_side": "left"},
    {"padding": True, "padding_side": "right", "pad_to_multiple_of": 8},
    {"truncation": True, "max_length": 7, "stride": 2, "return_overflowing_tokens": True},
    {"split_special_tokens": True},
    {"split_special_tokens": True, "padding": "max_length", "max_length": 30},
    {"add_special_tokens": False, "return_offsets_mapping": True},
    {"is_split_into_words": True},
]


class Text(str):
    """Not a plain str: stock serves it."""


def made(name: str) -> PreTrainedTokenizerFast:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(WRITTEN[name]))
    if tokenizer.pad_token is None:
        tokenizer.pad_token = "<|endoftext|>" if name == "byte_level" else "[PAD]"
    return tokenizer


def arguments():
    """(input, options) of every kind of call."""
    for options in OPTIONS:
        for start in range(len(TEXTS)):
            texts = TEXTS[start:] + TEXTS[:start]
            if options.get("is_split_into_words"):
                yield [text.split() for text in texts], options
                continue
            yield texts, options
            yield [Text(text) for text in texts[:2]], options
            if "return_overflowing_tokens" not in options:
                yield texts[0], options


def called(tokenizer, given, options):
    return compare.plain(compare.outcome(tokenizer, given, **options))


def run(cases: list, call, threads: int, calls: int) -> tuple[int, list]:
    """How many calls were made, and what of them was wrong."""
    wrong: list = []
    counts = [0] * threads
    begin = threading.Barrier(threads)

    def work(number: int) -> None:
        draw = random.Random(number)
        begin.wait()
        for _ in range(calls // threads):
            given, options, expected = cases[draw.randrange(len(cases))]
            difference = compare.difference(expected, call(given, options))
            counts[number] += 1
            if difference is not None:
                wrong.append((given, options, str(difference)))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts), wrong


def through_the_backend(name: str, calls: int) -> tuple[int, list]:
    """`tokenizers`' own calls, fast ones and ones that stock serves, mixed."""

    def called(tokenizer, given, options):
        method = "encode" if isinstance(given, str) else "encode_batch"
        return compare.plain(compare.outcome(getattr(tokenizer, method), given, **options))

    cases = []
    for special in (True, False):
        options = {"add_special_tokens": special}
        cases += [(text, options) for text in TEXTS]
        cases += [(Text(text), options) for text in TEXTS]
        cases += [(TEXTS, options), ([(text, TEXTS[1]) for text in TEXTS], options)]
        cases.append(([text.split() for text in TEXTS], options | {"is_pretokenized": True}))
        cases.append(([7], options))
    lone = Tokenizer.from_str(WRITTEN[name])
    expected = [(given, options, called(lone, given, options)) for given, options in cases]
    shared = budtiktok_hf.Tokenizer.from_str(WRITTEN[name])
    return run(expected, lambda *case: called(shared, *case), 16, calls)


def through_transformers(name: str, calls: int) -> tuple[int, list]:
    """Calls with options of their own, which stock keeps as state of the one tokenizer."""
    lone = made(name)
    expected = [(given, options, called(lone, given, options)) for given, options in arguments()]
    budtiktok_hf.patch()
    shared = made(name)
    return run(expected, lambda *case: called(shared, *case), 16, calls)


#: Where transformers' own code serves its calls, two of them at once race, as in stock.
WAYS = [through_the_backend]
if supported():
    WAYS.append(through_transformers)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_sixteen_threads_share_a_tokenizer(name, way):
    calls, wrong = way(name, 4_000)
    assert calls == 4_000
    assert wrong[:3] == []


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_hundred_thousand_calls(name, way):
    calls, wrong = way(name, 100_000)
    assert calls == 100_000
    assert wrong[:3] == []
