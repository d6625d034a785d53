"""`DecodeStream`: the engine's stream gives what stock's gives, and stock can go on with it."""

import copy
import random
import sys

import decoding
import pytest
import tokenizers
from decoding import DECODERS, TOKENS, outcome, streamed
from test_decode import by_stock, proven  # noqa: F401 (a fixture)
from tokenizers import Tokenizer, decoders
from tokenizers.decoders import DecodeStream

import budtiktok_hf
from budtiktok_hf.backend.streams import hand_back

BOUND = len(TOKENS) + 8


def random_steps(rng: random.Random, count: int) -> list:
    """Mostly ids, often of bytes, sometimes lists of ids."""
    kinds = [range(BOUND), range(6, 16), range(28, 36)]
    steps: list = []
    for _ in range(count):
        id = rng.choice(rng.choice(kinds))
        steps.append(id if rng.random() < 0.9 else rng.choices(range(BOUND), k=rng.randrange(4)))
    return steps


def cases(count: int, seed: int = 0) -> list[tuple[dict, list]]:
    """Arguments of streams, with their steps."""
    rng = random.Random(seed)
    return [
        (
            {"ids": rng.choices(range(BOUND), k=rng.randrange(4)), "skip_special_tokens": skip},
            random_steps(rng, rng.randrange(30)),
        )
        for skip in (True, False)
        for _ in range(count)
    ]


@pytest.mark.parametrize("kind", DECODERS)
def test_streams_give_stocks_text(kind):
    written = decoding.written(DECODERS[kind])
    plain = Tokenizer.from_str(written)
    expected = [streamed(DecodeStream(**made), plain, steps) for made, steps in cases(40)]
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    for _ in range(2):
        got = [streamed(DecodeStream(**made), tokenizer, steps) for made, steps in cases(40)]
        assert got == expected


@pytest.mark.parametrize("kind", DECODERS)
def test_stock_goes_on_with_a_stream(kind):
    """Wherever a stream is when the hooks come out, stock's object is there too."""
    written = decoding.written(DECODERS[kind])
    plain = Tokenizer.from_str(written)
    expected = [streamed(DecodeStream(**made), plain, steps) for made, steps in cases(30, 1)]
    got, streams = [], []
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    for made, steps in cases(30, 1):
        stream = DecodeStream(**made)
        cut = len(steps) // 2
        got.append(streamed(stream, tokenizer, steps[:cut]))
        streams.append((stream, steps[cut:]))
    budtiktok_hf.unpatch()
    for given, (stream, steps) in zip(got, streams, strict=True):
        given += streamed(stream, tokenizer, steps)
    assert got == expected


class Model:
    """Stock's stream, with its state in sight."""

    def __init__(self, ids, prefix, prefix_index):
        self.ids, self.prefix, self.prefix_index = list(ids), prefix, prefix_index

    def step(self, tokenizer, id):
        decode = lambda: tokenizer.decode(self.ids, skip_special_tokens=False)  # noqa: E731
        if not self.prefix and self.ids:
            prefix = decode()
            if not prefix.endswith("\ufffd"):
                self.prefix, self.prefix_index = prefix, len(self.ids)
        self.ids.append(id)
        text = decode()
        if len(text.encode()) <= len(self.prefix.encode()) or text.endswith("\ufffd"):
            return None
        if not text.startswith(self.prefix):
            raise ValueError(text)
        new, index = text[len(self.prefix) :], len(self.ids) - self.prefix_index
        self.ids = self.ids[self.prefix_index :]
        self.prefix, self.prefix_index = decode(), index
        return new


@pytest.mark.parametrize(
    ("made_with", "ids", "prefix", "index"),
    [
        ([], [], "", 0),
        ([7], [7], "", 0),
        ([7], [7, 8], "", 0),
        ([7, 7], [], "", 0),
        ([3], [7, 7, 9], "text \ufffd", 2),
        ([], [7, 8], "", 1),
        ([0, 1], [4294967295, 2], "\n<0>", 2),
        ([5], [5], "$0\\0 a", 1),
        ([5], [5], "<5>", 1),
    ],
)
def test_a_stream_is_brought_to_a_state(made_with, ids, prefix, index):
    def letters(*replacements):
        vocab = {f"<{id}>": id for id in {*ids, *range(10)}}
        tokenizer = Tokenizer(tokenizers.models.WordLevel(vocab, unk_token=""))
        replace = (decoders.Replace(tokenizers.Regex(a), b) for a, b in replacements)
        tokenizer.decoder = decoders.Sequence([decoders.Fuse(), *replace])
        return tokenizer

    with_prefix = letters((r"\A", prefix)) if prefix else letters()
    for several in (
        [letters()] * 4,
        [with_prefix, letters(), with_prefix, letters()],
        [letters(("<6>", "\ufffd")), with_prefix, letters(), letters()],
        [letters((r"\A.*\z", prefix)) if prefix else letters(), letters(), letters(), letters()],
    ):
        stream = DecodeStream(ids=made_with)
        hand_back(stream, made_with, ids, prefix, index)
        model = Model(ids, prefix, index)
        for tokenizer, id in zip(several, (6, 8, 6, 9), strict=True):
            expected, got = (outcome(lambda s=s: s.step(tokenizer, id)) for s in (model, stream))
            if isinstance(expected, tuple):
                assert isinstance(got, tuple)
            else:
                assert got == expected


