"""Whatever changes a tokenizer, by whatever handle: the next call answers as stock does."""

import gc
import pickle
import threading

import pytest
import tokenizers
from conftest import TEXTS, WRITTEN, answers, fields, same_as_stock, stock_answers
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)
from tokenizers.trainers import BpeTrainer, WordPieceTrainer

import budtiktok_hf

#: Before 0.23 the texts of added tokens do not show, and stock serves what depends on them.
ADDED_TOKENS_SHOW = not tokenizers.__version__.startswith("0.22.")


def patched_from(written: str) -> Tokenizer:
    budtiktok_hf.patch()
    return Tokenizer.from_str(written)


def test_truncation_and_padding_are_read_from_the_object(written, either):
    tokenizer = patched_from(written)
    same_as_stock(tokenizer)
    for change in (
        lambda: tokenizer.enable_truncation(6),
        lambda: tokenizer.enable_truncation(5, stride=1, strategy="only_first"),
        lambda: tokenizer.enable_padding(length=9, pad_id=3, pad_token="!"),
        lambda: tokenizer.enable_truncation(4, direction="left"),
        lambda: tokenizer.enable_padding(direction="left", pad_to_multiple_of=8),
        lambda: tokenizer.no_truncation(),
        lambda: setattr(tokenizer, "encode_special_tokens", True),
        lambda: tokenizer.no_padding(),
        lambda: setattr(tokenizer, "encode_special_tokens", False),
    ):
        change()
        same_as_stock(tokenizer)


def test_a_refused_state_changes_what_stock_changes(written, either):
    tokenizer = patched_from(written)
    tokenizer.enable_truncation(8)
    answers(tokenizer)
    with pytest.raises(ValueError):
        tokenizer.enable_truncation(4, strategy="no such one")
    with pytest.raises(ValueError, match="stride"):
        tokenizer.enable_truncation(4, stride=9)
    same_as_stock(tokenizer)


def test_added_tokens(written, either):
    tokenizer = patched_from(written)
    same_as_stock(tokenizer)
    tokenizer.add_tokens(["<new>", AddedToken("fox", single_word=True, lstrip=True)])
    same_as_stock(tokenizer)
    assert "<new>" in tokenizer.encode("some <new> text").tokens
    tokenizer.add_special_tokens(["[more]", AddedToken("done", special=True, rstrip=True)])
    same_as_stock(tokenizer, TEXTS + ["more [more] done  "])
    with pytest.raises(TypeError):
        tokenizer.add_tokens([7])
    same_as_stock(tokenizer)


def test_own_setters(written, either):
    tokenizer = patched_from(written)
    same_as_stock(tokenizer)
    tokenizer.normalizer = normalizers.Lowercase()
    same_as_stock(tokenizer)
    tokenizer.normalizer = None
    same_as_stock(tokenizer)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    same_as_stock(tokenizer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A x", special_tokens=[("x", 5)]
    )
    same_as_stock(tokenizer)
    tokenizer.post_processor = None
    same_as_stock(tokenizer)
    tokenizer.model = Tokenizer.from_str(WRITTEN["word_piece"]).model
    same_as_stock(tokenizer)


def test_light_changes_do_not_touch_the_model(written, twin):
    tokenizer = patched_from(written)
    same_as_stock(tokenizer)
    assert (twin.made, twin.light) == (1, 0)
    tokenizer.add_tokens(["<new>"])
    tokenizer.normalizer = normalizers.Lowercase()
    same_as_stock(tokenizer)
    assert (twin.made, twin.light) == (2, 1)
    tokenizer.enable_truncation(4)
    same_as_stock(tokenizer)
    assert (twin.made, twin.light) == (2, 1)
    assert budtiktok_hf.explain(tokenizer).stock_calls == {}


def test_edits_in_place(either):
    tokenizer = patched_from(WRITTEN["word_piece"])
    same_as_stock(tokenizer)
    tokenizer.normalizer.lowercase = False
    same_as_stock(tokenizer)
    kept = tokenizer.normalizer
    kept.strip_accents = True
    same_as_stock(tokenizer)
    kept.lowercase = True
    same_as_stock(tokenizer)
    tokenizer.model.unk_token = "[MASK]"
    same_as_stock(tokenizer)
    tokenizer.model.max_input_chars_per_word = 3
    same_as_stock(tokenizer)
    tokenizer.model.continuing_subword_prefix = "@@"
    same_as_stock(tokenizer)


