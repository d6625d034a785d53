"""Tokens added to a living tokenizer: the engine takes ids, texts and flags as the object has them."""

import random

import pytest
from conftest import TEXTS, WRITTEN, same_as_stock
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

import budtiktok_hf
from budtiktok_hf.backend.stock import VERSION
from budtiktok_hf.fallback import OUT_OF_STEP

FLAGS = ("single_word", "lstrip", "rstrip", "normalized", "special")
#: Repeated, contained in one another, in the vocabulary, changed by a normalizer, empty.
CONTENTS = ["the", "The", "fox", "<new>", "<new", " <new>", "quick brown", "Ü", "", "  ", "[SEP]"]
PROBES = [*TEXTS, "the The fox <new> <new quick brown Ü  [SEP][SEP]the", "<new>the", " fox "]

#: What the engine leaves to stock, whose own answer depends on the order of a hash map.
LEFT_TO_STOCK = ("two tokens that match", "normalized form is empty", "would panic")
if VERSION < (0, 23):
    # The texts that it looks for do not show.
    LEFT_TO_STOCK += (OUT_OF_STEP,)


def with_holes() -> Tokenizer:
    """Ids that a new token is given may be the model's own."""
    vocab = {"[UNK]": 0, "the": 1, "fox": 7, "quick": 9, "brown": 4, "new": 5}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def unigram() -> Tokenizer:
    pieces = [
        ("<unk>", 0.0),
        *((letter, -3.0) for letter in "▁thequickbrownfxTj,'"),
        ("▁the", -2.0),
    ]
    tokenizer = Tokenizer(models.Unigram(pieces, 0, False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


MAKERS = {
    "byte_level": lambda: Tokenizer.from_str(WRITTEN["byte_level"]),
    "word_piece": lambda: Tokenizer.from_str(WRITTEN["word_piece"]),
    "with_holes": with_holes,
    "unigram": unigram,
}


def token(rng: random.Random) -> AddedToken:
    flags = {flag: rng.random() < 0.3 for flag in FLAGS}
    return AddedToken(rng.choice(CONTENTS), **flags)


def served_as_stock(tokenizer: Tokenizer) -> None:
    same_as_stock(tokenizer, PROBES)
    tokenizer.encode_special_tokens = True
    same_as_stock(tokenizer, PROBES)
    tokenizer.encode_special_tokens = False
    shown = budtiktok_hf.explain(tokenizer)
    known = any(text in reason for reason in shown.reasons for text in LEFT_TO_STOCK)
    assert shown.accelerated or known, shown


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", sorted(MAKERS))
def test_any_tokens_in_any_order(name, seed):
    rng = random.Random(f"{name} {seed}")
    budtiktok_hf.patch()
    tokenizer = MAKERS[name]()
    for _ in range(4):
        add = tokenizer.add_special_tokens if rng.random() < 0.4 else tokenizer.add_tokens
        add([token(rng) for _ in range(rng.randint(1, 4))])
        served_as_stock(tokenizer)


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_what_a_reload_would_not_give(name):
    """Another model, another normalizer, other flags: the tokens keep what they were given."""
    budtiktok_hf.patch()
    tokenizer = MAKERS[name]()
    tokenizer.add_tokens(["<late>", AddedToken("Fox", normalized=True)])
    tokenizer.add_special_tokens(["<once>"])
    late = tokenizer.token_to_id("<late>")
    tokenizer.add_tokens([AddedToken("<once>", special=False, normalized=False)])
    served_as_stock(tokenizer)
    tokenizer.model = models.WordLevel({"[UNK]": 0, "<late>": 1, "Fox": 2}, unk_token="[UNK]")
    tokenizer.add_tokens(["<later>"])
    served_as_stock(tokenizer)
    assert tokenizer.encode("x <late>", add_special_tokens=False).ids[-1] == late
    assert budtiktok_hf.explain(tokenizer).accelerated or VERSION < (0, 23)


def test_an_id_that_is_another_tokens_now():
    budtiktok_hf.patch()
    tokenizer = with_holes()
    # Six tokens, so the next ids are 6 and 7, and 7 is the model's "fox".
    tokenizer.add_tokens(["<a>", "<b>"])
    served_as_stock(tokenizer)
    tokenizer.add_tokens(["fox"])
    served_as_stock(tokenizer)
    assert tokenizer.encode("<b> fox", add_special_tokens=False).ids[-1] == 7
    assert budtiktok_hf.explain(tokenizer).accelerated or VERSION < (0, 23)


def test_thousands_of_tokens(written):
    budtiktok_hf.patch()
    tokenizer = Tokenizer.from_str(written)
    first = tokenizer.get_vocab_size()
    tokenizer.add_tokens([f"<{number}>" for number in range(10_000)])
    text = " ".join(f"word <{number}> <{number * 7}>" for number in range(0, 3000, 17))
    same_as_stock(tokenizer, [text])
    ids = [id for id in tokenizer.encode(text).ids if id >= first]
    numbers = [number for n in range(0, 3000, 17) for number in (n, n * 7) if number < 10_000]
    assert ids == [first + number for number in numbers]
    assert budtiktok_hf.explain(tokenizer).accelerated or VERSION < (0, 23)


@pytest.mark.skipif(VERSION < (0, 23), reason="before 0.23 texts do not show")
def test_what_was_special_is_known_of_a_watched_tokenizer():
    """Its string does not show it, where that is not the content."""
    budtiktok_hf.patch()
    tokenizer = Tokenizer.from_str(WRITTEN["word_piece"])
    tokenizer.add_tokens(["Hello World"])
    tokenizer.add_special_tokens([AddedToken("Once More", normalized=True)])
    tokenizer.add_tokens([AddedToken("Once More", normalized=True), AddedToken("[SEP]")])
    tokenizer.encode_special_tokens = True
    same_as_stock(tokenizer, ["hello world once more [SEP]", "Hello World Once More"])
    shown = budtiktok_hf.explain(tokenizer)
    assert (shown.accelerated, shown.stock_calls) == (True, {})
    # Not watched for a while: what cannot be seen is stock's, as long as it matters.
    budtiktok_hf.unpatch()
    budtiktok_hf.patch()
    same_as_stock(tokenizer, ["hello world once more [SEP]", "Hello World Once More"])
    assert budtiktok_hf.explain(tokenizer).accelerated or VERSION < (0, 23)
