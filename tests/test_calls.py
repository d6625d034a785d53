"""Every call of transformers gives, leaves, warns of and logs what it does without us."""

import copy
import pickle

import numpy as np
import pytest
from calls_shown import KINDS, called, compared, made, shown, supported, torch
from conftest import TEXTS
from transformers.tokenization_utils_base import TruncationStrategy
from transformers.utils import PaddingStrategy, TensorType

import budtiktok_hf

TEXT = "The quick brown fox — isn't it a naïve façade? 東京!"
PAIR = "def f(x): return x + 1"
LONG = " ".join(TEXTS) * 2
WORDS = TEXT.split()
TENSORS = [None, "np"] + (["pt"] if torch else [])
#: Each is run on one text, on a batch, on a pair, on a batch of pairs.
OPTIONS = [
    {},
    {"add_special_tokens": False},
    {"padding": True},
    {"padding": "longest"},
    {"padding": PaddingStrategy.LONGEST},
    {"padding": "max_length", "max_length": 30},
    {"padding": "max_length"},
    {"padding": "max_length", "max_length": 8, "truncation": True},
    {"padding": True, "truncation": True},
    {"padding": True, "max_length": 12},
    {"padding": True, "max_length": 12, "verbose": False},
    {"padding": True, "pad_to_multiple_of": 8},
    {"padding": True, "pad_to_multiple_of": 8, "truncation": True, "max_length": 16},
    {"padding": True, "pad_to_multiple_of": 8, "truncation": True, "max_length": 15},
    {"padding": True, "padding_side": "left"},
    {"padding": True, "padding_side": "both"},
    {"padding": True, "pad_to_multiple_of": 0},
    {"padding": None},
    {"padding": "nonsense"},
    {"padding": 1},
    {"truncation": True},
    {"truncation": True, "max_length": 9},
    {"truncation": "only_first", "max_length": 14},
    {"truncation": "only_second", "max_length": 14},
    {"truncation": TruncationStrategy.LONGEST_FIRST, "max_length": 10},
    {"truncation": "do_not_truncate", "max_length": 10},
    {"truncation": "nonsense"},
    {"max_length": 7},
    {"max_length": 0},
    {"max_length": -1},
    {"max_length": 2.0},
    {"max_length": 9, "stride": 2},
    {"truncation": True, "max_length": 9, "stride": 3, "return_overflowing_tokens": True},
    {"truncation": True, "max_length": 9, "stride": 7},
    {"truncation": True, "max_length": 9, "stride": 70},
    {
        "truncation": True,
        "max_length": 12,
        "stride": 2,
        "return_overflowing_tokens": True,
        "return_offsets_mapping": True,
        "padding": "max_length",
    },
    {"return_offsets_mapping": True},
    {"return_special_tokens_mask": True},
    {"return_length": True},
    {"return_length": True, "return_offsets_mapping": True, "padding": True},
    {"return_token_type_ids": True},
    {"return_token_type_ids": False, "return_attention_mask": False},
    {"return_attention_mask": False, "return_special_tokens_mask": True},
    {"return_overflowing_tokens": True},
    {"split_special_tokens": True},
    {"split_special_tokens": False},
    {"verbose": False},
    {"unknown": 1},
    {"sanitize_control_tokens": False},
    {"tokenizer_kwargs": {"padding": True}},
    {"return_offsets_mapping": 1},
    {"add_special_tokens": 0},
    {"max_target_length": 3},
]
INPUTS = [
    (TEXT,),
    ("",),
    (TEXTS,),
    (tuple(TEXTS),),
    ([TEXT],),
    ([],),
    (TEXT, PAIR),
    (TEXT, ""),
    (TEXTS, TEXTS[::-1]),
    ([(TEXT, PAIR), [PAIR, TEXT], "alone"],),
    (LONG,),
    ([TEXT, LONG],),
]
ODD = [
    (),
    (None,),
    (1,),
    (b"bytes",),
    ([1, 2],),
    (["a", None],),
    (["a", 1],),
    ("a\ud800",),
    (["a", "\ud800"],),
    (TEXTS, TEXTS[:2]),
    (TEXTS, "text"),
    ({"a": 1},),
    (np.array(["a", "b"]),),
    (np.str_("a string of numpy"),),
    ([np.str_("a"), "b"],),
    ((text for text in TEXTS),),
    ([["a"], ["b", "c", "d"]],),
]


