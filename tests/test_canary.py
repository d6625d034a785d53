"""`patch(verify=…)`: planted errors are found, stock's answer is given, the engine is switched off."""

import json
import logging
import threading

import pytest
from conftest import WRITTEN, fields, said_by, same_as_stock
from tokenizers import Tokenizer, processors
from twin import Twin

import budtiktok_hf
from budtiktok_hf import _native, canary, explain
from compat.faults import FAULTS, spoil

SECRET = "The quick brown fox keeps a secret"


class Faulty(Twin):
    """A twin that spoils what it answers from the call number `start` on, `times` times."""

    fault = "ids"
    start = 0
    times = 10**9
    calls = 0

    def _serve(self, state, name, arguments):
        result = super()._serve(state, name, arguments)
        call = Faulty.calls
        Faulty.calls += 1
        if result is None or not Faulty.start <= call < Faulty.start + Faulty.times:
            return result
        fault = FAULTS[Faulty.fault]
        if isinstance(result, list):
            return [spoil(encoding, fault) for encoding in result]
        return spoil(result, fault)

    def with_light_parts(self, light, live):
        return Faulty(json.dumps(json.loads(light) | {"model": self.json["model"]}).encode())


@pytest.fixture
def faulty():
    """The faulty twin in the engine's place, right for as long as an engine is compared first."""
    Faulty.calls, Faulty.start, Faulty.times, Faulty.fault = 0, len(canary.PROBES), 10**9, "ids"
    _native.set_twin(Faulty)
    return Faulty


def raw_ids(tokenizer, text):
    from twin import ORIGINALS

    return ORIGINALS["encode"](tokenizer, text).ids


@pytest.mark.parametrize("fault", ["ids", "offset", "word_id", "overflow", "padding_side"])
@pytest.mark.parametrize("call", ["encode", "encode_batch", "encode_batch_fast"])
def test_a_planted_error_is_found_at_once(faulty, caplog, fault, call):
    faulty.fault = fault
    tokenizer = Tokenizer.from_str(WRITTEN["word_piece"])
    tokenizer.enable_truncation(6)
    tokenizer.enable_padding(length=9)
    argument = SECRET if call == "encode" else [SECRET, "x"]
    if fault in ("overflow", "padding_side"):
        argument = SECRET if call == "encode" else [SECRET, SECRET]
    if fault == "padding_side":
        tokenizer.no_truncation()
        tokenizer.enable_padding(length=40)
    from twin import ORIGINALS

    expected = ORIGINALS[call](tokenizer, argument)
    budtiktok_hf.patch(verify=1)
    with caplog.at_level(logging.INFO, "budtiktok_hf"):
        got = getattr(tokenizer, call)(argument)
    if call == "encode":
        got, expected = [got], [expected]
    assert [fields(e) for e in got] == [fields(e) for e in expected]
    errors = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert len(errors) == 1
    place = {
        "ids": "ids[",
        "offset": "offsets[",
        "word_id": "word_ids[0]",
        "overflow": ".overflowing",
        "padding_side": "ids[",
    }
    assert place[fault] in errors[0]
    assert SECRET not in caplog.text and "secret" not in caplog.text
    explanation = explain(tokenizer)
    assert not explanation.accelerated
    assert explanation.reasons[0].startswith(f"the canary saw a difference in {call}")
    # From now on stock serves.
    before = faulty.calls
    same_as_stock(tokenizer)
    assert faulty.calls == before


def test_the_text_is_logged_when_asked_for(faulty, caplog, monkeypatch):
    monkeypatch.setenv("BUDTIKTOK_VERIFY_TEXT", "1")
    tokenizer = Tokenizer.from_str(WRITTEN["byte_level"])
    budtiktok_hf.patch(verify=1)
    tokenizer.encode(SECRET)
    assert SECRET in caplog.text


def test_found_within_its_share(faulty):
    """The chance to miss 1,000 wrong answers at a share of 0.02 is 2e-9."""
    tokenizer = Tokenizer.from_str(WRITTEN["byte_level"])
    budtiktok_hf.patch(verify=0.02)
    right = raw_ids(tokenizer, SECRET)
    wrong = 0
    for _ in range(1000):
        wrong += tokenizer.encode(SECRET).ids != right
    assert 0 < wrong < 1000
    assert not explain(tokenizer).accelerated
    assert tokenizer.encode(SECRET).ids == right