def test_edits_through_nested_handles(either):
    tokenizer = patched_from(WRITTEN["byte_level"])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.ByteLevel(False)]
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Prepend("x")])
    same_as_stock(tokenizer)
    digits, prepend = tokenizer.pre_tokenizer[0], tokenizer.normalizer[1]
    digits.individual_digits = True
    same_as_stock(tokenizer)
    prepend.prepend = "yy"
    same_as_stock(tokenizer)
    tokenizer.normalizer[0] = normalizers.Lowercase()
    same_as_stock(tokenizer)
    tokenizer.pre_tokenizer[1] = pre_tokenizers.ByteLevel(True, use_regex=False)
    same_as_stock(tokenizer)
    with pytest.raises(NotImplementedError):
        del tokenizer.normalizer[1]
    same_as_stock(tokenizer)


def test_a_component_edited_before_the_first_call(either):
    tokenizer = patched_from(WRITTEN["word_piece"])
    tokenizer.normalizer.lowercase = False
    same_as_stock(tokenizer)


def test_components_shared_with_another_tokenizer(either):
    first = patched_from(WRITTEN["word_piece"])
    second = Tokenizer.from_str(WRITTEN["word_piece"])
    second.normalizer = first.normalizer
    third = Tokenizer(second.model)
    for tokenizer in (first, second, third):
        same_as_stock(tokenizer)
    first.normalizer.lowercase = False
    for tokenizer in (first, second, third):
        same_as_stock(tokenizer)
    third.model.unk_token = "[PAD]"
    for tokenizer in (first, second, third):
        same_as_stock(tokenizer)


def test_a_shared_model_is_trained_through_another_tokenizer(either):
    # Not BPE: stock's own word cache outlives the training there, and makes it panic.
    first = patched_from(WRITTEN["word_piece"])
    same_as_stock(first)
    other = Tokenizer(first.model)
    other.pre_tokenizer = first.pre_tokenizer
    same_as_stock(other)
    trainer = WordPieceTrainer(vocab_size=60, special_tokens=["[UNK]"], show_progress=False)
    other.train_from_iterator(["some other text entirely"] * 3, trainer)
    same_as_stock(other)
    same_as_stock(first)


def test_training(either):
    budtiktok_hf.patch()
    tokenizer = Tokenizer(models.BPE(unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    same_as_stock(tokenizer)
    trainer = BpeTrainer(vocab_size=60, special_tokens=["?"], show_progress=False)
    for corpus in (["abc abd", "bcd"], iter(TEXTS)):
        tokenizer.train_from_iterator(corpus, trainer)
        # Stock's own word cache outlives the training.
        tokenizer.model._clear_cache()
        same_as_stock(tokenizer)


def test_dropout_is_served_by_stock_and_comes_back(twin):
    tokenizer = patched_from(WRITTEN["byte_level"])
    model = tokenizer.model
    same_as_stock(tokenizer)
    made = twin.made
    model.dropout = 1.0
    same_as_stock(tokenizer)
    assert twin.made > made
    model.dropout = None
    same_as_stock(tokenizer)


@pytest.mark.skipif(not hasattr(models.Unigram, "alpha"), reason="tokenizers before 0.23")
def test_unigram_sampling_is_a_reason(twin):
    budtiktok_hf.patch()
    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), ("a", -1.0), ("b", -1.5)], 0, False))
    same_as_stock(tokenizer, ["ab", "ba", "a", "", "abab", "bb"])
    assert budtiktok_hf.explain(tokenizer).accelerated
    tokenizer.model.alpha = 0.5
    tokenizer.encode("ab")
    shown = budtiktok_hf.explain(tokenizer)
    assert (shown.accelerated, shown.reasons) == (False, ["Unigram sampling"])
    assert shown.stock_calls["Unigram sampling"] == 1
    tokenizer.model.alpha = None
    same_as_stock(tokenizer, ["ab", "ba", "a", "", "abab", "bb"])


class Reverse:
    """A normalizer and pre-tokenizer written in Python."""

    def normalize(self, normalized):
        normalized.lowercase()

    def pre_tokenize(self, pretok):
        pretok.split(lambda index, text: [text])


