"""Threads that share one tokenizer and ask it for different things."""

import threading

import pytest
from calls_shown import KINDS, made, shown

import budtiktok_hf

TEXTS = [
    "The quick brown fox jumps over the lazy dog",
    "isn't it a naïve façade? 東京!",
    "a [SEP] b",
]
REQUESTS = [
    {"max_length": 5, "truncation": True},
    {"max_length": 9, "truncation": True, "padding": "max_length"},
    {"padding": True},
    {"padding": True, "padding_side": "left", "return_tensors": "np"},
    {"split_special_tokens": True},
    {"max_length": 12, "truncation": True, "padding": "max_length", "padding_side": "left"},
    # Stock's own code serves these.
    {"max_length": 7, "truncation": True, "unknown": 1},
    {"padding": True, "unknown": 1, "padding_side": "left"},
    {"split_special_tokens": True, "unknown": 1},
    {"max_length": 6, "truncation": True, "return_length": 1},
]


def disagreements(kind: str, threads: int, rounds: int) -> list:
    tokenizer = made(kind)
    expected = [shown(tokenizer(TEXTS, **request)) for request in REQUESTS]
    wrong = []

    def work(first: int) -> None:
        for turn in range(rounds):
            at = (first * 7 + turn * 3 + first * turn) % len(REQUESTS)
            try:
                found = shown(tokenizer(TEXTS, **REQUESTS[at]))
            except BaseException as error:
                found = repr(error)
            if found != expected[at]:
                wrong.append((at, found))

    with budtiktok_hf.patched():
        tokenizer(TEXTS)
        workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    return wrong


@pytest.mark.parametrize("kind", KINDS)
def test_sixteen_threads(kind):
    assert disagreements(kind, 16, 60) == []


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_sixteen_threads_a_hundred_thousand_calls(kind):
    assert disagreements(kind, 16, 3200) == []
