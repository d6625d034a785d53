"""Doors of one tokenizer: accelerate, restore, `budtiktok_hf.Tokenizer`; marks and their copies."""

import copy
import gc
import pickle
import threading

import pytest
import tokenizers
from conftest import answers, said_by, same_as_stock
from test_patch import assert_identical, snapshot
from tokenizers import Encoding, Tokenizer, models, pre_tokenizers

import budtiktok_hf
from budtiktok_hf import _native, accelerate, explain, restore


def served(twin, call) -> int:
    """How many calls the engine served while `call` ran."""
    before = twin.served
    call()
    return twin.served - before


def test_only_the_marked_one_is_served(written, twin):
    one, other = Tokenizer.from_str(written), Tokenizer.from_str(written)
    assert accelerate(one) is one
    assert served(twin, lambda: same_as_stock(one)) > 0
    assert served(twin, lambda: same_as_stock(other)) == 0
    assert explain(one).accelerated
    assert explain(other).reasons == ["not patched, and not accelerated by itself"]
    assert explain(other).stock_calls == {}
    assert type(one) is Tokenizer


def test_real_engine(written):
    one, other = Tokenizer.from_str(written), Tokenizer.from_str(written)
    accelerate(one)
    same_as_stock(one)
    same_as_stock(other)
    assert explain(one).accelerated
    assert _native.is_ours(one.encode("a"))
    assert not _native.is_ours(other.encode("a"))


def test_is_patched_speaks_of_patch_alone(written):
    before = snapshot()
    tokenizer = accelerate(Tokenizer.from_str(written))
    assert not budtiktok_hf.is_patched()
    assert explain().reasons == ["not patched; accelerated by themselves: 1"]
    budtiktok_hf.patch()
    assert budtiktok_hf.is_patched()
    budtiktok_hf.unpatch()
    assert not budtiktok_hf.is_patched()
    assert explain(tokenizer).accelerated
    restore(tokenizer)
    assert not explain(tokenizer).accelerated
    assert_identical(before)


def test_hooks_come_out_with_the_last_restored(written):
    before = snapshot()
    one, other = accelerate(Tokenizer.from_str(written)), accelerate(Tokenizer.from_str(written))
    accelerate(one)
    restore(one)
    restore(one)
    assert vars(Tokenizer)["encode"] is not before[Tokenizer]["encode"]
    restore(other)
    assert_identical(before)
    restore(other)


def test_hooks_outlive_a_tokenizer_that_is_gone(written):
    before = snapshot()
    encoding = accelerate(Tokenizer.from_str(written)).encode("The quick brown fox")
    gc.collect()
    assert _native.accelerated() == 0
    assert Encoding.merge([encoding, encoding]).ids == encoding.ids * 2
    budtiktok_hf.unpatch()
    assert_identical(before)


def test_restored_under_patch_until_accelerated(written, twin):
    tokenizer, other = Tokenizer.from_str(written), Tokenizer.from_str(written)
    budtiktok_hf.patch()
    restore(tokenizer)
    assert served(twin, lambda: same_as_stock(tokenizer)) == 0
    assert served(twin, lambda: same_as_stock(other)) > 0
    assert explain(tokenizer).reasons == ["restored"]
    assert explain(copy.deepcopy(tokenizer)).reasons == ["restored"]
    budtiktok_hf.unpatch()
    budtiktok_hf.patch()
    assert explain(tokenizer).reasons == ["restored"]
    accelerate(tokenizer)
    assert served(twin, lambda: same_as_stock(tokenizer)) > 0
    budtiktok_hf.unpatch()
    assert explain(tokenizer).accelerated


def test_restored_while_not_patched_is_as_never_accelerated(written, twin):
    tokenizer = accelerate(Tokenizer.from_str(written))
    restore(tokenizer)
    budtiktok_hf.patch()
    assert served(twin, lambda: same_as_stock(tokenizer)) > 0


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_copies_keep_the_mark(written, twin, copied):
    one, other = accelerate(Tokenizer.from_str(written)), Tokenizer.from_str(written)
    stock_state = pickle.dumps(other)
    made = copied(one)
    assert served(twin, lambda: same_as_stock(made)) > 0
    assert pickle.dumps(one) == pickle.dumps(made) == stock_state
    # Another one of the same content has no mark, and so have none its copies.
    assert served(twin, lambda: same_as_stock(copied(other))) == 0
    second = copied(made)
    assert served(twin, lambda: same_as_stock(second)) > 0
    for tokenizer in (one, made, second):
        restore(tokenizer)
    assert served(twin, lambda: same_as_stock(copied(made))) == 0
    assert not explain().reasons[0].endswith(": 1")