def test_another_tokenizer_keeps_its_engine(faulty):
    one, other = (Tokenizer.from_str(WRITTEN[name]) for name in ("byte_level", "word_piece"))
    budtiktok_hf.patch(verify=1)
    one.encode(SECRET)
    faulty.times = 0
    other.encode(SECRET)
    assert not explain(one).accelerated
    assert explain(other).accelerated
    budtiktok_hf.accelerate(one)
    assert explain(one).accelerated
    same_as_stock(one)


def test_an_engine_is_compared_when_compiled(faulty, caplog):
    faulty.start = 0
    tokenizer = Tokenizer.from_str(WRITTEN["byte_level"])
    budtiktok_hf.patch(verify=1e-12)
    assert tokenizer.encode(SECRET).ids == raw_ids(tokenizer, SECRET)
    assert "the canary saw a difference in encode.ids[" in explain(tokenizer).reasons[0]
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1


def test_compared_once_and_again_after_an_edit(faulty):
    faulty.times = 0
    tokenizer = Tokenizer.from_str(WRITTEN["byte_level"])
    budtiktok_hf.patch(verify=1e-12)
    probes = len(canary.PROBES)
    tokenizer.encode("a")
    assert faulty.calls == probes + 1
    tokenizer.encode("a")
    assert faulty.calls == probes + 2
    tokenizer.add_tokens(["quick brown"])
    tokenizer.encode("a")
    assert faulty.calls == 2 * probes + 3
    # Not compared while it is off.
    budtiktok_hf.patch(verify=0)
    tokenizer.add_tokens(["lazy dog"])
    tokenizer.encode("a")
    assert faulty.calls == 2 * probes + 4


def test_once_and_not_again_gives_stocks_answer(faulty, caplog):
    tokenizer = Tokenizer.from_str(WRITTEN["byte_level"])
    faulty.times = 1
    budtiktok_hf.patch(verify=1)
    assert tokenizer.encode(SECRET).ids == raw_ids(tokenizer, SECRET)
    assert explain(tokenizer).accelerated
    assert "encode differed from stock once, and not again" in caplog.text


def test_share_can_be_changed(faulty):
    tokenizer = Tokenizer.from_str(WRITTEN["byte_level"])
    budtiktok_hf.patch(verify=0)
    right = raw_ids(tokenizer, SECRET)
    faulty.start = 0
    assert all(tokenizer.encode(SECRET).ids != right for _ in range(50))
    budtiktok_hf.patch()
    assert tokenizer.encode(SECRET).ids != right
    budtiktok_hf.patch(verify=1.0)
    assert tokenizer.encode(SECRET).ids == right
    for odd in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="share of calls"):
            budtiktok_hf.patch(verify=odd)


def test_serves_an_accelerated_one_too(faulty):
    tokenizer = budtiktok_hf.Tokenizer.from_str(WRITTEN["byte_level"])
    canary.set_share(1)
    assert tokenizer.encode(SECRET).ids == raw_ids(tokenizer, SECRET)
    assert not explain(tokenizer).accelerated


def test_no_false_alarm(written, caplog):
    """The real engine, everything compared, while another thread changes the state."""
    tokenizer = Tokenizer.from_str(written)
    budtiktok_hf.patch(verify=1)
    done = threading.Event()

    def change():
        turn = 0
        while not done.is_set():
            turn += 1
            try:
                tokenizer.enable_truncation(3 + turn % 5)
                tokenizer.no_truncation()
            except RuntimeError:
                # tokenizers 0.22 refuses while another thread encodes.
                continue

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(200):
            tokenizer.encode(SECRET)
            tokenizer.encode_batch([SECRET, "a"])
    finally:
        done.set()
        thread.join()
    same_as_stock(tokenizer)
    assert explain(tokenizer).accelerated
    assert not [r for r in caplog.records if r.levelno == logging.ERROR]