@pytest.mark.parametrize("part", ["normalizer", "pre_tokenizer"])
def test_components_in_python_are_a_reason(part, either, caplog):
    tokenizer = patched_from(WRITTEN["word_piece"])
    same_as_stock(tokenizer)
    kind = {
        "normalizer": normalizers.Normalizer,
        "pre_tokenizer": pre_tokenizers.PreTokenizer,
    }[part]
    setattr(tokenizer, part, kind.custom(Reverse()))
    with caplog.at_level("INFO", "budtiktok_hf"):
        tokenizer.encode("The fox")
        tokenizer.encode("The fox")
    same_as_stock(tokenizer)
    shown = budtiktok_hf.explain(tokenizer)
    assert shown.reasons == ["components written in Python"]
    assert shown.stock_calls["components written in Python"] >= 2
    assert len(caplog.records) == 1
    setattr(tokenizer, part, None)
    same_as_stock(tokenizer)


def test_changes_while_unpatched_are_seen(written, either):
    tokenizer = patched_from(written)
    normalizer = normalizers.Prepend("a ")
    tokenizer.normalizer = normalizer
    same_as_stock(tokenizer)
    budtiktok_hf.unpatch()
    normalizer.prepend = "bbb "
    tokenizer.enable_truncation(7)
    budtiktok_hf.patch()
    same_as_stock(tokenizer)
    budtiktok_hf.unpatch()
    tokenizer.add_tokens(["quick"])
    tokenizer.no_truncation()
    same_as_stock(tokenizer)
    budtiktok_hf.patch()
    same_as_stock(tokenizer)
    assert stock_answers(tokenizer) == answers(tokenizer)


def test_a_kept_handle_from_before_the_patch(either):
    tokenizer = Tokenizer.from_str(WRITTEN["word_piece"])
    kept = tokenizer.normalizer
    budtiktok_hf.patch()
    same_as_stock(tokenizer)
    kept.lowercase = False
    same_as_stock(tokenizer)


def test_added_tokens_keep_the_text_of_their_time():
    """In-place edits of a normalizer do not reach the texts that were normalized when added."""
    tokenizer = patched_from(WRITTEN["byte_level"])
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace("q", "k")])
    tokenizer.add_tokens([AddedToken("qu", normalized=True)])
    same_as_stock(tokenizer)
    assert budtiktok_hf.explain(tokenizer).accelerated
    tokenizer.normalizer[0] = normalizers.Replace("q", "z")
    same_as_stock(tokenizer, [*TEXTS, "ku qu zu"])
    tokenizer.normalizer = tokenizer.normalizer
    same_as_stock(tokenizer, [*TEXTS, "ku qu zu"])


def test_added_tokens_keep_the_ids_of_their_time():
    tokenizer = patched_from(WRITTEN["byte_level"])
    tokenizer.add_tokens(["<late>"])
    same_as_stock(tokenizer, [*TEXTS, "a <late> one"])
    tokenizer.model = Tokenizer.from_str(WRITTEN["word_piece"]).model
    same_as_stock(tokenizer, [*TEXTS, "a <late> one"])
    shown = budtiktok_hf.explain(tokenizer)
    assert shown.accelerated == (shown.stock_calls == {}) == ADDED_TOKENS_SHOW


def test_encodings_keep_the_values_of_call_time(written, either):
    tokenizer = patched_from(written)
    text = "The quick brown fox <new>, isn't it?"
    expected = fields(tokenizer.encode(text))
    kept = [tokenizer.encode(text) for _ in range(4)]
    tokenizer.add_tokens(["<new>"])
    assert fields(kept[0]) == expected
    budtiktok_hf.unpatch()
    assert fields(kept[1]) == expected
    del tokenizer
    gc.collect()
    assert fields(kept[2]) == expected
    seen = []
    thread = threading.Thread(target=lambda: seen.append(fields(kept[3])))
    thread.start()
    thread.join()
    assert seen == [expected]


def test_threads_change_and_encode(twin):
    tokenizer = patched_from(WRITTEN["word_piece"])
    normalizer = tokenizer.normalizer
    text = "The Quick brown Fox"
    allowed = set()
    for lowercase in (True, False):
        normalizer.lowercase = lowercase
        allowed.add(tuple(tokenizer.encode(text).ids))
    assert len(allowed) == 2
    wrong, stop = [], threading.Event()

    def encode():
        while not stop.is_set():
            if tuple(tokenizer.encode(text).ids) not in allowed:
                wrong.append(1)

    threads = [threading.Thread(target=encode) for _ in range(3)]
    for thread in threads:
        thread.start()
    for at in range(60):
        normalizer.lowercase = bool(at % 2)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    same_as_stock(tokenizer)


