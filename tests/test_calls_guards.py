"""Classes and objects that change what a fast path replaces get stock's behaviour."""

import inspect
import pickle
import types

import pytest
import tokenizers
import transformers
from calls_shown import called, compared, made, shown, supported
from transformers import BatchEncoding, PreTrainedTokenizerFast
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

import budtiktok_hf
from budtiktok_hf import _native

TEXT = "The quick brown fox"
TEXTS = [TEXT, "isn't it?"]
CALLS = [
    called("__call__", TEXT),
    called("__call__", TEXTS, padding=True, truncation=True, max_length=5),
    called("__call__", TEXT, text_target=TEXT),
    called("encode", TEXT),
    called("tokenize", TEXT),
    called("pad", {"input_ids": [[1, 2], [3]]}),
    called("convert_tokens_to_ids", ["the", "nope"]),
    called("convert_ids_to_tokens", [5, 6]),
]


def loud(name: str):
    """An override that does what stock does and tells."""

    def override(self, *args, **kwargs):
        self.__dict__.setdefault("told", []).append(name)
        return getattr(PreTrainedTokenizerFast, name)(self, *args, **kwargs)

    override.__name__ = name
    return override


OVERRIDDEN = [
    "__call__",
    "_encode_plus",
    "encode",
    "tokenize",
    "pad",
    "_pad",
    "set_truncation_and_padding",
    "_convert_encoding",
    "_get_padding_truncation_strategies",
    "_eventual_warn_about_too_long_sequence",
    "convert_tokens_to_ids",
    "convert_ids_to_tokens",
    "_convert_token_to_id_with_added_voc",
    "_decode",
    "decode",
    "batch_decode",
]


def with_told(call):
    def both(tokenizer):
        tokenizer.__dict__["told"] = []
        return call(tokenizer), list(tokenizer.__dict__["told"])

    return both


def present(names):
    return [name for name in names if hasattr(PreTrainedTokenizerFast, name)]


@pytest.mark.parametrize("name", present(OVERRIDDEN))
def test_a_subclass_that_overrides(name):
    subclass = type("Subclass", (PreTrainedTokenizerFast,), {name: loud(name)})
    compared(lambda: made("word_piece", subclass), [with_told(call) for call in CALLS])


@pytest.mark.parametrize("name", present(OVERRIDDEN))
def test_an_instance_that_overrides(name):
    def make():
        tokenizer = made("word_piece")
        setattr(tokenizer, name, types.MethodType(loud(name), tokenizer))
        return tokenizer

    compared(make, [with_told(call) for call in CALLS])


@pytest.mark.parametrize("name", present(OVERRIDDEN))
def test_a_class_changed_while_patched(name):
    subclass = type("Subclass", (PreTrainedTokenizerFast,), {})

    def make():
        if name in vars(subclass):
            delattr(subclass, name)
        return made("word_piece", subclass)

    def change(tokenizer):
        setattr(subclass, name, loud(name))

    compared(make, [with_told(c) for c in (*CALLS, change, *CALLS)])


def test_modes_of_input_and_target():
    def switch(mode):
        def method(self):
            self.__dict__.setdefault("told", []).append(mode)

        return method

    subclass = type(
        "Switching",
        (PreTrainedTokenizerFast,),
        {
            "_switch_to_input_mode": switch("input"),
            "_switch_to_target_mode": switch("target"),
        },
    )
    compared(lambda: made("word_piece", subclass), [with_told(call) for call in CALLS])
    only = type("Target", (PreTrainedTokenizerFast,), {"_switch_to_target_mode": switch("target")})
    compared(lambda: made("word_piece", only), [with_told(call) for call in CALLS])


def test_properties_in_the_way():
    subclass = type(
        "Properties",
        (PreTrainedTokenizerFast,),
        {
            "pad_token_id": property(lambda self: 7),
            "padding_side": property(lambda self: "left", lambda self, value: None),
            "model_input_names": ["input_ids"],
        },
    )
    compared(lambda: made("word_piece", subclass), CALLS)


def test_attribute_access_in_the_way():
    def __getattribute__(self, name):
        value = PreTrainedTokenizerFast.__getattribute__(self, name)
        return "left" if name == "padding_side" else value

    subclass = type("Odd", (PreTrainedTokenizerFast,), {"__getattribute__": __getattribute__})
    compared(lambda: made("word_piece", subclass), CALLS)


def test_a_backend_with_methods_of_its_own():
    def make():
        tokenizer = made("word_piece")
        backend = tokenizer._tokenizer
        stock = tokenizers.Tokenizer.encode_batch
        backend.encode_batch = lambda texts, **kwargs: stock(backend, texts[:1], **kwargs)
        return tokenizer

    compared(make, CALLS[:5])


def test_a_backend_put_in_its_place():
    def make():
        tokenizer = made("byte_level")
        tokenizer._tokenizer = made("word_piece")._tokenizer
        return tokenizer

    compared(make, CALLS)


def test_a_batch_encoding_changed(monkeypatch):
    stock = BatchEncoding.__init__

    def init(self, data=None, *args, **kwargs):
        stock(self, data, *args, **kwargs)
        self.data["more"] = 1

    monkeypatch.setattr(BatchEncoding, "__init__", init)
    compared(lambda: made("word_piece"), CALLS)