def test_errors_stay_errors(written):
    tokenizer = Tokenizer.from_str(written)
    budtiktok_hf.patch(verify=1)
    with pytest.raises(TypeError):
        tokenizer.encode(7)
    # Where stock panics, the engine raises ValueError: no difference.
    tokenizer.enable_truncation(6, stride=3)
    tokenizer.enable_truncation(4, stride=1)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="a a a $A", special_tokens=[("a", 1)]
    )
    with pytest.raises(ValueError):
        tokenizer.encode(SECRET)
    tokenizer.no_truncation()
    same_as_stock(tokenizer)
    assert explain(tokenizer).accelerated


def test_environment(written):
    code = (
        "import sys, budtiktok_hf\n"
        "budtiktok_hf.patch()\n"
        "from budtiktok_hf import canary\n"
        "from tokenizers import Tokenizer\n"
        "seen = []\n"
        "canary._by_stock = lambda *a, w=canary._by_stock: seen.append(1) or w(*a)\n"
        "t = Tokenizer.from_str(sys.argv[1])\n"
        "t.encode('a'); t.encode('b')\n"
        "print(len(seen))\n"
    )
    counts = {"1": len(canary.PROBES) + 2, "0": 0, "": 0, "much": 0, "1e-12": len(canary.PROBES)}
    for value, count in counts.items():
        assert said_by(code, written, BUDTIKTOK_VERIFY=value).strip() == str(count), value


def test_a_call_of_transformers_is_compared_whole(faulty, caplog):
    """What fast paths of transformers' calls ask: stock's own method, with stock behind it."""
    from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

    backend = Tokenizer.from_str(WRITTEN["byte_level"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend)
    original, options = PreTrainedTokenizerBase.__call__, {"return_offsets_mapping": True}
    expected = dict(tokenizer(SECRET, **options))
    budtiktok_hf.patch(verify=0)
    faulty.times = 0
    right = tokenizer(SECRET, **options)
    assert canary.checked_call(original, (tokenizer, SECRET), options, right) is right
    served = faulty.calls
    # Wrong once, as far as can be seen.
    faulty.start, faulty.times = served, 1
    wrong = tokenizer(SECRET, **options)
    assert dict(wrong) != expected
    given = canary.checked_call(original, (tokenizer, SECRET), options, wrong)
    assert dict(given) == expected
    assert explain(tokenizer).accelerated
    assert "differed from stock once, and not again" in caplog.text
    faulty.start, faulty.times = 0, 10**9
    wrong = tokenizer(SECRET, **options)
    given = canary.checked_call(original, (tokenizer, SECRET), options, wrong)
    assert dict(given) == expected
    assert explain(tokenizer).reasons == [
        "the canary saw a difference in __call__.data.input_ids["
        + str(len(expected["input_ids"]) - 1)
        + "]"
    ]
    assert dict(tokenizer(SECRET, **options)) == expected


def test_stock_serves_a_suspended_thread(faulty):
    faulty.start = 0
    tokenizer = budtiktok_hf.Tokenizer.from_str(WRITTEN["byte_level"])
    right = raw_ids(tokenizer, SECRET)
    assert tokenizer.encode(SECRET).ids != right
    _native.suspend(True)
    other = []
    thread = threading.Thread(target=lambda: other.append(tokenizer.encode(SECRET).ids))
    thread.start()
    thread.join()
    assert tokenizer.encode(SECRET).ids == right
    budtiktok_hf.patch()
    assert tokenizer.encode(SECRET).ids == right
    _native.suspend(False)
    assert tokenizer.encode(SECRET).ids != right
    assert other[0] != right
    _native.suspend(False)
    assert tokenizer.encode(SECRET).ids != right


def test_what_is_switched_off_does_not_decode():
    tokenizer = Tokenizer.from_str(WRITTEN["byte_level"])
    budtiktok_hf.patch()
    ids = tokenizer.encode(SECRET).ids
    assert tokenizer.decode(ids) == SECRET
    assert explain(tokenizer).stock_calls == {}
    _native.ensure_handle(tokenizer).distrust("planted")
    assert tokenizer.decode(ids) == SECRET
    assert tokenizer.decode_batch([ids]) == [SECRET]
    assert explain(tokenizer).stock_calls == {"planted": 2}