def test_set_state_keeps_the_mark_of_the_object(written, twin):
    one = accelerate(Tokenizer.from_str(written))
    state = Tokenizer(models.BPE({"a": 0, "b": 1}, [])).__getstate__()
    one.__setstate__(state)
    assert served(twin, lambda: same_as_stock(one)) > 0
    assert one.encode("ab").ids == [0, 1]


def test_edits_are_seen_in_this_scope(written, either):
    one, other = Tokenizer.from_str(written), Tokenizer.from_str(written)
    accelerate(one)
    for tokenizer in (one, other):
        tokenizer.add_tokens(["quick brown"])
        tokenizer.enable_truncation(3)
        same_as_stock(tokenizer)
        tokenizer.no_truncation()
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        same_as_stock(tokenizer)
    # Edited while nobody looked, then seen again.
    restore(one)
    one.add_tokens(["lazy dog"])
    one.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    accelerate(one)
    same_as_stock(one)
    # Edited between two scopes.
    accelerate(other)
    restore(other)
    other.add_tokens(["jumps over"])
    accelerate(other)
    same_as_stock(other)


def test_a_component_shared_with_an_unmarked_tokenizer(written, either):
    one, other = accelerate(Tokenizer.from_str(written)), Tokenizer.from_str(written)
    part = pre_tokenizers.Split("o", "isolated")
    one.pre_tokenizer = part
    other.pre_tokenizer = part
    same_as_stock(one)
    other.pre_tokenizer.behavior = "removed"
    same_as_stock(one)
    same_as_stock(other)


def test_constructors(written, twin, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(written, encoding="utf-8")
    made = [
        budtiktok_hf.Tokenizer.from_str(written),
        budtiktok_hf.Tokenizer.from_buffer(written.encode()),
        budtiktok_hf.Tokenizer.from_file(str(path)),
        budtiktok_hf.Tokenizer(Tokenizer.from_str(written).model),
    ]
    for tokenizer in made:
        assert type(tokenizer) is Tokenizer
        assert served(twin, lambda t=tokenizer: same_as_stock(t)) > 0
    assert served(twin, lambda: same_as_stock(Tokenizer.from_file(str(path)))) == 0
    assert made[0].to_str() == Tokenizer.from_str(written).to_str()
    assert not budtiktok_hf.is_patched()


def test_constructors_raise_as_stock(tmp_path):
    before = snapshot()
    for name, argument in (
        ("from_str", "{"),
        ("from_buffer", b"{"),
        ("from_file", str(tmp_path / "no")),
    ):
        with pytest.raises(Exception) as stock:
            getattr(Tokenizer, name)(argument)
        with pytest.raises(Exception) as ours:
            getattr(budtiktok_hf.Tokenizer, name)(argument)
        assert (type(ours.value), str(ours.value)) == (type(stock.value), str(stock.value))
    assert_identical(before)


def test_what_is_no_tokenizer_is_refused(written):
    before = snapshot()
    for odd in (7, None, "gpt2", written):
        with pytest.raises(TypeError, match="not a tokenizer"):
            accelerate(odd)
        with pytest.raises(TypeError, match="not a tokenizer"):
            restore(odd)
    assert_identical(before)


def test_from_many_threads(written):
    before = snapshot()
    expected = answers(Tokenizer.from_str(written))
    wrong = []

    def work(number):
        for turn in range(8):
            tokenizer = Tokenizer.from_str(written)
            if (number + turn) % 2:
                accelerate(tokenizer)
            if answers(copy.deepcopy(tokenizer)) != expected or answers(tokenizer) != expected:
                wrong.append(number)
            restore(tokenizer)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    gc.collect()
    budtiktok_hf.unpatch()
    assert_identical(before)


def test_disabled_by_the_environment(written):
    code = (
        "import sys, tokenizers\n"
        "before = dict(vars(tokenizers.Tokenizer))\n"
        "import budtiktok_hf\n"
        "tok = budtiktok_hf.Tokenizer.from_str(sys.argv[1])\n"
        "budtiktok_hf.patch(verify=1)\n"
        "assert budtiktok_hf.accelerate(tok) is tok\n"
        "print(type(tok.encode('a')) is tokenizers.Encoding)\n"
        "print(dict(vars(tokenizers.Tokenizer)) == before, budtiktok_hf.is_patched())\n"
        "print(budtiktok_hf.explain(tok).reasons)\n"
        "budtiktok_hf.restore(tok)\n"
    )
    said = said_by(code, written, BUDTIKTOK_DISABLE="1")
    assert said.split("\n")[:3] == ["True", "True False", "['BUDTIKTOK_DISABLE is set']"]


def test_names(written):
    assert "Tokenizer" in dir(budtiktok_hf)
    assert "BudTikTokTokenizerFast" in dir(budtiktok_hf)
    with pytest.raises(AttributeError, match="no attribute 'Tokeniser'"):
        budtiktok_hf.Tokeniser  # noqa: B018
    assert tokenizers.Tokenizer is Tokenizer