def test_explain(written, twin):
    tokenizer = Tokenizer.from_str(written)
    shown = budtiktok_hf.explain(tokenizer)
    assert (shown.accelerated, shown.reasons) == (False, ["not patched"])
    assert shown.model in ("BPE", "WordPiece")
    assert budtiktok_hf.explain(object()).reasons == ["a tokenizer without a Rust backend"]
    budtiktok_hf.patch()
    shown = budtiktok_hf.explain(tokenizer)
    assert (shown.accelerated, shown.reasons, shown.stock_calls) == (True, [], {})
    assert "accelerated" in repr(shown)
    with pytest.raises(TypeError):
        tokenizer.encode(7)
    shown = budtiktok_hf.explain(tokenizer)
    assert shown.stock_calls == {"arguments that only stock handles": 1}
    assert budtiktok_hf.explain().accelerated
    assert budtiktok_hf.explain().stock_calls["arguments that only stock handles"] >= 1


@pytest.mark.parametrize(
    "decoder",
    [decoders.Replace("h", "H"), decoders.Strip("h", 1, 0), decoders.Metaspace(), None],
    ids=str,
)
def test_what_a_decoder_hides_of_an_added_token(decoder):
    """Two texts that decode alike are two texts to be looked for."""
    tokenizer = patched_from(WRITTEN["word_piece"])
    tokenizer.decoder = decoder
    tokenizer.add_tokens([AddedToken("Hello", normalized=True)])
    same_as_stock(tokenizer)
    tokenizer.normalizer.lowercase = False
    same_as_stock(tokenizer, [*TEXTS, "Hello hello HELLO"])
    assert budtiktok_hf.explain(tokenizer).accelerated == ADDED_TOKENS_SHOW
    tokenizer.normalizer = tokenizer.normalizer
    same_as_stock(tokenizer, [*TEXTS, "Hello hello HELLO"])
    # Before 0.23 stock does not look again at added tokens when a normalizer is set.
    assert budtiktok_hf.explain(tokenizer).accelerated == ADDED_TOKENS_SHOW


def test_a_template_keeps_the_count_of_its_time():
    """Truncation leaves room for as many special tokens as the template had when it was made."""
    tokenizer = patched_from(WRITTEN["word_piece"])
    template = tokenizer.post_processor
    other = patched_from(WRITTEN["word_piece"])
    other.post_processor = processors.Sequence([processors.ByteLevel(), template])
    nested = patched_from(WRITTEN["word_piece"])
    nested.post_processor = processors.Sequence([nested.post_processor])
    for each in (tokenizer, other, nested):
        each.enable_truncation(6)
        same_as_stock(each)
    for single in ("[CLS] $A [SEP] [SEP]", ["$A"], "[CLS] $A"):
        template.single = single
        fresh = pickle.loads(pickle.dumps(tokenizer))
        nested.post_processor[0] = fresh.post_processor
        same_as_stock(nested)
        # Written alike, counted otherwise.
        nested.post_processor[0] = template
        for each in (tokenizer, other, nested, fresh):
            same_as_stock(each)
        for each in (tokenizer, other, nested):
            reasons = budtiktok_hf.explain(each).reasons
            assert reasons == ["a template changed since its special tokens were counted"]
        assert budtiktok_hf.explain(fresh).accelerated
    template.single = "[CLS] $A [SEP]"
    # A sequence's items are copies once they are set.
    same_as_stock(nested)
    for each in (tokenizer, other):
        same_as_stock(each)
        assert budtiktok_hf.explain(each).accelerated


def test_a_token_that_was_special_once():
    tokenizer = patched_from(WRITTEN["word_piece"])
    tokenizer.add_special_tokens(["fox"])
    tokenizer.add_tokens([AddedToken("fox", normalized=False, special=False)])
    for on in (False, True, False):
        tokenizer.encode_special_tokens = on
        same_as_stock(tokenizer)
    tokenizer = pickle.loads(pickle.dumps(tokenizer))
    tokenizer.encode_special_tokens = True
    same_as_stock(tokenizer)
    assert budtiktok_hf.explain(tokenizer).accelerated


def test_a_dict_copied_from_another_tokenizer():
    first, second = patched_from(WRITTEN["word_piece"]), patched_from(WRITTEN["byte_level"])
    same_as_stock(second)
    vars(first).update(vars(second))
    for tokenizer in (first, second):
        same_as_stock(tokenizer)
        assert budtiktok_hf.explain(tokenizer).accelerated
    first.normalizer = None
    for tokenizer in (first, second):
        same_as_stock(tokenizer)
