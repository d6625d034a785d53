"""Random tokenizers on random texts: whatever stock answers, the patched object answers."""

from __future__ import annotations

import json

import pytest
import twin
from generators import strategies
from generators.against_stock import Original, assert_same, why_not
from generators.counts import count
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

import budtiktok_hf
from budtiktok_hf import compare

pytestmark = pytest.mark.fuzz


CALL_OPTIONS = st.fixed_dictionaries(
    {"add_special_tokens": st.booleans()},
    optional={
        "padding": st.sampled_from((True, False, "max_length", "longest")),
        "truncation": st.sampled_from((True, False, "only_first", "only_second", "longest_first")),
        "max_length": st.integers(0, 12),
        "stride": st.integers(0, 3),
        "pad_to_multiple_of": st.sampled_from((None, 4)),
        "padding_side": st.sampled_from(("left", "right")),
        "return_tensors": st.sampled_from((None, "np", "pt")),
        "return_token_type_ids": st.booleans(),
        "return_attention_mask": st.booleans(),
        "return_overflowing_tokens": st.booleans(),
        "return_special_tokens_mask": st.booleans(),
        "return_offsets_mapping": st.booleans(),
        "return_length": st.booleans(),
        "verbose": st.booleans(),
    },
)


def loaded(written: dict) -> Tokenizer | None:
    """The tokenizer; None where stock may never end, or refuses the file, in which case we refuse it alike."""
    text = json.dumps(written)
    made = compare.outcome(Tokenizer.from_str, text)
    if not isinstance(made, compare.Raised):
        return None if endless(made) else made
    stock = twin.ORIGINALS["from_str"].__get__(None, Tokenizer)
    expected = compare.outcome(stock, text)
    if expected.type in compare.PANICS:
        # Where stock panics we raise what can be caught.
        expected = expected._replace(type="ValueError", text=made.text)
    assert expected == made
    count("files refused by stock")
    return None


def endless(tokenizer: Tokenizer) -> bool:
    """Whether the normalized form of an added token is empty: stock's search for it may never end."""
    written = json.loads(Original(tokenizer).to_str())
    contents = [token["content"] for token in written["added_tokens"] if token["normalized"]]
    if written["normalizer"] is None or not contents:
        return False
    model = {"type": "WordLevel", "vocab": {}, "unk_token": "x"}
    parts = dict.fromkeys(("truncation", "padding", "pre_tokenizer", "post_processor", "decoder"))
    parts |= {"version": "1.0", "normalizer": written["normalizer"], "added_tokens": []}
    alone = Tokenizer.from_str(json.dumps(parts | {"model": model}))
    found = any(compare.outcome(alone.normalizer.normalize_str, text) == "" for text in contents)
    if found:
        count("left out: stock may not end")
    return found


@given(st.data())
def test_every_field_of_every_call(data: st.DataObject) -> None:
    budtiktok_hf.patch()
    written = data.draw(strategies.tokenizers())
    tokenizer = loaded(written)
    if tokenizer is None:
        return
    count(f"tokenizers by {'stock: ' + why if (why := why_not(tokenizer)) else 'the engine'}")
    vocabulary = strategies.names_of(written["model"])
    vocabulary += [token["content"] for token in written["added_tokens"]] * 10
    texts = st.lists(strategies.texts(vocabulary), min_size=1, max_size=4)
    batch = data.draw(texts)
    truncation, padding = data.draw(strategies.truncations()), data.draw(strategies.paddings())
    specials, split_specials = data.draw(st.booleans()), data.draw(st.booleans())
    try:
        if truncation:
            tokenizer.enable_truncation(**truncation)
        if padding:
            tokenizer.enable_padding(**padding)
    except ValueError:
        count("options refused by stock")
    tokenizer.encode_special_tokens = split_specials
    options = {"add_special_tokens": specials}
    kind = data.draw(st.sampled_from(("single", "pair", "words", "batch", "pairs", "fast")))
    if truncation and kind.startswith("pair"):
        # Overflowing pairs give every combination of their parts.
        batch = [text[:20] for text in batch]
    context = (written, batch, truncation, padding, kind, options)

    def call(t: Tokenizer, batch: list = batch):
        if kind == "single":
            return t.encode(batch[0], **options)
        if kind == "pair":
            return t.encode(batch[0], batch[-1], **options)
        if kind == "words":
            return t.encode(batch, is_pretokenized=True, **options)
        if kind == "fast":
            return [e.ids for e in t.encode_batch_fast(batch, **options)]
        return t.encode_batch(batch, **options)

    if kind in ("single", "pair", "words"):
        assert_same(tokenizer, call, context)
        return
    if kind == "pairs":
        batch = [(text, batch[0]) for text in batch]
    if isinstance(compare.outcome(call, tokenizer, batch), compare.Raised):
        # Which of several errors a batch raises is chance in stock: threads race for it.
        for item in batch:
            assert_same(tokenizer, lambda t: call(t, [item]), context, queries=False)
        assert isinstance(compare.outcome(call, Original(tokenizer), batch), compare.Raised)
    else:
        assert_same(tokenizer, lambda t: call(t, batch), context, queries=False)


@given(st.data())
def test_added_tokens(data: st.DataObject) -> None:
    budtiktok_hf.patch()
    written = data.draw(strategies.tokenizers(least_added=2))
    tokenizer = loaded(written)
    if tokenizer is None:
        return
    count(f"tokenizers by {'stock: ' + why if (why := why_not(tokenizer)) else 'the engine'}")
    contents = [token["content"] for token in written["added_tokens"]]
    around = st.sampled_from((*contents, " ", "  ", "\n", "a", "_", "é", "1", ".", "x", "\u0301"))
    text = data.draw(st.lists(around, max_size=10).map("".join))
    tokenizer.encode_special_tokens = data.draw(st.booleans())
    assert_same(tokenizer, lambda t: t.encode(text), (written, text))


