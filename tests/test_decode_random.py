"""Random chains of decoders over random ids, at once and id by id."""

import decoding
import pytest
from decoding import TOKENS, decoded, streamed
from generators.counts import count
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

import budtiktok_hf

PATTERNS = st.one_of(
    st.sampled_from(["▁", "▁", "a", "</w>", " ", "x|y", "."]).map(lambda text: {"String": text}),
    st.sampled_from(["▁", "(?<!\\n)^ ", "[a-c]", "x*", "$", "\\s+"]).map(
        lambda text: {"Regex": text}
    ),
)
LEAVES = st.one_of(
    st.sampled_from(["</w>", "", "a"]).map(lambda suffix: {"type": "BPEDecoder", "suffix": suffix}),
    st.just(decoding.BYTE_LEVEL),
    st.just(decoding.BYTES),
    st.just(decoding.FUSE),
    st.builds(decoding.word_piece, st.sampled_from(["##", ""]), st.booleans()),
    st.builds(decoding.metaspace, st.sampled_from(["always", "never", "first"])),
    st.builds(decoding.ctc, st.sampled_from(["<pad>", ""]), st.booleans()),
    st.builds(
        decoding.strip, st.sampled_from(" ▁a"), st.integers(0, 2), st.sampled_from([0, 0, 1])
    ),
    st.builds(
        lambda pattern, content: {"type": "Replace", "pattern": pattern, "content": content},
        PATTERNS,
        st.sampled_from([" ", "", "b\ufffd"]),
    ),
)
DECODERS = st.one_of(
    st.none(),
    LEAVES,
    st.sampled_from(list(decoding.DECODERS.values())),
    st.lists(LEAVES, max_size=4).map(lambda parts: decoding.sequence(*parts)),
)
IDS = st.one_of(st.integers(0, len(TOKENS) + 8), st.integers(6, 15), st.integers(28, 35))
ROWS = st.lists(st.lists(IDS, max_size=12), min_size=1, max_size=6)
STEPS = st.lists(st.one_of(IDS, IDS, IDS, st.lists(IDS, max_size=3)), max_size=24)


@pytest.mark.fuzz
@given(DECODERS, ROWS, st.lists(IDS, max_size=3), STEPS, st.booleans())
def test_random_decoders(decoder, rows, prompt, steps, skip):
    written = decoding.written(decoder)
    plain = Tokenizer.from_str(written)
    expected = decoded(plain, rows), streamed(DecodeStream(prompt, skip), plain, steps)
    with budtiktok_hf.patched():
        tokenizer = Tokenizer.from_str(written)
        assert budtiktok_hf.explain(tokenizer).accelerated
        got = decoded(tokenizer, rows), streamed(DecodeStream(prompt, skip), tokenizer, steps)
        again = decoded(tokenizer, rows * 5)
        handed = DecodeStream(prompt, skip)
        halves = streamed(handed, tokenizer, steps[: len(steps) // 2])
    assert got == expected
    # With every piece made ahead.
    assert again == [
        [ones * 5, batch * 5 if isinstance(batch, list) else batch] for ones, batch in expected[0]
    ]
    # Stock goes on where the engine was.
    assert halves + streamed(handed, plain, steps[len(steps) // 2 :]) == expected[1]
    count("decoders, at once and id by id")
