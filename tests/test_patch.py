"""Patching and unpatching: scopes, identity, foreign wrappers."""

import threading

import pytest
import tokenizers
from conftest import answers, said_by, same_as_stock
from tokenizers import Tokenizer

import budtiktok_hf


def touched_classes() -> list[type]:
    """Every class of the installed package that can hold a hook."""
    modules = [tokenizers] + [
        getattr(tokenizers, name)
        for name in ("models", "normalizers", "pre_tokenizers", "processors", "decoders")
    ]
    modules.append(tokenizers.trainers)
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__.startswith("tokenizers")
    ]


def snapshot() -> dict:
    return {owner: dict(vars(owner)) for owner in touched_classes()}


def assert_identical(before: dict) -> None:
    for owner, attributes in before.items():
        now = dict(vars(owner))
        assert list(now) == list(attributes), owner
        for name, value in attributes.items():
            assert now[name] is value, (owner, name)


def test_patch_twice_is_once():
    before = snapshot()
    assert not budtiktok_hf.is_patched()
    budtiktok_hf.patch()
    budtiktok_hf.patch()
    assert budtiktok_hf.is_patched()
    assert vars(Tokenizer)["encode"] is not before[Tokenizer]["encode"]
    budtiktok_hf.unpatch()
    assert not budtiktok_hf.is_patched()
    assert_identical(before)
    budtiktok_hf.unpatch()
    assert_identical(before)


def test_many_cycles_use_no_more_slots():
    before = snapshot()
    for _ in range(200):
        budtiktok_hf.patch()
        assert budtiktok_hf.is_patched()
        budtiktok_hf.unpatch()
    assert_identical(before)


def test_explicit_unpatch_waits_for_the_last_with():
    before = snapshot()
    with budtiktok_hf.patched():
        with budtiktok_hf.patched():
            budtiktok_hf.unpatch()
            assert budtiktok_hf.is_patched()
        assert budtiktok_hf.is_patched()
    assert not budtiktok_hf.is_patched()
    assert_identical(before)
    budtiktok_hf.patch()
    with budtiktok_hf.patched():
        pass
    assert budtiktok_hf.is_patched()
    with budtiktok_hf.patched():
        budtiktok_hf.unpatch()
        budtiktok_hf.patch()
    assert budtiktok_hf.is_patched()


def test_with_leaves_when_the_body_raises():
    with pytest.raises(KeyError), budtiktok_hf.patched():
        raise KeyError
    assert not budtiktok_hf.is_patched()


def test_scopes_are_counted_across_threads(written):
    tokenizer = Tokenizer.from_str(written)
    expected = answers(tokenizer)
    wrong = []

    def work():
        for _ in range(10):
            with budtiktok_hf.patched():
                if not budtiktok_hf.is_patched() or answers(tokenizer) != expected:
                    wrong.append(1)

    before = snapshot()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert not budtiktok_hf.is_patched()
    assert_identical(before)


def test_what_a_third_party_replaced_stays():
    budtiktok_hf.patch()
    ours = vars(Tokenizer)["encode"]
    stock = Tokenizer.encode_batch

    def traced(self, *args, **kwargs):
        return ours.__get__(self)(*args, **kwargs)

    Tokenizer.encode = traced
    budtiktok_hf.unpatch()
    try:
        assert vars(Tokenizer)["encode"] is traced
        assert Tokenizer.encode_batch is not stock
    finally:
        from twin import ORIGINALS

        Tokenizer.encode = ORIGINALS["encode"]


def test_a_wrapper_found_there_is_the_original(written, either):
    from twin import ORIGINALS

    calls = []

    def counting(self, *args, **kwargs):
        calls.append((args, kwargs))
        return ORIGINALS["encode"](self, *args, **kwargs)

    tokenizer = Tokenizer.from_str(written)
    Tokenizer.encode = counting
    try:
        budtiktok_hf.patch()
        # Stock serves what is odd: through the wrapper, with the same arguments.
        with pytest.raises(TypeError):
            tokenizer.encode(7, add_special_tokens=False)
        assert calls == [((7,), {"add_special_tokens": False})]
        calls.clear()
        encoding = tokenizer.encode("The fox", add_special_tokens=False)
        assert encoding.ids == ORIGINALS["encode"](tokenizer, "The fox", None, False, False).ids
        accelerated = budtiktok_hf.explain(tokenizer).accelerated
        assert len(calls) == (0 if accelerated else 1)
        budtiktok_hf.unpatch()
        assert vars(Tokenizer)["encode"] is counting
    finally:
        Tokenizer.encode = ORIGINALS["encode"]