def test_a_base_wrapped_by_somebody_else(monkeypatch):
    seen = []
    stock = PreTrainedTokenizerBase.__call__

    def traced(self, *args, **kwargs):
        seen.append(args)
        return stock(self, *args, **kwargs)

    monkeypatch.setattr(PreTrainedTokenizerBase, "__call__", traced)
    compared(lambda: made("word_piece"), CALLS)
    assert len(seen) == 6
    with budtiktok_hf.patched():
        assert vars(PreTrainedTokenizerBase)["__call__"] is traced


def test_wrapped_while_patched():
    tokenizer = made("word_piece")
    stock = vars(PreTrainedTokenizerBase)["__call__"]
    expected = shown(tokenizer(TEXT))
    budtiktok_hf.patch()
    ours = PreTrainedTokenizerBase.__call__

    def traced(self, *args, **kwargs):
        return ours(self, *args, **kwargs)

    PreTrainedTokenizerBase.__call__ = traced
    try:
        assert shown(tokenizer(TEXT)) == expected
        budtiktok_hf.unpatch()
        assert vars(PreTrainedTokenizerBase)["__call__"] is traced
        assert shown(tokenizer(TEXT)) == expected
    finally:
        PreTrainedTokenizerBase.__call__ = stock


@pytest.mark.skipif(not supported(), reason="stock's own code runs here")
def test_plain_calls_are_fast():
    with budtiktok_hf.patched():
        tokenizer = made("word_piece")
        for call in CALLS:
            if call.label.startswith("convert_tokens_to_ids"):
                # Asked while a tokenizer is loaded, when the engine may not be there: stock's.
                continue
            before = sum(_native.fast_calls().values())
            call(tokenizer)
            assert sum(_native.fast_calls().values()) > before, call.label


def hooked():
    from budtiktok_hf.calls import table

    return [(hook.owner, hook.name) for hook in table.prepare() or ()]


def test_the_hooks_look_like_stocks():
    def look(owner, name):
        function = vars(owner)[name]
        return (
            str(inspect.signature(function)),
            inspect.getdoc(function),
            function.__module__,
            function.__qualname__,
            function.__name__,
            function.__annotations__,
            function.__defaults__,
            function.__kwdefaults__,
            function.__dict__,
            repr(function).split(" at ")[0],
            type(function),
        )

    places = hooked()
    assert places or not supported()
    stock = [(vars(owner)[name], look(owner, name)) for owner, name in places]
    with budtiktok_hf.patched():
        for (owner, name), (original, appearance) in zip(places, stock):
            assert vars(owner)[name] is not original
            assert look(owner, name) == appearance
            assert pickle.loads(pickle.dumps(getattr(owner, name))) is getattr(owner, name)
            tokenizer = made("word_piece")
            assert pickle.dumps(getattr(tokenizer, name))
    for (owner, name), (original, _) in zip(places, stock):
        assert vars(owner)[name] is original


def test_fingerprints_stay(written):
    datasets = pytest.importorskip("datasets")
    hasher = datasets.fingerprint.Hasher
    tokenizer = made("word_piece")
    function = lambda batch: tokenizer(batch["text"], padding=True)  # noqa: E731
    tokenizer(TEXT)
    expected = hasher.hash(function), hasher.hash(tokenizer)
    with budtiktok_hf.patched():
        tokenizer(TEXT)
        assert (hasher.hash(function), hasher.hash(tokenizer)) == expected


def test_nothing_is_put_on_the_tokenizer():
    tokenizer = made("word_piece")
    before = set(vars(tokenizer))
    with budtiktok_hf.patched():
        for call in CALLS:
            call(tokenizer)
    assert set(vars(tokenizer)) == before


def test_transformers_imported_after_the_hooks(tmp_path):
    import subprocess
    import sys

    code = (
        "import budtiktok_hf, sys; budtiktok_hf.patch(); assert 'transformers' not in sys.modules\n"
        "from tokenizers import Tokenizer, models\n"
        "from transformers import PreTrainedTokenizerFast\n"
        "backend = Tokenizer.from_str(Tokenizer(models.WordLevel({'a': 0, '?': 1}, '?')).to_str())\n"
        "tok = PreTrainedTokenizerFast(tokenizer_object=backend)\n"
        "tok('a'); tok('a')\n"
        "print(budtiktok_hf._native.fast_calls()['call'] > 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == "" or "Traceback" not in done.stderr
    assert done.stdout.strip() == str(supported())
    assert transformers.__version__


class Slotted:
    __slots__ = ()


@pytest.mark.parametrize("stranger", [5, Slotted(), None, types.SimpleNamespace()], ids=repr)
def test_methods_called_with_what_is_no_tokenizer(stranger):
    """Stock's error, whatever `self` is."""
    arguments = {
        "__call__": ("a",),
        "encode": ("a",),
        "tokenize": ("a",),
        "pad": ({},),
        "decode": ([1],),
        "batch_decode": ([[1]],),
        "convert_ids_to_tokens": ([1],),
        "convert_tokens_to_ids": ("a",),
    }
    calls = [
        lambda _, name=name, given=given: getattr(PreTrainedTokenizerFast, name)(stranger, *given)
        for name, given in arguments.items()
    ]
    assert compared(lambda: made("word_piece"), calls) == 0