@pytest.mark.parametrize("tensors", TENSORS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_option_with_every_input(kind, tensors):
    calls = [
        called("__call__", *inputs, **options, return_tensors=tensors)
        for inputs in INPUTS
        for options in OPTIONS
    ]
    fast = compared(lambda: made(kind), calls)
    if supported():
        assert fast > len(calls) / 3


@pytest.mark.parametrize("kind", KINDS)
def test_odd_inputs_get_stocks_answer(kind):
    compared(lambda: made(kind), [called("__call__", *inputs) for inputs in ODD])


@pytest.mark.parametrize("kind", KINDS)
def test_words(kind):
    inputs = [
        (WORDS,),
        ([WORDS, WORDS[:2], []],),
        ([],),
        ([[]],),
        (WORDS, PAIR.split()),
        (WORDS, []),
        (tuple(WORDS), tuple(WORDS)),
        ([WORDS, WORDS[:2]], [PAIR.split(), ["x"]]),
        ([(WORDS, WORDS[:2])],),
        ("text",),
        (["a", 1],),
        ([["a", 1]],),
        (WORDS, "text"),
    ]
    options = [
        {},
        {"return_offsets_mapping": True},
        {"padding": True, "return_tensors": "np"},
        {"truncation": True, "max_length": 6},
        {"add_special_tokens": False},
    ]
    calls = [
        called("__call__", *one, is_split_into_words=True, **more)
        for one in inputs
        for more in options
    ]
    fast = compared(lambda: made(kind), calls)
    if supported():
        assert fast > len(calls) / 3


@pytest.mark.parametrize("tensors", TENSORS)
@pytest.mark.parametrize("kind", KINDS)
def test_targets(kind, tensors):
    options = [
        {},
        {"padding": True},
        {"padding": "max_length", "max_length": 20, "max_target_length": 12, "truncation": True},
        {"max_target_length": 5, "truncation": True},
    ]
    calls = [
        called("__call__", *text, text_target=target, return_tensors=tensors, **more)
        for text in [(), (TEXT,), (TEXTS,)]
        for target in [TEXT, TEXTS]
        for more in options
    ]
    calls.append(called("__call__", TEXT, text_target=TEXT, text_pair_target=PAIR))
    fast = compared(lambda: made(kind), calls)
    if supported():
        assert fast > len(calls) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_encode_and_tokenize(kind):
    calls = [
        called(name, *inputs, **options)
        for name in ("encode", "tokenize")
        for inputs in (*INPUTS, *ODD[1:])
        for options in [
            {},
            {"add_special_tokens": True},
            {"add_special_tokens": False},
            {"split_special_tokens": True},
            {"unknown": 1},
        ]
    ]
    more = [
        {"padding": "max_length", "max_length": 30},
        {"truncation": True, "max_length": 6},
        {"return_tensors": "np"},
        {"max_length": 5, "stride": 1},
        {"padding_side": "left", "padding": "max_length", "max_length": 40},
        {"is_split_into_words": True},
        {"return_overflowing_tokens": True},
    ]
    if torch:
        more.append({"return_tensors": "pt", "padding": True})
    calls += [called("encode", *inputs, **options) for inputs in INPUTS for options in more]
    fast = compared(lambda: made(kind), calls)
    if supported():
        assert fast > len(calls) / 3


@pytest.mark.parametrize("kind", KINDS)
def test_settings_of_the_tokenizer(kind):
    for settings in [
        {"padding_side": "left"},
        {"truncation_side": "left"},
        {"model_max_length": 1e30},
        {"model_max_length": None},
        {"model_max_length": 0},
        {"model_max_length": 8.0},
        {"split_special_tokens": True},
        {"model_input_names": ["input_ids"]},
        {"model_input_names": ("input_ids", "attention_mask")},
        {"pad_token": None},
        {"verbose": True},
    ]:
        calls = [
            called("__call__", *inputs, **options)
            for inputs in [(TEXT,), (TEXTS,), (TEXTS, TEXTS), (LONG,)]
            for options in [
                {},
                {"padding": True},
                {"padding": "max_length"},
                {"truncation": True},
                {"truncation": True, "max_length": 9, "padding": "max_length"},
            ]
        ]
        compared(lambda settings=settings: made(kind, **settings), calls)


def test_changes_between_calls():
    def changed(tokenizer):
        seen = [shown(tokenizer(TEXTS, padding=True))]
        tokenizer.padding_side = "left"
        seen.append(shown(tokenizer(TEXTS, padding=True)))
        tokenizer.pad_token = "[MASK]"
        seen.append(shown(tokenizer(TEXTS, padding=True)))
        tokenizer.add_tokens(["quick brown"])
        seen.append(shown(tokenizer(TEXTS, padding=True)))
        tokenizer.add_special_tokens({"pad_token": "<pad>"})
        seen.append(shown(tokenizer(TEXTS, padding=True)))
        tokenizer.pad_token = "not there"
        seen.append(shown(tokenizer(TEXTS, padding=True)))
        tokenizer.pad_token_id = 3
        tokenizer._tokenizer.no_padding()
        seen.append(shown(tokenizer(TEXTS, padding=True)))
        tokenizer._tokenizer.enable_truncation(5)
        seen.append(shown(tokenizer(TEXT)))
        tokenizer.model_max_length = 4
        seen.append(shown(tokenizer(TEXT, truncation=True)))
        return seen

    compared(lambda: made("word_piece"), [changed])


@pytest.mark.parametrize("kind", KINDS)
def test_batch_encoding_behaves_as_stocks(kind):
    def used(tokenizer):
        batch = tokenizer(TEXTS, TEXTS, padding=True, return_offsets_mapping=True)
        alone = tokenizer(TEXT)
        loaded = pickle.loads(pickle.dumps(batch))
        return [
            shown(copy.copy(batch)),
            shown(copy.deepcopy(alone)),
            shown(loaded.data),
            [batch.tokens(i) for i in range(len(TEXTS))],
            [batch.word_ids(i) for i in range(len(TEXTS))],
            [batch.sequence_ids(i) for i in range(len(TEXTS))],
            [batch.char_to_token(2, at) for at in range(20)],
            [alone.char_to_word(at) for at in range(20)],
            [alone.token_to_chars(at) for at in range(1, 4)],
            alone.word_to_tokens(1),
            len(alone[0]),
            alone["input_ids"] == alone.input_ids,
            sorted(vars(alone)),
            batch[1:3] if False else batch["input_ids"][1:3],
            shown(tokenizer(TEXT).convert_to_tensors("np", prepend_batch_axis=True)),
        ]

    compared(lambda: made(kind), [used])


@pytest.mark.skipif(torch is None, reason="without torch")
def test_tensors_are_the_callers_own():
    def used(tokenizer):
        batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
        pointers = {value.data_ptr() for value in batch.values()}
        batch["input_ids"].resize_(2, 200)
        batch["attention_mask"].add_(1)
        moved = batch.to("cpu")
        return [
            len(pointers) == len(batch),
            moved is batch,
            batch["input_ids"].shape,
            shown(batch["attention_mask"]),
            shown(batch["token_type_ids"]),
        ]

    compared(lambda: made("word_piece"), [used])


@pytest.mark.skipif(torch is None, reason="without torch")
def test_torch_modes_are_stocks():
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.overrides import TorchFunctionMode

    class Counting(TorchFunctionMode):
        seen = 0

        def __torch_function__(self, function, types, args=(), kwargs=None):
            Counting.seen += 1
            return function(*args, **(kwargs or {}))

    def call(tokenizer):
        return tokenizer(TEXTS, padding=True, return_tensors="pt")

    def default_device(tokenizer):
        with torch.device("meta"):
            return [(str(v.device), tuple(v.shape)) for v in call(tokenizer).values()]

    def function_mode(tokenizer):
        Counting.seen = 0
        with Counting():
            call(tokenizer)
        return Counting.seen > 0

    def fake(tokenizer):
        with FakeTensorMode():
            return [type(value).__name__ for value in call(tokenizer).values()]

    def inference(tokenizer):
        with torch.inference_mode():
            return shown(call(tokenizer))

    compared(lambda: made("word_piece"), [default_device, function_mode, fake, inference])


def test_members_of_enums_as_tensor_types():
    calls = [called("__call__", TEXT, return_tensors=TensorType.NUMPY)]
    if torch:
        calls.append(called("__call__", TEXT, return_tensors=TensorType.PYTORCH))
    calls.append(called("__call__", TEXT, return_tensors="tf"))
    compared(lambda: made("byte_level"), calls)


def test_chat_templates():
    template = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}"
    chat = [{"role": "user", "content": TEXT}, {"role": "assistant", "content": PAIR}]
    calls = [
        called("apply_chat_template", conversation, **options)
        for conversation in (chat, [chat, chat[:1]])
        for options in [
            {},
            {"return_dict": True},
            {"return_dict": False},
            {"tokenize": False},
            {"return_tensors": "np", "padding": True, "return_dict": True},
            {"truncation": True, "max_length": 8},
            {"tokenizer_kwargs": {"return_offsets_mapping": True}, "return_dict": True},
        ]
    ]
    compared(lambda: made("word_piece", chat_template=template), calls)


def test_a_bound_method_taken_while_patched_outlives_it():
    tokenizer = made("byte_level")
    expected = shown(tokenizer(TEXT))
    with budtiktok_hf.patched():
        taken = tokenizer.__call__
        assert shown(taken(TEXT)) == expected
    assert shown(taken(TEXT)) == expected