def test_a_wrapped_static_method_is_the_original(written, tmp_path):
    from twin import ORIGINALS

    calls = []

    def counting(path):
        calls.append(path)
        return ORIGINALS["from_file"].__func__(path)

    path = tmp_path / "tokenizer.json"
    path.write_text(written, encoding="utf-8")
    Tokenizer.from_file = staticmethod(counting)
    try:
        budtiktok_hf.patch()
        tokenizer = Tokenizer.from_file(str(path))
        assert calls == [str(path)]
        same_as_stock(tokenizer)
        budtiktok_hf.unpatch()
    finally:
        Tokenizer.from_file = ORIGINALS["from_file"]


def test_bound_methods_outlive_the_patch(written, either):
    tokenizer = Tokenizer.from_str(written)
    expected = tokenizer.encode("The quick brown fox").ids
    budtiktok_hf.patch()
    encode, truncate = tokenizer.encode, tokenizer.enable_truncation
    budtiktok_hf.unpatch()
    assert list(encode("The quick brown fox").ids) == expected
    truncate(3)
    assert len(encode("The quick brown fox").ids) == 3
    budtiktok_hf.patch()
    assert len(encode("The quick brown fox").ids) == 3
    assert len(tokenizer.encode("The quick brown fox").ids) == 3


def test_tokenizers_made_before_are_served(written, twin):
    tokenizer = Tokenizer.from_str(written)
    budtiktok_hf.patch()
    same_as_stock(tokenizer)
    assert twin.served > 0
    assert budtiktok_hf.explain(tokenizer).stock_calls == {}


def test_importing_imports_nothing_heavy():
    code = (
        "import sys, budtiktok_hf\n"
        "print([m for m in ('torch', 'transformers', 'tokenizers') if m in sys.modules])\n"
        "budtiktok_hf.patch()\n"
        "print([m for m in ('torch', 'transformers') if m in sys.modules])\n"
    )
    assert said_by(code).strip() == "[]\n[]"


def test_disabled_by_the_environment():
    code = (
        "import budtiktok_hf, tokenizers\n"
        "before = dict(vars(tokenizers.Tokenizer))\n"
        "budtiktok_hf.patch()\n"
        "with budtiktok_hf.patched():\n"
        "    print(budtiktok_hf.is_patched(), dict(vars(tokenizers.Tokenizer)) == before)\n"
        "print(budtiktok_hf.explain().reasons)\n"
        "budtiktok_hf.unpatch()\n"
    )
    assert (
        said_by(code, BUDTIKTOK_DISABLE="1").strip() == "False True\n['BUDTIKTOK_DISABLE is set']"
    )


@pytest.mark.parametrize("first", ["budtiktok_hf", "transformers"])
def test_before_and_after_transformers(first, written, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(written, encoding="utf-8")
    patch = "import budtiktok_hf; budtiktok_hf.patch()\n"
    load = "from transformers import PreTrainedTokenizerFast\n"
    code = (
        (patch + load if first == "budtiktok_hf" else load + patch)
        + f"tok = PreTrainedTokenizerFast(tokenizer_file={str(path)!r}, pad_token='[PAD]')\n"
        "texts = ['The quick fox', 'isn\\'t it?']\n"
        "ours = tok(texts, padding=True, truncation=True, max_length=5).data\n"
        "budtiktok_hf.unpatch()\n"
        "print(ours == tok(texts, padding=True, truncation=True, max_length=5).data)\n"
    )
    assert said_by(code).strip() == "True"


def test_an_unknown_tokenizers_stays_stock(monkeypatch, caplog):
    from budtiktok_hf import hooks

    before = snapshot()
    monkeypatch.setitem(hooks._SIGNATURES, "encode", "(self, text)")
    with caplog.at_level("INFO", "budtiktok_hf"):
        budtiktok_hf.patch()
    assert not budtiktok_hf.is_patched()
    assert_identical(before)
    assert len(caplog.records) == 1
    assert "stock stays in place" in caplog.text