def test_a_stream_goes_from_one_tokenizer_to_another(written):
    other_written = decoding.written(DECODERS["llama"])
    rng = random.Random(3)
    steps = [(rng.randrange(3), rng.randrange(60)) for _ in range(300)]

    def run(tokenizers_):
        stream = DecodeStream(skip_special_tokens=True)
        return [outcome(lambda: stream.step(tokenizers_[which], id)) for which, id in steps]

    def make():
        fixed = Tokenizer.from_str(written)
        refused = Tokenizer.from_str(decoding.written(DECODERS["gemma"]))
        refused.decoder = decoders.Decoder.custom(Plain())
        return [fixed, Tokenizer.from_str(other_written), refused]

    expected = run(make())
    budtiktok_hf.patch()
    made = make()
    for tokenizer in made:
        proven(tokenizer)
    assert run(made) == expected
    assert run(made[:2] * 2) == run_stock(made[:2] * 2, run)


def run_stock(made, run):
    budtiktok_hf.unpatch()
    try:
        return run(made)
    finally:
        budtiktok_hf.patch()


class Plain:
    def decode(self, tokens):
        return "".join(tokens)

    def decode_chain(self, tokens):
        return tokens


def test_the_tokenizer_changes_under_a_stream(written):
    def run(tokenizer):
        stream = DecodeStream()
        given = streamed(stream, tokenizer, list(range(5, 30)))
        tokenizer.decoder = decoders.Fuse()
        given += streamed(stream, tokenizer, list(range(30, 50)))
        tokenizer.add_tokens(["<new>"])
        return given + streamed(stream, tokenizer, [tokenizer.token_to_id("<new>"), 7, 8])

    expected = run(Tokenizer.from_str(written))
    budtiktok_hf.patch()
    assert run(proven(Tokenizer.from_str(written))) == expected


def test_copies_go_their_own_way(written):
    def run(tokenizer):
        stream = DecodeStream([5])
        streamed(stream, tokenizer, [6, 200])
        copies = [outcome(lambda: copy.copy(stream)), outcome(lambda: copy.deepcopy(stream))]
        streamed(stream, tokenizer, [9])
        # Before 0.23 there are no copies.
        return [
            each if isinstance(each, tuple) else streamed(each, tokenizer, [id, 30, 31])
            for id, each in enumerate([stream, *copies], 10)
        ]

    expected = run(Tokenizer.from_str(written))
    budtiktok_hf.patch()
    assert run(proven(Tokenizer.from_str(written))) == expected


def test_odd_arguments(written):
    class Index:
        def __index__(self):
            return 7

    odd = [True, Index(), 1.5, "x", -1, 2**32, None, [-1], (5, 6), range(3), b"ab", [1.5], {5}, []]

    def run(tokenizer):
        stream = DecodeStream()
        given = [
            (outcome(lambda: stream.step(tokenizer, id)), stream.step(tokenizer, 6)) for id in odd
        ]
        given += [outcome(lambda: stream.step()), outcome(lambda: stream.step(tokenizer))]
        given += [outcome(lambda: stream.step(tokenizer, 5, 6)), outcome(lambda: stream.step(5, 5))]
        given.append(outcome(lambda: stream.step(tokenizer=tokenizer, id=5)))
        given += [
            outcome(lambda: streamed(DecodeStream(*args, **kwargs), tokenizer, [5, 6]))
            for args, kwargs in [
                ((), {}),
                ((None,), {}),
                (((5, 6),), {}),
                ((range(3), True), {}),
                (([5],), {"skip_special_tokens": None}),
                ((), {"ids": [0], "skip_special_tokens": True}),
                ((), {"skip_special_tokens": 1}),
                (([-1],), {}),
                (("a",), {}),
                ((5,), {}),
                ((), {"id": 5}),
            ]
        ]
        return given

    expected = run(Tokenizer.from_str(written))
    budtiktok_hf.patch()
    assert run(proven(Tokenizer.from_str(written))) == expected


def test_streams_that_nobody_watched(written):
    plain = Tokenizer.from_str(written)
    expected = streamed(DecodeStream([5]), plain, [6, 7, 8])
    early = DecodeStream([5])
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    assert streamed(early, tokenizer, [6, 7, 8]) == expected
    assert streamed(DecodeStream.__new__(DecodeStream, [5]), tokenizer, [6, 7, 8]) == expected
    again = DecodeStream([5])
    first = streamed(again, tokenizer, [6])
    again.__init__()
    assert first + streamed(again, tokenizer, [7, 8]) == expected


def test_many_streams(written):
    """Streams come and go; those that are held keep their state."""
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    held = [DecodeStream([id]) for id in range(5, 105)]
    first = [stream.step(tokenizer, 100) for stream in held]
    count = sys.getrefcount(held[0])
    for _ in range(20):
        for id in range(5, 205):
            DecodeStream().step(tokenizer, id)
    kept = sys.getrefcount(held[0])
    assert kept == count
    second = [stream.step(tokenizer, 100) for stream in held]
    budtiktok_hf.unpatch()
    plain = [DecodeStream([id]) for id in range(5, 105)]
    assert [stream.step(tokenizer, 100) for stream in plain] == first
    assert [stream.step(tokenizer, 100) for stream in plain] == second


def test_the_engine_streams(written, by_stock):  # noqa: F811
    budtiktok_hf.patch()
    tokenizer = proven(Tokenizer.from_str(written))
    stream = DecodeStream([5], skip_special_tokens=True)
    for id in range(5, 300):
        stream.step(tokenizer, id)
    assert by_stock == {}
    tokenizer.model = tokenizers.models.BPE(dropout=0.5)
    stream.step(tokenizer, 5)
    # The steps that bring stock's object to its state, and the one that was asked for.
    assert by_stock["step"] > 1