@given(st.data())
def test_edits_between_calls(data: st.DataObject) -> None:
    """After each edit, in any order, the answer is that of the tokenizer as it is now."""
    budtiktok_hf.patch()
    written = data.draw(strategies.tokenizers())
    tokenizer, other = loaded(written), loaded(data.draw(strategies.tokenizers()))
    if tokenizer is None or other is None:
        return
    vocabulary = strategies.names_of(written["model"])
    text = data.draw(strategies.texts(vocabulary))
    edits = {
        "normalizer": lambda: setattr(tokenizer, "normalizer", other.normalizer),
        "pre_tokenizer": lambda: setattr(tokenizer, "pre_tokenizer", other.pre_tokenizer),
        "post_processor": lambda: setattr(tokenizer, "post_processor", other.post_processor),
        "decoder": lambda: setattr(tokenizer, "decoder", other.decoder),
        "model": lambda: setattr(tokenizer, "model", other.model),
        "add": lambda: tokenizer.add_tokens(["new", text[:3] or "x"]),
        "add_special": lambda: tokenizer.add_special_tokens(["<x>", text[-3:] or "y"]),
        "unpatch": lambda: (budtiktok_hf.unpatch(), budtiktok_hf.patch()),
    }
    done = []
    for name in data.draw(st.lists(st.sampled_from(sorted(edits)), max_size=4)):
        done.append(name)
        if isinstance(compare.outcome(edits[name]), compare.Raised):
            # Adding tokens normalizes them, at which stock may panic.
            count("edits refused by stock")
            return
        if endless(tokenizer) or endless(other):
            return
        assert_same(tokenizer, lambda t: t.encode(text), (written, done, text), queries=False)
        assert_same(other, lambda t: t.encode(text), (done, text), queries=False)


@given(st.data())
def test_decoding(data: st.DataObject) -> None:
    budtiktok_hf.patch()
    written = data.draw(strategies.tokenizers())
    tokenizer = loaded(written)
    if tokenizer is None:
        return
    vocabulary = strategies.names_of(written["model"])
    text = data.draw(strategies.texts(vocabulary))
    drawn = st.lists(st.integers(0, len(vocabulary) + 8), max_size=12)
    try:
        ids = data.draw(drawn) + tokenizer.encode(text).ids
    except BaseException:
        ids = data.draw(drawn)
    skip = data.draw(st.booleans())
    context = (written, ids, skip)
    assert_same(tokenizer, lambda t: t.decode(ids, skip_special_tokens=skip), context)
    batch = [ids, ids[1:], ids[:3]]
    assert_same(tokenizer, lambda t: t.decode_batch(batch, skip_special_tokens=skip), context)


@given(st.data())
def test_calls_of_transformers(data: st.DataObject) -> None:
    written = data.draw(strategies.tokenizers())
    budtiktok_hf.patch()
    first = loaded(written)
    if first is not None and why_not(first) == "two tokens that match":
        # Which of them stock finds is chance, another for each object.
        count("left out: chance in stock")
        return
    vocabulary = strategies.names_of(written["model"])
    some = st.sampled_from(["<pad>", *vocabulary[:3]])
    names = data.draw(
        st.fixed_dictionaries(
            {"pad_token": some},
            optional={"unk_token": some, "cls_token": some, "sep_token": some, "bos_token": some},
        )
    )
    sides = st.sampled_from(("left", "right"))
    made = {"padding_side": data.draw(sides), "truncation_side": data.draw(sides), **names}
    batch = data.draw(st.lists(strategies.texts(vocabulary, few=True), min_size=1, max_size=3))
    options = data.draw(CALL_OPTIONS)
    kind = data.draw(st.sampled_from(("one", "batch", "pair", "pairs", "words")))
    method = data.draw(st.sampled_from(("__call__", "__call__", "encode", "tokenize")))

    def call(tokenizer: PreTrainedTokenizerFast):
        if method == "tokenize":
            return tokenizer.tokenize(batch[0], add_special_tokens=options["add_special_tokens"])
        if method == "encode":
            return tokenizer.encode(batch[0], add_special_tokens=options["add_special_tokens"])
        if kind == "one":
            return tokenizer(batch[0], **options)
        if kind == "pair":
            return tokenizer(batch[0], batch[-1], **options)
        if kind == "words":
            return tokenizer(batch, is_split_into_words=True, **options)
        return tokenizer(batch, batch[::-1] if kind == "pairs" else None, **options)

    def answers() -> list:
        """The same call twice, and once more after it, on a tokenizer of its own."""
        tokenizer = loaded(written)
        if tokenizer is None:
            return []
        whole = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **made)
        shown = [compare.plain(compare.outcome(call, whole)) for _ in range(2)]
        if kind != "one":
            # Which of several errors a batch raises is chance in stock.
            shown = [
                "raises" if isinstance(answer, tuple) and answer[0] == "raises" else answer
                for answer in shown
            ]
        shown.append(compare.plain(compare.outcome(whole.encode, batch[-1])))
        return [*shown, whole._tokenizer.truncation, whole._tokenizer.padding]

    budtiktok_hf.unpatch()
    expected = answers()
    budtiktok_hf.patch()
    found = compare.difference(expected, answers())
    assert found is None, (str(found), written, made, batch, options, kind, method)
    count("calls")
